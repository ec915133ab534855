"""Pooling: one number for each window of each channel, its largest or its mean.

There is no loop over windows. A strided view holds one place (u, v) of all windows together, an image of the
output's size; the largest or the sum of these kH*kW images is the result. Backward walks over the same views of the
gradient and adds to each what that place receives; where windows overlap, a pixel is in several of the views and so
receives from all its windows.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend.geometry import Geometry
from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .conv import Pair, pair


class MaxPool2d(Function):
    """y = the largest of each window, NaN if it holds one    dx = dy at the (first) place that was the largest"""

    whole_numbers = True

    def forward(self, x, *, geometry):
        xp, x = self.xp, self.backend.channels_last(x)
        self.shape, self.geometry = x.shape, geometry
        lowest = -math.inf if x.dtype.kind == "f" else int(xp.iinfo(x.dtype).min)
        first, *others = _places(self.backend.windows(x, geometry, fill=lowest))
        y = first.copy()
        self.winner = xp.zeros(y.shape, xp.min_scalar_type(len(others)))
        for number, seen in enumerate(others, 1):
            better = (seen > y) | xp.isnan(seen)
            # winner[better] = number takes far longer; as the numbers grow, the maximum is the last that was better
            xp.maximum(self.winner, better.astype(self.winner.dtype) * number, out=self.winner)
            xp.maximum(y, seen, out=y)
        return self.backend.channels_first(y)

    def backward(self, dy):
        dy = self.backend.channels_last(dy)
        dx, places = _gradient(self.backend, self.shape, dy.dtype, self.geometry)
        for number, place in enumerate(places):
            place += dy * self.xp.equal(self.winner, number)
        return self.backend.channels_first(dx)


class AvgPool2d(Function):
    """y = the sum of each window / divisor    dx = dy / divisor at each place of the window"""

    def forward(self, x, *, geometry, count_include_pad, divisor):
        x = self.backend.channels_last(x)
        self.shape, self.geometry = x.shape, geometry
        first, *others = _places(self.backend.windows(x, geometry))
        y = first.copy()
        for seen in others:
            y += seen
        self.divisor = divisor or _counts(self.xp, geometry, x.shape, y.shape, count_include_pad).astype(x.dtype)
        y /= self.divisor
        return self.backend.channels_first(y)

    def backward(self, dy):
        dy = self.backend.channels_last(dy) / self.divisor
        dx, places = _gradient(self.backend, self.shape, dy.dtype, self.geometry)
        for place in places:
            place += dy
        return self.backend.channels_first(dx)


def _places(windows):
    """(N, Ho, Wo, kH, kW, C) -> kH*kW views (N, Ho, Wo, C), the same place of all windows in each."""
    return [windows[:, :, :, u, v] for u in range(windows.shape[3]) for v in range(windows.shape[4])]


def _gradient(backend, shape, dtype, geometry):
    """Zeros (N, H, W, C) and their places; what is added to the border is lost."""
    (n, h, w, c), (top, left), (bottom, right) = shape, geometry.padding, geometry.end
    padded = backend.xp.zeros((n, top + h + bottom, left + w + right, c), dtype)
    windows = backend.windows(padded, geometry.without_padding())
    return padded[:, top : top + h, left : left + w], _places(windows)


def _counts(xp, geometry, size, out, include_pad):
    """(Ho, Wo, 1): how many pixels each window holds, the padding counted or not; what ceil_mode adds never is."""
    kernel, stride, _, padding, _ = geometry
    along = []
    for axis in (0, 1):
        border = padding[axis] if include_pad else 0
        start = xp.arange(out[1 + axis]) * stride[axis] - padding[axis]
        along.append(xp.minimum(start + kernel[axis], size[1 + axis] + border) - xp.maximum(start, -border))
    return along[0][:, None, None] * along[1][:, None]


class CellMeans(Function):
    """y[i] = the mean of x[a(i) : b(i)] along an axis    dx = dy[i] / (b(i) - a(i)) in each cell i, added up

    a(i) = floor(i n / cells), b(i) = ceil((i + 1) n / cells): as equal as whole pixels allow, and overlapping where
    they must.
    """

    def forward(self, x, *, axis, cells):  # axis 1 or 2 of (N, H, W, C)
        x = self.backend.channels_last(x)
        self.shape, self.axis, n = x.shape, axis, x.shape[axis]
        self.cells = [slice(i * n // cells, -(-(i + 1) * n // cells)) for i in range(cells)]
        y = self.xp.empty((*x.shape[:axis], cells, *x.shape[axis + 1 :]), x.dtype)
        for i, cell in enumerate(self.cells):
            y.swapaxes(0, axis)[i] = x.swapaxes(0, axis)[cell].mean(axis=0)
        return self.backend.channels_first(y)

    def backward(self, dy):
        dx, dy = self.xp.zeros(self.shape, dy.dtype), self.backend.channels_last(dy)
        for i, cell in enumerate(self.cells):
            dx.swapaxes(0, self.axis)[cell] += dy.swapaxes(0, self.axis)[i] / (cell.stop - cell.start)
        return self.backend.channels_first(dx)


@guarded
def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """The largest number of each window: y[n, c, i, j] = max over u, v of input[n, c, i s + u d - p, j s + v d - p].

    input (N, C, H, W) -> (N, C, (H + 2p - d (kH - 1) - 1) // s + 1, ...); the stride is the kernel unless given.
    The padding, at most half the kernel, never wins. With `ceil_mode` the division rounds up, so that no pixel is
    left out, but a window starts inside the image or in the padding before it. Of equal numbers the first gets the
    gradient. Raises ShapeError unless input is images at least as large as the kernel, ValueError for numbers out of
    range, and for return_indices, which is not covered.
    """
    geometry = geometry_of(input.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    return MaxPool2d.apply(input, geometry=geometry)


@guarded
def avg_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window: y[n, c, i, j] = sum over u, v of input[n, c, i s + u - p, j s + v - p] / divisor.

    input (N, C, H, W) -> (N, C, (H + 2p - kH) // s + 1, ...); stride, padding (of zeros) and `ceil_mode` are as in
    max_pool2d. The divisor is the number of pixels in the window, those of the padding included unless
    `count_include_pad` is False, or `divisor_override`. Raises ShapeError or ValueError like max_pool2d.
    """
    geometry = geometry_of(input.shape[2:], kernel_size, stride, padding, 1, ceil_mode)
    return AvgPool2d.apply(input, geometry=geometry, count_include_pad=count_include_pad, divisor=divisor_override)


@guarded
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means over as many rectangles as asked for, whatever the size of the image: (N, C, H, W) -> (N, C, H', W').

    y[n, c, i, j] is the mean over rows floor(i H / H') to ceil((i + 1) H / H') - 1 and columns in the same way: a mean
    along one axis of means along the other.
    output_size: one number for both axes or (H', W'), where None leaves an axis as it is. Raises ShapeError
    unless input is images, ValueError for sizes below 1.
    """
    height, width = pair(output_size)
    rows = input if height is None else CellMeans.apply(input, axis=1, cells=height)
    return rows if width is None else CellMeans.apply(rows, axis=2, cells=width)


def geometry_of(size, kernel, stride, padding, dilation, ceil_mode):
    """Where the windows lie on an image of this (height, width), padded at its end as far as the last one reaches."""
    kernel, padding = pair(kernel), pair(padding)
    geometry = Geometry(kernel, kernel if stride is None else pair(stride), pair(dilation), padding, padding)
    end = []
    for n, extent, s, p in zip(size, geometry.extent(), geometry.stride, padding, strict=True):
        room = n + 2 * p - extent
        steps = -(-room // s) if ceil_mode else room // s  # from the first window to the last
        if steps * s >= n + p:  # the last window would begin after the image
            steps -= 1
        end.append(max(0, steps * s + extent - n - p))
    return geometry._replace(end=tuple(end))
