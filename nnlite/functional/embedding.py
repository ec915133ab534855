"""Rows looked up in a matrix."""

from __future__ import annotations

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor


class Embedding(Function):
    """y = the rows of weight that index names    dweight: each row's dy, added up over the places that named it"""

    def forward(self, weight, *, index, padding_idx):
        self.shape, self.padding_idx = weight.shape, padding_idx
        self.index = index.copy()  # changes of an option are not noticed
        return weight[index]

    def backward(self, dy):
        dweight = self.xp.zeros(self.shape, dy.dtype)
        self.xp.add.at(dweight, self.index, dy)
        if self.padding_idx is not None:
            dweight[self.padding_idx] = 0.0
        return dweight


@guarded
def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """weight[input]: whole numbers of any shape to rows of weight (V, D) -> (*input.shape, D).

    The row padding_idx gets no gradient. Raises TypeError for an input of other numbers, ShapeError for a weight that
    is not a matrix, and on the CPU IndexError for a number outside 0 .. V-1.
    """
    return Embedding.apply(weight, index=input.array, padding_idx=padding_idx)
