"""Reductions: many numbers to fewer."""

from __future__ import annotations

import math

from ..errors import ShapeError
from ..function import Function, axis_of
from ..tensor import Tensor

Dims = int | tuple[int, ...] | None


class Sum(Function):
    """y = sum of x over dims    dx = dy, spread over the summed dims again"""

    whole_numbers = True

    def forward(self, x, *, dim, keepdim):
        self.shape, self.kept = x.shape, tuple(1 if i in _axes(x, dim) else n for i, n in enumerate(x.shape))
        return x.sum(axis=_axes(x, dim), keepdims=keepdim)

    def backward(self, dy):
        return self.xp.broadcast_to(dy.reshape(self.kept), self.shape)


class Mean(Function):
    """y = sum of x over dims / how many    dx = dy / how many, spread over the summed dims again"""

    def forward(self, x, *, dim, keepdim):
        self.shape, self.kept = x.shape, tuple(1 if i in _axes(x, dim) else n for i, n in enumerate(x.shape))
        self.count = math.prod(x.shape[axis] for axis in _axes(x, dim))
        if self.count == 0:
            raise ShapeError(f"mean: no elements along dim {dim} of shape {x.shape}")
        return x.mean(axis=_axes(x, dim), keepdims=keepdim)

    def backward(self, dy):
        return self.xp.broadcast_to(dy.reshape(self.kept) / self.count, self.shape)


def sum(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Sum over `dim` (an axis, several, or None for all). Raises IndexError for an axis that is not there."""
    return Sum.apply(input, dim=dim, keepdim=keepdim)


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Mean over `dim` (an axis, several, or None for all). Raises IndexError for an axis that is not there."""
    return Mean.apply(input, dim=dim, keepdim=keepdim)


def _axes(x, dim):
    """`dim` as a tuple of axes counted from 0."""
    dims = range(x.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    return tuple(axis_of(d, x.shape) for d in dims)
