"""The same numbers under another shape. Copies, casts and moves between devices are in cast.py."""

from __future__ import annotations

import math
from typing import Any

from ..errors import guarded
from ..function import Function, axis_of
from ..tensor import Tensor


class Move(Function):
    """Base of operations that move numbers without changing them: they take whole ones too."""

    whole_numbers = True


class Reshape(Move):
    """The same elements in the same (row-major) order, under another shape    dx = dy under the old shape"""

    shares_memory = True

    def forward(self, x, *, shape):
        self.old = x.shape
        return x.reshape(shape)

    def backward(self, dy):
        return dy.reshape(self.old)


class Permute(Move):
    """y[i, j, ...] = x with its axes in the order dims    dx = dy with the axes put back"""

    shares_memory = True

    def forward(self, x, *, dims):
        self.dims = [axis_of(d, x.shape) for d in dims]
        return x.transpose(self.dims)

    def backward(self, dy):
        return dy.transpose([self.dims.index(d) for d in range(dy.ndim)])


@guarded
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements under another shape, given as numbers or one tuple; one size may be -1.

    Shares memory with the input where that is possible. Raises ShapeError if the sizes do not multiply out.
    """
    sizes = unpack(shape)
    return Reshape.apply(input if input._strides is None else input.laid_out_for(sizes), shape=sizes)


@guarded
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the axes from start_dim to end_dim into one."""
    first, last = (axis_of(dim, input.shape) for dim in (start_dim, end_dim))
    return reshape(input, (*input.shape[:first], math.prod(input.shape[first : last + 1]), *input.shape[last + 1 :]))


@guarded
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The axes in another order (numbers or one tuple); shares memory. Raises ShapeError for anything else."""
    return Permute.apply(input, dims=unpack(dims))


@guarded
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes; shares memory."""
    dims, a, b = list(range(input.ndim or 1)), axis_of(dim0, input.shape), axis_of(dim1, input.shape)
    dims[a], dims[b] = b, a
    return permute(input, dims[: input.ndim])


@guarded
def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Drop axes of size 1: all of them, or those in `dim` that are of size 1. Shares memory."""
    dims = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    dropped = {axis_of(d, input.shape) for d in dims}
    return reshape(input, tuple(n for i, n in enumerate(input.shape) if n != 1 or i not in dropped))


@guarded
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new axis of size 1 before axis `dim`; -1 puts it last. Shares memory."""
    axis = axis_of(dim, (*input.shape, 1))
    return reshape(input, (*input.shape[:axis], 1, *input.shape[axis:]))


def unpack(numbers):
    """The numbers, whether given one by one or as one tuple or list."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers
