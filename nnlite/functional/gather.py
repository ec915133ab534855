"""Elements picked by a tensor of indices or a mask, and elements written where an index or a mask says.

An index names a place along one axis; along the others its elements stay where they are:

    gather along axis 1     y[i, j] = x[i, index[i, j]]
    scatter along axis 1    y[i, index[i, j]] = src[i, j]

On a GPU nobody looks whether the numbers of an index are in range: the step would have to wait for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as backends
from ..creation import full
from ..errors import guarded
from ..function import Function, axis_of, is_tensor
from ..tensor import Tensor
from .cast import cast, clone, expand
from .index import getitem
from .piecewise import Where


class Scatter(Function):
    """y = x with src written at the key, or added there    dx = dy, but 0 where written    dsrc = dy at the key"""

    whole_numbers = True

    def forward(self, x, src, *, key, added):
        self.key, self.added, y = key, added, x.copy(order="K")
        if added:
            self.xp.add.at(y, key, src)
        else:
            y[key] = src
        return y

    def backward(self, dy):
        dx = dy.copy()
        if not self.added:
            dx[self.key] = 0.0
        return dx, dy[self.key]


@guarded
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """y[i, j, ...] = input[i, index[i, j, ...], ...] for dim 1, and so on; an element taken twice gets both gradients.

    The index has as many axes as the input, and may be smaller along all but `dim`; the result has its shape. Raises
    TypeError for an index of other than whole numbers, ShapeError for one that does not fit, IndexError for numbers
    out of range.
    """
    return getitem(input, _key(input, dim, index)) if input.shape else clone(input)


@guarded
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
    """A copy of input with y[i, index[i, j, ...], ...] = src[i, j, ...] for dim 1, and so on; src may be one number.

    Index and src have as many axes as the input, and only the part of src that the index covers is written. Where an
    index names a place twice, the last one stays on a CPU, and any on a GPU. Raises the errors of `gather`, and
    TypeError for a src of another dtype than the input's.
    """
    if not is_tensor(src):
        src = expand(_number(value if src is None else src, input), index.shape)  # a value of None is refused there
    return _scatter(input, dim, index, src, added=False)


@guarded
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with src[i, j, ...] added to y[i, index[i, j, ...], ...] for dim 1, and so on.

    All that goes to one place adds up there. Raises the errors of `scatter`.
    """
    return _scatter(input, dim, index, src, added=True)


def _scatter(input, dim, index, src, added):
    covered = getitem(src, tuple(map(slice, index.shape)))
    return Scatter.apply(input, covered, key=_key(input, dim, index), added=added)


def _key(input, dim, index):
    """The key of the places of an index: its numbers along one axis, and 0, 1, ... along each of the others."""
    axis, xp, axes = axis_of(dim, input.shape or (1,)), backends.of(input.array).xp, range(index.ndim)
    counted = [xp.arange(n).reshape([-1 if i == k else 1 for i in axes]) for k, n in enumerate(index.shape)]
    return tuple(index.array.copy() if k == axis else counted[k] for k in axes)


@guarded
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of input along `dim` that a row of whole numbers names, in its order.

    Raises TypeError for an index of other numbers, ShapeError unless it is (n,), IndexError out of range.
    """
    return getitem(input, (*[slice(None)] * axis_of(dim, input.shape), index))


@guarded
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy of input with one value where the bool tensor `mask` holds; the two broadcast.

    Raises TypeError for a mask of another dtype, ShapeError if the shapes do not broadcast, ValueError for a value that
    the input's dtype cannot hold.
    """
    return Where.apply(_number(value, input), input, condition=mask.array)


@guarded
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the bool tensor `mask` holds, in one row; the two broadcast. Raises as `masked_fill` does."""
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return getitem(expand(input, shape), expand(mask, shape))


def _number(value, like):
    """A number, or a tensor without axes, as a tensor in the dtype of another."""
    if is_tensor(value):
        return cast(expand(value, ()), like.dtype)
    return full((), value, dtype=like.dtype, device=like.device)
