"""Elements by size: sorted, the k largest, the distinct ones. A NaN counts as larger than all numbers.

Of equal elements the first comes first (PyTorch promises that only for stable=True, and may name another one).
"""

from __future__ import annotations

from typing import Any

from .. import backend as backends
from ..errors import guarded
from ..function import axis_of
from ..tensor import Tensor
from .gather import gather
from .statistics import Extremes


@guarded
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort along `dim`. No gradient. Raises IndexError for an axis that is not there."""
    x, xp, axis = input.array, backends.of(input.array).xp, axis_of(dim, input.shape or (1,))
    if not descending or not x.shape:
        return Tensor(xp.argsort(x, axis, kind="stable").reshape(x.shape))
    backwards = xp.argsort(xp.flip(x, axis), axis, kind="stable")  # so that of equals the first ends up first
    return Tensor(x.shape[axis] - 1 - xp.flip(backwards, axis))


@guarded
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Extremes:
    """(values, indices) along `dim`, the smallest first unless `descending`; each gradient goes to its element."""
    indices = argsort(input, dim, descending)
    return Extremes(gather(input, dim, indices), indices)


@guarded
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extremes:
    """(values, indices) of the k largest along `dim`, or the smallest; in order, whether `sorted` or not.

    Each gradient goes to its element. Raises IndexError for an axis that is not there, ValueError for a k that is
    larger than the axis.
    """
    indices = argsort(input, dim, largest)
    if input.shape:
        indices = Tensor(indices.array[(*[slice(None)] * axis_of(dim, input.shape), slice(k))].copy())
    return Extremes(gather(input, dim, indices), indices)


@guarded
def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The distinct elements as a sorted vector, whether `sorted` or not. If asked for, a tuple of this and

        inverse    for each element of the input, its index in the vector
        counts     how often each element occurs

    Every NaN counts as distinct. Raises GraphError for an input that requires a gradient: there is none.
    """
    different = backends.of(input.array).xp.unique
    values, inverse, counts = different(input.array, return_inverse=True, return_counts=True, equal_nan=False)
    asked = [Tensor(inverse.reshape(input.shape))] * return_inverse + [Tensor(counts)] * return_counts
    return (Tensor(values), *asked) if asked else Tensor(values)
