"""A border around tensors: constant, mirrored, or the outermost elements repeated."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ..errors import ShapeError
from ..guards.common import require_tensors
from ..tensor import Tensor
from .shape import Move

MODES = ("constant", "reflect", "replicate")


class PadConstant(Move):
    """y = x inside, a constant around it    dx = dy inside"""

    def forward(self, x, *, borders, value):
        x, axes = _in_memory_order(self.backend, x)
        borders = [borders[axis] for axis in axes]
        self.inside = tuple(slice(b, b + n) for n, (b, _) in zip(x.shape, borders, strict=True))
        y = self.xp.full([b + n + a for n, (b, a) in zip(x.shape, borders, strict=True)], value, x.dtype)
        y[self.inside] = x
        return _out_of_memory_order(self.backend, y)

    def backward(self, dy):
        return _out_of_memory_order(self.backend, _in_memory_order(self.backend, dy)[0][self.inside])


class PadFromInside(Move):
    """y[i] = x[source(i)] along each axis    dx = dy inside, and each element of the border added to its source"""

    shares_memory = True  # a border of nothing

    def forward(self, x, *, borders, mode):
        x, axes = _in_memory_order(self.backend, x)
        self.borders = [borders[axis] for axis in axes]
        self.sources = [
            [_source(i, n, mode) for i in range(-before, n + after)]
            for n, (before, after) in zip(x.shape, self.borders, strict=True)
        ]
        for axis, source in enumerate(self.sources):
            if any(self.borders[axis]):
                x = x.take(_on_device(self.xp, tuple(source)), axis=axis)
        return _out_of_memory_order(self.backend, x)

    def backward(self, dy):
        dx = _in_memory_order(self.backend, dy)[0]
        for axis, (before, after) in enumerate(self.borders):
            if before or after:
                dx = self._fold(dx.swapaxes(0, axis), self.sources[axis], before, after).swapaxes(0, axis)
        return _out_of_memory_order(self.backend, dx)

    def _fold(self, dy, source, before, after):
        dx = dy[before : len(dy) - after].copy()
        for i in (*range(before), *range(len(dy) - after, len(dy))):
            dx[source[i]] += dy[i]
        return dx


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border: pad = (before, after) the last axis, then the last but one, and so on, as in PyTorch.

    mode 'constant' (value, 0 unless given), 'reflect' (mirrored about the outermost element, which is not repeated;
    narrower than the axis), or 'replicate' (the outermost element). Raises ShapeError for borders that do not fit.
    """
    if mode not in MODES:
        raise ValueError(f"pad: mode {mode!r} is not covered; expected one of {', '.join(MODES)}")
    require_tensors("pad", input)
    sizes = tuple(pad) if isinstance(pad, (tuple, list)) else (None,)
    if len(sizes) % 2 or any(not isinstance(n, int) or n < 0 for n in sizes):
        raise ValueError(f"pad: expected pairs (before, after) of whole numbers of at least 0, got {pad!r}")
    if len(sizes) > 2 * input.ndim:
        raise ShapeError(f"pad: {len(sizes)} numbers are more than two for each axis of shape {input.shape}")
    pairs = list(zip(sizes[::2], sizes[1::2], strict=True))[::-1]
    borders = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    if mode == "constant":
        return PadConstant.apply(input, borders=borders, value=0.0 if value is None else value)
    for n, border in zip(input.shape, borders, strict=True):
        if any(border) and (n == 0 or (mode == "reflect" and max(border) >= n)):
            raise ShapeError(f"pad: a border of {border} of an axis of {n} elements cannot {mode} it ({input.shape})")
    return PadFromInside.apply(input, borders=borders, mode=mode)


@functools.lru_cache(maxsize=64)
def _on_device(xp, source):
    """As an array, kept: while a step is captured (capture.py), nothing can be copied to the GPU."""
    return xp.asarray(source)


def _source(i, n, mode):
    """Which element stands at place i, before 0 or after n - 1."""
    if mode == "replicate":
        return min(max(i, 0), n - 1)
    return -i if i < 0 else 2 * (n - 1) - i if i >= n else i


def _in_memory_order(backend, x):
    """Any array with its axes as they lie in memory, and which axis of x each is: images as (N, H, W, C)."""
    return (backend.channels_last(x), (0, 2, 3, 1)) if x.ndim == 4 else (x, tuple(range(x.ndim)))


def _out_of_memory_order(backend, x):
    """The way back from `_in_memory_order`."""
    return backend.channels_first(x) if x.ndim == 4 else x
