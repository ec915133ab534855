"""Images of another size."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .conv import pair
from .shape import Move, permute, reshape


class Repeat(Move):
    """y[.., i, j] = x[.., i // k, j // k]: every pixel k x k times    dx = the sum of dy over those pixels"""

    def forward(self, x, *, factor):
        self.factor = factor
        return self.backend.channels_first(self.backend.channels_last(x).repeat(factor, axis=1).repeat(factor, axis=2))

    def backward(self, dy):
        n, c, h, w = dy.shape
        k = self.factor
        blocks = self.backend.channels_last(dy).reshape(n, h // k, k, w // k, k, c)
        return self.backend.channels_first(blocks.sum(axis=(2, 4)))


class Nearest(Move):
    """y[.., i, j] = x[.., vertical[i], horizontal[j]]    dx = V^T dy H, V and H with a 1 in each row at what it took"""

    def forward(self, x, *, vertical, horizontal):
        self.one_hot = [np.eye(n)[taken] for n, taken in zip(x.shape[2:], (vertical, horizontal), strict=True)]
        rows = self.backend.channels_last(x).take(self.xp.asarray(vertical), axis=1)
        return self.backend.channels_first(rows.take(self.xp.asarray(horizontal), axis=2))

    def backward(self, dy):
        vertical, horizontal = (self.xp.asarray(m.T, dtype=dy.dtype) for m in self.one_hot)
        return transform(self.backend, dy, vertical, horizontal)


class Resize(Function):
    """y = V x H^T for each channel    dx = V^T dy H

    Resizing is linear, an axis at a time: a row of V (H', H) or H (W', W) holds the weights with which the old
    pixels make a new one.
    """

    def forward(self, x, *, vertical, horizontal):
        self.vertical, self.horizontal = (self.xp.asarray(m, dtype=x.dtype) for m in (vertical, horizontal))
        return transform(self.backend, x, self.vertical, self.horizontal)

    def backward(self, dy):
        return transform(self.backend, dy, self.vertical.T, self.horizontal.T)


def transform(backend, x, vertical, horizontal):
    """V x H^T for each channel: (N, C, H, W) by (H', H) and (W', W) -> (N, C, H', W')"""
    x = backend.channels_last(x)
    n, h, w, c = x.shape
    x = backend.xp.matmul(vertical, x.reshape(n, h, w * c)).reshape(n * len(vertical), w, c)
    return backend.channels_first(backend.xp.matmul(horizontal, x).reshape(n, len(vertical), len(horizontal), c))


@guarded
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images (N, C, H, W) in another size: `size` (H', W') or floor(H scale_factor), each one number or two.

    A new pixel's centre lies at source = (i + 0.5) H / H' - 0.5 of the old ones (H / H' being 1 / scale_factor if
    that is given and H' is not H, or the mode is 'bicubic' without antialias, as in PyTorch; with
    recompute_scale_factor it is H / H' all the same). mode 'nearest' takes the
    pixel floor(i H / H'), with that same ratio, or i // 2 for the double size, as PyTorch does; 'bilinear' mixes the
    two on either side, in each axis; 'bicubic' the four nearest, by the kernel of Keys 1981 with a = -0.75, those
    beyond the border being copies of the outermost; with align_corners the outermost pixels stay in place:
    source = i (H - 1) / (H' - 1).
    With antialias the kernel is widened by H / H' where the image shrinks, so that no pixel is passed over; there is
    nothing beyond the border, and weights are divided by their sum; 'bicubic' has a = -0.5, larger or smaller.
    Raises ShapeError unless input is images, ValueError for other modes or sizes, or antialias with align_corners.
    """
    old = input.shape[2:]
    new, ratios = new_size(old, size, scale_factor)
    if recompute_scale_factor:
        new, ratios = new_size(old, new, None)
    if mode != "bicubic" or antialias:
        ratios = [1.0 if n == m else ratio for n, m, ratio in zip(old, new, ratios, strict=True)]
    axes = list(zip(old, new, ratios, strict=True))
    if mode == "nearest":
        return _take_nearest(input, [_nearest(*axis) for axis in axes])
    if antialias:
        kernel = functools.partial(_keys, a=-0.5) if mode == "bicubic" else _triangle
        vertical, horizontal = (_antialiased(*axis, kernel) for axis in axes)
    else:
        kernel, reach = (functools.partial(_keys, a=-0.75), 2) if mode == "bicubic" else (_triangle, 1)
        vertical, horizontal = (_interpolated(*axis, align_corners, kernel, reach) for axis in axes)
    return Resize.apply(input, vertical=vertical, horizontal=horizontal)


def _take_nearest(input, taken):
    """The pixels with these indices, vertical and horizontal."""
    factor = max(1, len(taken[0]) // input.shape[2])
    if all(np.array_equal(t, np.arange(n * factor) // factor) for t, n in zip(taken, input.shape[2:], strict=True)):
        return Repeat.apply(input, factor=factor)  # the usual case in decoders: backward needs no products
    return Nearest.apply(input, vertical=taken[0], horizontal=taken[1])


@guarded
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(N, C r^2, H, W) -> (N, C, H r, W r): r^2 channels become r x r pixels (Shi et al. 2016).

    y[n, c, h r + i, w r + j] = x[n, c r^2 + i r + j, h, w]. Raises ShapeError unless r^2 divides the channels.
    """
    r = upscale_factor
    n, c, h, w = input.shape
    pixels = reshape(permute(input, 0, 2, 3, 1), (n, h, w, c // r**2, r, r))  # channels last, as it lies in memory
    rows = reshape(permute(pixels, 0, 1, 4, 2, 5, 3), (n, h * r, w * r, c // r**2))
    return permute(rows, 0, 3, 1, 2)


def new_size(old, size, scale_factor):
    """The new (H', W'), and for each axis the distance of two new pixels, in old ones."""
    if scale_factor is None:
        new = pair(size)
        return new, [n / m for n, m in zip(old, new, strict=True)]
    factors = pair(scale_factor)
    return tuple(math.floor(n * f) for n, f in zip(old, factors, strict=True)), [1.0 / f for f in factors]


def _nearest(n, m, ratio):
    """For each of m new pixels the old one that is taken. Single precision decides, because PyTorch's does."""
    if m == 2 * n:
        return np.arange(m) // 2
    return np.minimum(np.floor(np.arange(m, dtype=np.float32) * np.float32(ratio)).astype(int), n - 1)


def _interpolated(n, m, ratio, align_corners, kernel, reach):
    """(m, n), each row with the weights of the old pixels nearest to a new one, `reach` of them on either side."""
    centre = np.arange(m) * ((n - 1) / max(1, m - 1)) if align_corners else (np.arange(m) + 0.5) * ratio - 0.5
    taps = np.floor(centre).astype(int) + np.arange(1 - reach, reach + 1)[:, None]
    weights = kernel(np.abs(centre - taps))
    return (weights[:, :, None] * np.eye(n)[taps.clip(0, n - 1)]).sum(0)


def _antialiased(n, m, ratio, kernel):
    """(m, n), each row with the weights of all old pixels under the kernel, which is as wide as a new one at least."""
    centre = (np.arange(m) + 0.5) * ratio - 0.5
    weights = kernel(np.abs(np.arange(n) - centre[:, None]) / max(1.0, ratio))
    return weights / weights.sum(1, keepdims=True)


def _triangle(x):
    """The linear kernel at distances x >= 0: 1 at 0, and 0 from 1 on."""
    return np.maximum(1.0 - x, 0.0)


def _keys(x, a):
    """The cubic kernel of Keys 1981 at distances x >= 0: 1 at 0; 0 at 1, and from 2 on."""
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = a * (((x - 5.0) * x + 8.0) * x - 4.0)
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))
