"""Copies along axes. `expand`, which copies nothing, is in cast.py."""

from typing import Any

from ..errors import guarded
from ..function import total
from ..tensor import Tensor
from .shape import Move, unpack


class Repeat(Move):
    """y = x, sizes[i] times in a row along axis i    dx = the sum of dy over the copies"""

    def forward(self, x, *, sizes):
        self.shape = x.shape
        padded = (1,) * (len(sizes) - x.ndim) + x.shape
        self.parts = [n for both in zip(sizes, padded, strict=True) for n in both]
        return self.xp.tile(x, sizes)

    def backward(self, dy):
        return total(dy.reshape(self.parts), tuple(range(0, len(self.parts), 2))).reshape(self.shape)


@guarded
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Copies in a row: repeats[i] of them along axis i (numbers or one tuple), and along new axes in front.

    `expand` does without copies where an axis has size 1. Raises ShapeError for fewer numbers than axes.
    """
    return Repeat.apply(input, sizes=tuple(unpack(repeats)))
