"""Rows looked up in a matrix."""

from __future__ import annotations

from .. import backend as backends
from ..errors import ShapeError
from ..function import Function
from ..guards.common import require_tensors
from ..tensor import Tensor


class Embedding(Function):
    """y = the rows of weight that index names    dweight: each row's dy, added up over the places that named it"""

    def forward(self, weight, *, index, padding_idx):
        self.shape, self.padding_idx = weight.shape, padding_idx
        self.index = index.copy()  # it is no input whose changes are watched
        return weight[index]

    def backward(self, dy):
        dweight = self.xp.zeros(self.shape, dy.dtype)
        self.xp.add.at(dweight, self.index, dy)
        if self.padding_idx is not None:
            dweight[self.padding_idx] = 0.0
        return dweight


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """weight[input]: whole numbers of any shape to rows of weight (V, D) -> (*input.shape, D).

    The row padding_idx gets no gradient. Raises TypeError for an input of other numbers, ShapeError for a weight that
    is no matrix, and on the CPU IndexError for a number outside 0 .. V-1.
    """
    require_tensors("embedding", input, weight)
    if input.dtype.kind not in "iu":
        raise TypeError(f"embedding: the input holds whole numbers, not {input.dtype}; use .long()")
    if weight.ndim != 2:
        raise ShapeError(f"embedding: expected a weight (V, D), got {weight.shape} (input {input.shape})")
    if padding_idx is not None and not -len(weight) <= padding_idx < len(weight):
        raise IndexError(f"embedding: padding_idx {padding_idx} of a weight with {len(weight)} rows")
    on_cpu = input.device == "cpu"  # on a GPU the look would stop the step until the numbers are back
    if on_cpu and input.numel() and not 0 <= int(input.min()) <= int(input.max()) < len(weight):
        raise IndexError(f"embedding: numbers from {int(input.min())} to {int(input.max())}, the weight has "
                         f"{len(weight)} rows: expected 0 to {len(weight) - 1}")  # fmt: skip
    backends.of(input.array, weight.array)  # raises DeviceError for different devices
    return Embedding.apply(weight, index=input.array, padding_idx=padding_idx)
