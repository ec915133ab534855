"""Copies along axes. `expand`, which copies nothing, is in cast.py."""

from typing import Any

from ..errors import guarded
from ..tensor import Tensor
from .cast import clone, expand
from .shape import reshape, unpack


@guarded
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Copies in a row: repeats[i] of them along axis i (numbers or one tuple), and along new axes in front.

    `expand` does without copies where an axis has size 1. Raises ShapeError for fewer numbers than axes.
    """
    times = unpack(repeats)
    shape = (1,) * (len(times) - input.ndim) + input.shape
    apart = reshape(input, [size for n in shape for size in (1, n)])
    copies = clone(expand(apart, [size for pair in zip(times, shape, strict=True) for size in pair]))
    return reshape(copies, [m * n for m, n in zip(times, shape, strict=True)])


@guarded
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of another tensor."""
    return expand(input, other.shape)
