"""Products with matrices, and rows looked up in one."""

from __future__ import annotations

from .. import backend as backends
from ..errors import ShapeError
from ..function import Function, shape_of, unbroadcast
from ..tensor import Tensor, require_tensors


class MatMul(Function):
    """y = a b, matrices over the last two axes, broadcast over those before    da = dy b^T, db = a^T dy"""

    whole_numbers = True

    def forward(self, a, b):
        self.a, self.b = a, b
        return self._product(a, b)

    def backward(self, dy):
        # A vector is a matrix with one row (a) or one column (b), and the product lacks that axis.
        a = self.a[None] if self.a.ndim == 1 else self.a
        b = self.b[:, None] if self.b.ndim == 1 else self.b
        if self.b.ndim == 1:
            dy = dy[..., None]
        if self.a.ndim == 1:
            dy = dy[..., None, :]
        da = self._product(dy, b.swapaxes(-1, -2)) if self.needs_input_grad[0] else None
        db = self._product(a.swapaxes(-1, -2), dy) if self.needs_input_grad[1] else None
        return (
            None if da is None else unbroadcast(da, a.shape).reshape(self.a.shape),
            None if db is None else unbroadcast(db, b.shape).reshape(self.b.shape),
        )

    def _product(self, a, b):
        return self.backend.matmul(a, b) if a.ndim == b.ndim == 2 else self.xp.matmul(a, b)


class Linear(Function):
    """y = x W^T + b for every row x    dx = dy W,  dW = dy^T x and db = dy, both summed over the rows"""

    def forward(self, x, weight, bias):
        self.x, self.weight = x.reshape(-1, x.shape[-1]), weight
        self.shape = x.shape
        y = self.backend.matmul(self.x, weight.T)
        if bias is not None:
            y += bias
        return y.reshape(*x.shape[:-1], len(weight))

    def backward(self, dy):
        to_x, to_weight, to_bias = self.needs_input_grad
        dy = dy.reshape(-1, dy.shape[-1])
        return (
            self.backend.matmul(dy, self.weight).reshape(self.shape) if to_x else None,
            self.backend.matmul(dy.T, self.x) if to_weight else None,
            self.backend.column_sums(lambda d: d, dy) if to_bias else None,
        )


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


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """input @ other: (..., n, k) by (..., k, m) -> (..., n, m), the axes in front broadcast; vectors as in NumPy.

    Raises ShapeError when the sizes do not fit.
    """
    require_tensors("matmul", input, other)
    a, b = input.shape, other.shape
    if not a or not b:
        raise ShapeError(f"matmul: no products with a single number (shapes {a} and {b}); use * instead")
    if a[-1] != b[-2 if len(b) > 1 else 0]:
        raise ShapeError(f"matmul: {a} by {b}: the last axis of the first must equal the last but one of the second")
    fronts = zip(a[-3::-1], b[-3::-1], strict=False)
    if any(m != n and 1 not in (m, n) for m, n in fronts):
        raise ShapeError(f"matmul: the axes in front of the matrices do not broadcast: {a} by {b}")
    return MatMul.apply(input, other)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = input W^T + bias: (..., in) by weight (out, in), bias (out,) -> (..., out).

    Raises ShapeError when the sizes do not fit, TypeError for dtypes that differ.
    """
    require_tensors("linear", input, weight)
    x, w = input.shape, weight.shape
    shapes = f"(input {x}, weight {w})"
    if len(w) != 2 or not x:
        raise ShapeError(f"linear: expected input (..., in) and weight (out, in) {shapes}")
    if x[-1] != w[1]:
        hint = "; flatten the images first: x.flatten(1)" if len(x) == 4 else ""
        raise ShapeError(f"linear: rows of {x[-1]} values, weight expects {w[1]} {shapes}{hint}")
    if bias is not None and shape_of(bias) != w[:1]:
        raise ShapeError(f"linear: bias has shape {shape_of(bias)}, expected {w[:1]} {shapes}")
    if input.dtype != weight.dtype:
        raise TypeError(f"linear: input is {input.dtype}, weight {weight.dtype}; use .float() or .double()")
    if 0 in w:
        raise ShapeError(f"linear: a weight of shape {w} computes nothing {shapes}")
    return Linear.apply(input, weight, bias)


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
