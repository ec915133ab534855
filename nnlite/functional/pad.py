"""A border around tensors: constant, mirrored, the outermost elements repeated, or those of the other end."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import guarded
from ..tensor import Tensor
from .index import getitem
from .shape import Move


class PadConstant(Move):
    """y = x inside, a constant around it    dx = dy inside"""

    def forward(self, x, *, borders, value=0.0):
        self.inside = tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, borders, strict=True))
        shape = tuple(before + n + after for n, (before, after) in zip(x.shape, borders, strict=True))
        y = self.xp.full_like(x, value, shape=shape)  # in the memory order of x
        y[self.inside] = x
        return y

    def backward(self, dy):
        return dy[self.inside]


class PadFromInside(PadConstant):
    """y = x inside; then, along one axis after the other, each slice of the border = a slice of the inside

    dx = dy inside, after each slice of the border has been added to the one it was copied from, in reverse order
    """

    def forward(self, x, *, borders, mode):
        self.mode = mode
        y = super().forward(x, borders=borders)
        for border, source in self._slices(y):
            border[...] = source
        return y

    def backward(self, dy):
        dx = dy.copy(order="K")
        for border, source in reversed(self._slices(dx)):
            source += border
        return super().backward(dx)

    def _slices(self, y):
        """(a slice of the border, the slice of the inside that it repeats), as views of y."""
        pairs = []
        for axis, inside in enumerate(self.inside):
            slices, first, last = y.swapaxes(0, axis), inside.start, inside.stop - 1
            for i in range(len(slices)):
                nearest = min(max(i, first), last)
                around = first + (i - first) % (last - first + 1)
                source = {"replicate": nearest, "reflect": 2 * nearest - i, "circular": around}[self.mode]
                if i != nearest:
                    pairs.append((slices[i], slices[source]))
        return pairs


@guarded
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border: pad = (before, after) the last axis, then the last but one, and so on, as in PyTorch.

    mode 'constant' (value, 0 unless given), 'reflect' (mirrored about the outermost element, which is not repeated;
    narrower than the axis), 'replicate' (the outermost element), or 'circular' (the elements of the other end; at most
    all of them). Negative numbers cut elements off. The result is always a copy.
    Raises ShapeError for borders that do not fit.
    """
    pairs = [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2], strict=True)][::-1]
    pairs = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    if any(min(ends) < 0 for ends in pairs):
        key = tuple(slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(input.shape, pairs, strict=True))
        input = getitem(input, key)
    borders = [(max(0, a), max(0, b)) for a, b in pairs]
    if mode == "constant":
        return PadConstant.apply(input, borders=borders, value=0.0 if value is None else value)
    return PadFromInside.apply(input, borders=borders, mode=mode)
