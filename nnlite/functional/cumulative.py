"""Sums along an axis as they grow, y_i made of x_0 ... x_i; and the product of all.

As in PyTorch, whole numbers become int64. `dtype` converts the input first.
"""

from __future__ import annotations

from typing import Any

from ..errors import guarded
from ..function import Function, axis_of
from ..tensor import Tensor
from .shape import reshape, unsqueeze


class CumSum(Function):
    """y_i = x_0 + ... + x_i    dx_i = dy_i + ... + dy_n"""

    whole_numbers = True

    def forward(self, x, *, axis):
        self.axis = axis
        return grown(x, x.cumsum, axis)

    def backward(self, dy):
        return self.xp.flip(self.xp.flip(dy, self.axis).cumsum(self.axis), self.axis)


class Prod(Function):
    """y = x_0 ... x_n    dx_i = dy (x_0 ... x_(i-1)) (x_(i+1) ... x_n): no division, so zeros are no exception"""

    whole_numbers = True

    def forward(self, x, *, axis):
        self.x, self.axis = x, axis
        return x.prod(axis=axis, dtype=x.dtype if x.dtype.kind == "f" else "int64")

    def backward(self, dy):
        xp, x, axis = self.xp, self.x, self.axis
        after = xp.flip(product_before(xp, xp.flip(x, axis), axis), axis)
        return xp.expand_dims(dy, axis) * product_before(xp, x, axis) * after


def grown(x, grow, axis):
    """grow(axis), counted in float64 or int64."""
    return grow(axis, "float64").astype(x.dtype) if x.dtype.kind == "f" else grow(axis, "int64")


def product_before(xp, x, axis):
    """For each element the product of those in front of it: 1, x_0, x_0 x_1, ..."""
    x = xp.moveaxis(x, axis, 0)
    before = xp.concatenate([xp.ones_like(x[:1]), x[:-1]]).cumprod(0)
    return xp.moveaxis(before, 0, axis)


@guarded
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """y_i = x_0 + ... + x_i along `dim`. Raises IndexError for an axis that is not there."""
    return along(CumSum, input, dim, dtype)


@guarded
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product of all elements, or along one axis; 1 for none. Raises IndexError for an axis that is not there."""
    if dim is None and not keepdim:
        return prod(reshape(input, -1), 0, dtype=dtype)
    result = along(Prod, input, dim, dtype)
    return unsqueeze(result, axis_of(dim, input.shape)) if keepdim and input.shape else result


def along(operation, input, dim, dtype):
    """The operation along an axis, in a dtype if one is asked for; a single number is a row of one."""
    axis = axis_of(dim, input.shape or (1,))
    x = input if input.shape else reshape(input, 1)
    y = operation.apply(x.to(dtype or x.dtype), axis=axis)
    y = y.to(dtype or y.dtype)
    return y if input.shape else reshape(y, ())
