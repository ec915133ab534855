"""Elements picked by a tensor of indices, and elements written where one says.

An index names a place along one axis; along the others its elements stay where they are:

    gather along axis 1     y[i, j] = x[i, index[i, j]]
    scatter along axis 1    y[i, index[i, j]] = src[i, j]

On a GPU nobody looks whether the numbers of an index are in range: the step would have to wait for them.
"""

from __future__ import annotations

from typing import Any

from .. import backend as backends
from ..creation import full
from ..errors import guarded
from ..function import axis_of, is_tensor
from ..in_place import SetItem
from ..tensor import Tensor
from .cast import cast, clone, expand
from .index import getitem


@guarded
def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """y[i, j, ...] = input[i, index[i, j, ...], ...] for dim 1, and so on; an element taken twice gets both gradients.

    The index has as many axes as the input, and may be smaller along all but `dim`; the result has its shape. Raises
    TypeError for an index of other than whole numbers, ShapeError for one that does not fit, IndexError for numbers
    out of range.
    """
    return getitem(input, places(input, dim, index)) if input.shape else clone(input)


@guarded
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
    """A copy of input with y[i, index[i, j, ...], ...] = src[i, j, ...] for dim 1, and so on; src may be one number.

    Index and src have as many axes as the input, and only the part of src that the index covers is written. Where an
    index names a place twice, the last one stays on a CPU, and any on a GPU. Raises the errors of `gather`, and
    TypeError for a src of another dtype than the input's.
    """
    if is_tensor(src):
        written = getitem(src, tuple(map(slice, index.shape)))  # the part that the index covers
    else:
        written = single(value if src is None else src, input)
    return SetItem.apply(input, written, key=places(input, dim, index))


@guarded
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of input along `dim` that a row of whole numbers names, in its order.

    Raises TypeError for an index of other numbers, ShapeError unless it is (n,), IndexError out of range.
    """
    return getitem(input, (*[slice(None)] * axis_of(dim, input.shape), index))


def places(input, dim, index):
    """The key of an index: its numbers along one axis, and 0, 1, ... along each of the others."""
    xp, axis, axes = backends.of(input.array).xp, axis_of(dim, input.shape), range(index.ndim)
    counted = [xp.arange(n).reshape([-1 if i == k else 1 for i in axes]) for k, n in enumerate(index.shape)]
    return tuple(index if k == axis else counted[k] for k in axes)


def single(value, like):
    """A number, or a tensor without axes, as a tensor in the dtype of another."""
    if is_tensor(value):
        return cast(expand(value, ()), like.dtype)
    return full((), value, dtype=like.dtype, device=like.device)
