"""Products with matrices."""

from __future__ import annotations

from ..errors import guarded
from ..function import Function, unbroadcast
from ..tensor import Tensor


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
            self.backend.column_sums(lambda dy: dy, dy) if to_bias else None,
        )


@guarded
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """input @ other: (..., n, k) by (..., k, m) -> (..., n, m), the axes in front broadcast; vectors as in NumPy.

    Raises ShapeError when the sizes do not fit.
    """
    return MatMul.apply(input, other)


@guarded
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = input W^T + bias: (..., in) by weight (out, in), bias (out,) -> (..., out).

    Raises ShapeError when the sizes do not fit, TypeError for dtypes that differ.
    """
    return Linear.apply(input, weight, bias)
