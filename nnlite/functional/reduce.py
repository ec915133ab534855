"""Sums and means: many numbers to fewer. Other reductions are in statistics.py."""

from __future__ import annotations

import math

from ..errors import guard, guarded
from ..function import Function, axis_of, total
from ..tensor import Tensor

Dims = int | tuple[int, ...] | None


class Reduction(Function):
    """Base of the operations here: notes along which axes, and spreads what remains over them again."""

    def prepare(self, x, dim):
        """`dim` as axes counted from 0."""
        self.shape, axes = x.shape, axes_of(x.shape, dim)
        self.kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        return axes

    def spread(self, values):
        """Reduced values, one for every element that they were made from."""
        return self.xp.broadcast_to(values.reshape(self.kept), self.shape)


class Sum(Reduction):
    """y = sum of x over dim    dx = dy"""

    whole_numbers = True

    def forward(self, x, *, dim, keepdim):
        return total(x, self.prepare(x, dim), keepdim)

    backward = Reduction.spread


class Mean(Reduction):
    """y = sum of x over dim / n    dx = dy / n"""

    def forward(self, x, *, dim, keepdim):
        axes = self.prepare(x, dim)
        self.count = math.prod(x.shape[axis] for axis in axes)
        guard("some_elements", "mean", x.shape, dim, self.count)
        return total(x, axes, keepdim) / self.count

    def backward(self, dy):
        return self.spread(dy / self.count)


@guarded
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Sum over `dim`. Raises IndexError for an axis that is not there."""
    return Sum.apply(input, dim=dim, keepdim=keepdim)


@guarded
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Mean over `dim`. Raises IndexError for an axis that is not there, ShapeError for no elements."""
    return Mean.apply(input, dim=dim, keepdim=keepdim)


@guarded
def axes_of(shape, dim):
    """`dim` (an axis, several of them, or None for all) as a tuple of axes counted from 0."""
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    if not shape and all(d in (0, -1) for d in dims):
        return ()  # as in PyTorch, a single number may be reduced along an axis that it does not have
    return tuple(axis_of(d, shape) for d in dims) or tuple(range(len(shape)))  # PyTorch takes () for all
