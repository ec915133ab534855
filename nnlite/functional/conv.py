"""Convolutions as matrix products.

Write out every window that the kernel sees as a row of kH*kW*C numbers. Then convolution is one matrix
product, (positions x window) by (window x output channels), and a fast matrix product is all it takes; the
gradient for the weight is the product of the same rows with dy. This is called im2col.

Shapes are (N, C, H, W), but memory is channels-last (backend/layout.py): a window's row is then kH runs of
kW*C neighbours, a strided view describes all windows without copying one, and neither inputs nor results need
reordering from layer to layer. Weights (O, C, kH, kW) lie in memory as (O, kH, kW, C), a matrix with a row for
each output channel. With a dilation of d the taps of the kernel lie d pixels apart, which only changes the view's
strides. With groups, each group of output channels sees a group of input channels of its own: a slice of the rows.

The gradient for the input is the transpose of convolution: every output position spreads its value over the
window it came from. Here nothing is scattered. Input pixel h receives dy[i] w[u] wherever i s + u d - p = h. The
pixels h, h + s, h + 2s, ... all receive from the same taps u, those for which i = (h + p - u d) / s is whole, and
from one pixel to the next i grows by one. So these pixels together are an ordinary stride-1 convolution of dy with
some taps of the kernel, turned around. s*s small convolutions give the whole gradient. Convolution and transposed
convolution are each other's transpose, so three functions, `correlate`, `spread` and `correlate_weight`, are both
layers, forward and backward.
"""

from __future__ import annotations

import itertools
from math import gcd
from typing import NamedTuple

from ..backend.layout import channels_first, channels_last, concatenate
from ..errors import ShapeError
from ..function import Function
from ..tensor import Tensor, require_tensors
from ._checks import check_dtypes, pair
from ._geometry import Geometry, Pair, border, paddings

# Up to so many output channels, if the input has four times as many, spread multiplies first and adds after.
FEW_CHANNELS = 8


def correlate(backend, x, w, geometry, groups, bias=None):
    """y[n, i, j, o] = sum over u, v, c of x[n, i s + u d - p, j s + v d - p, c] w[o, u, v, c]  (+ bias[o])"""
    windows = geometry.windows(backend, x)
    matrix = w.reshape(len(w), -1).T
    y = backend.xp.empty((*windows.shape[:3], len(w)), x.dtype)
    for c, o in _groups(groups, x.shape[3], len(w)):
        backend.rows_matmul(windows[..., c], matrix[:, o], None if bias is None else bias[o], out=y[..., o])
    return y


def correlate_weight(backend, x, y, geometry, groups):
    """dw[o, u, v, c] = sum over n, i, j of y[n, i, j, o] x[n, i s + u d - p, j s + v d - p, c]"""
    windows = geometry.windows(backend, x)[:, : y.shape[1], : y.shape[2]]
    slices = _groups(groups, x.shape[3], y.shape[3])
    parts = [backend.rows_outer(windows[..., c], y[..., o]) for c, o in slices]
    matrix = parts[0] if groups == 1 else concatenate(backend.xp, parts)
    return matrix.reshape(y.shape[3], *geometry.kernel, -1)


def spread(backend, y, w, geometry, groups, size, bias=None):
    """x[n, h, ., c] = sum over o, i, u with i s + u d - p = h of y[n, i, ., o] w[o, u, ., c]  (+ bias[c]), h < size

    The transpose of `correlate`, for both axes at once: one convolution for each phase of h and of w.
    """
    few_channels = w.shape[3] <= FEW_CHANNELS and 4 * w.shape[3] <= len(w)
    if few_channels or len(w) > y.size // y.shape[3]:
        return _scatter(backend, y, w, geometry, groups, size, bias)
    xp, (sy, sx) = backend.xp, geometry.stride
    vertical, horizontal = _phases(geometry, size, 0), _phases(geometry, size, 1)
    (top, bottom), (left, right) = _margins(vertical, y.shape[1]), _margins(horizontal, y.shape[2])
    padded = border(xp, y, (top, left), (bottom, right))
    x = xp.empty((len(y), *size, w.shape[3] * groups), y.dtype)
    # Neighbours among the taps of a phase lie s / gcd apart in the kernel; what they read of y lies d / gcd apart.
    step = tuple(d // gcd(d, s) for d, s in zip(geometry.dilation, geometry.stride, strict=True))
    for v in vertical:
        for h in horizontal:
            part = x[:, v.first :: sy, h.first :: sx]
            if not (v.taps and h.taps):
                part[...] = 0.0 if bias is None else bias
                continue
            seen = padded[:, v.start + top : v.end + top, h.start + left : h.end + left]
            windows = backend.windows(seen, (len(v.taps), len(h.taps)), (1, 1), step)
            taps = w[:, _slice(v.taps), _slice(h.taps)].transpose(1, 2, 0, 3)  # (kH', kW', O, C)
            for c, o in _groups(groups, x.shape[3], len(w)):
                matrix = taps[:, :, o].reshape(-1, w.shape[3])
                backend.rows_matmul(windows[..., o], matrix, None if bias is None else bias[c], out=part[..., c])
    return x


def _scatter(backend, y, w, geometry, groups, size, bias):
    """`spread` as one product, which gives each pixel of y its whole window, and k*k additions.

    This is the cheaper way for few output channels, and for fewer pixels in y than it has channels, as deep in a
    network: turning the kernel around would then cost more than the product. With few channels the memory is in planes.
    """
    xp, c = backend.xp, w.shape[3]
    (top, left), (bottom, right) = geometry.padding, geometry.end
    n, height, width = len(y), size[0] + top + bottom, size[1] + left + right
    in_planes = c <= FEW_CHANNELS
    if in_planes:
        x = xp.zeros((c * groups, n, height, width), y.dtype).transpose(1, 2, 3, 0)
    else:
        x = xp.zeros((n, height, width, c * groups), y.dtype)
    windows = backend.windows(x, geometry.kernel, geometry.stride, geometry.dilation)[:, : y.shape[1], : y.shape[2]]
    for inside, o in _groups(groups, c * groups, len(w)):
        pixels, taps = y[..., o].reshape(-1, o.stop - o.start), w[o].reshape(o.stop - o.start, -1)
        product = backend.matmul(taps.T, pixels.T).T if in_planes else backend.matmul(pixels, taps)
        product = product.reshape(*y.shape[:3], *w.shape[1:])
        for u, v in itertools.product(*map(range, geometry.kernel)):
            windows[:, :, :, u, v, inside] += product[:, :, :, u, v]  # for one tap no two windows meet
    x = xp.ascontiguousarray(x[:, top : top + size[0], left : left + size[1]])
    return x if bias is None else x + bias


def _slice(taps):
    """Equally spaced taps as a slice: unlike a list, it copies nothing."""
    step = taps[1] - taps[0] if len(taps) > 1 else 1
    stop = taps[-1] + step
    return slice(taps[0], None if stop < 0 else stop, step)


class _Phase(NamedTuple):
    """Along one axis: the pixels first, first + s, ... all receive from the same taps of the kernel."""

    first: int
    taps: list[int]  # last one first: a convolution slides over them turned around
    start: int  # the stretch of y that they see; it may begin before 0 and end after its last element
    end: int


def _phases(geometry, size, axis):
    """The phases of `size` pixels: of first = 0, 1, ..., s - 1, so far as there are pixels."""
    kernel, s, d, p, _ = (both[axis] for both in geometry)
    phases = []
    for first in range(min(s, size[axis])):
        taps = [u for u in reversed(range(kernel)) if (first + p - u * d) % s == 0]
        sources = [(first + p - u * d) // s for u in taps]  # where in y they find what the first pixel receives
        count = len(range(first, size[axis], s))
        phases.append(_Phase(first, taps, sources[0], sources[-1] + count) if taps else _Phase(first, [], 0, 0))
    return phases


def _margins(phases, length):
    """How far the phases look beyond both ends of y."""
    return max(0, *(-p.start for p in phases)), max(0, *(p.end - length for p in phases))


def _groups(groups, *channels):
    """For each group, its slice of each of these numbers of channels."""
    sizes = [n // groups for n in channels]
    return [tuple(slice(n * g, n * (g + 1)) for n in sizes) for g in range(groups)]


class Conv2d(Function):
    """y = correlate(x, w) + b    dx = spread(dy, w), dw = correlate_weight(x, dy), db = sum of dy"""

    def forward(self, x, weight, bias, *, geometry, groups):
        self.x, self.w, self.geometry, self.groups = channels_last(x), channels_last(weight), geometry, groups
        return channels_first(correlate(self.backend, self.x, self.w, geometry, groups, bias))

    def backward(self, dy):
        b, dy, how = self.backend, channels_last(dy), (self.geometry, self.groups)
        to_x, to_w, to_bias = self.needs_input_grad
        return (
            channels_first(spread(b, dy, self.w, *how, self.x.shape[1:3])) if to_x else None,
            channels_first(correlate_weight(b, self.x, dy, *how)) if to_w else None,
            _sum_pixels(b, dy) if to_bias else None,
        )


class ConvTranspose2d(Function):
    """y = spread(x, w) + b    dx = correlate(dy, w), dw = correlate_weight(dy, x), db = sum of dy"""

    def forward(self, x, weight, bias, *, geometry, groups, size):
        self.x, self.w, self.geometry, self.groups = channels_last(x), channels_last(weight), geometry, groups
        return channels_first(spread(self.backend, self.x, self.w, geometry, groups, size, bias))

    def backward(self, dy):
        b, dy, how = self.backend, channels_last(dy), (self.geometry, self.groups)
        to_x, to_w, to_bias = self.needs_input_grad
        _, height, width, _ = self.x.shape  # output_padding may have made room for windows that no input has
        return (
            channels_first(correlate(b, dy, self.w, *how)[:, :height, :width]) if to_x else None,
            channels_first(correlate_weight(b, dy, self.x, *how)) if to_w else None,
            _sum_pixels(b, dy) if to_bias else None,
        )


def _sum_pixels(backend, dy):
    return backend.column_sums(lambda d: d, dy.reshape(-1, dy.shape[3]))


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """2-D convolution (correlation, as in every deep-learning library).

    y[n, o, i, j] = bias[o] + sum over c, u, v of input[n, c, i s + u d - p, j s + v d - p] weight[o, c, u, v]

    input (N, C, H, W), weight (O, C / groups, kH, kW), bias (O,) -> (N, O, (H + 2p - d (kH - 1) - 1) // s + 1, ...).
    Each of `groups` equal runs of output channels sees the run of input channels of the same number only; groups = C
    is a depthwise convolution. `padding` may be 'valid' (0) or 'same' (such that H stays H, for stride 1 only; if
    the total is odd, the end gets the extra one). Raises ShapeError when channels, ranks or sizes do not fit,
    ValueError for numbers out of range.
    """
    stride, dilation = pair("conv2d", "stride", stride, 1), pair("conv2d", "dilation", dilation, 1)
    _check("conv2d", input, weight, bias, groups, transposed=False)
    kernel = weight.shape[2], weight.shape[3]
    before, after = paddings("conv2d", padding, kernel, stride, dilation)
    geometry = Geometry(kernel, stride, dilation, before, after)
    for axis, extent in enumerate(geometry.extent()):
        if input.shape[axis + 2] + before[axis] + after[axis] < extent:
            raise ShapeError(
                f"conv2d: kernel {kernel} with dilation {dilation} is larger than the input "
                f"with padding {padding} (input {input.shape}, weight {weight.shape})"
            )
    return Conv2d.apply(input, weight, bias, geometry=geometry, groups=groups)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    """Transposed convolution: the transpose (not the inverse) of conv2d as a linear map (Zeiler et al. 2010).

    y[n, o, h, w] = bias[o] + sum over c and all i, u with i s + u d - p = h (j, v likewise) of
    input[n, c, i, j] weight[c, o, u, v]

    input (N, C, H, W), weight (C, O / groups, kH, kW), bias (O,)
    -> (N, O, (H - 1) s - 2p + d (kH - 1) + 1 + output_padding, ...).
    `output_padding`, smaller than stride or dilation, chooses among the sizes that conv2d maps to H; groups are as
    in conv2d. Raises ShapeError or ValueError.
    """
    name = "conv_transpose2d"
    stride, padding = pair(name, "stride", stride, 1), pair(name, "padding", padding, 0)
    extra, dilation = pair(name, "output_padding", output_padding, 0), pair(name, "dilation", dilation, 1)
    _check(name, input, weight, bias, groups, transposed=True)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding {extra} must be smaller than stride {stride} or dilation {dilation}"
        )
    geometry = Geometry((weight.shape[2], weight.shape[3]), stride, dilation, padding, padding)
    lengths = zip(input.shape[2:], geometry.extent(), stride, padding, extra, strict=True)
    size = tuple((n - 1) * s - 2 * p + k + e for n, k, s, p, e in lengths)
    if min(size) < 1:
        raise ShapeError(f"{name}: padding {padding} leaves an output of size {size} (input {input.shape})")
    return ConvTranspose2d.apply(input, weight, bias, geometry=geometry, groups=groups, size=size)


def _check(name, input, weight, bias, groups, transposed):
    require_tensors(name, input, weight, *([] if bias is None else [bias]))
    shapes = f"(input {input.shape}, weight {weight.shape}, groups {groups})"
    if input.ndim != 4 or weight.ndim != 4:
        raise ShapeError(f"{name}: expected input (N, C, H, W) and a weight with 4 axes {shapes}")
    if not isinstance(groups, int) or groups < 1:
        raise ValueError(f"{name}: groups must be a whole number of at least 1, got {groups!r}")
    if 0 in input.shape or 0 in weight.shape:
        raise ShapeError(f"{name}: nothing to convolve {shapes}")
    ends = weight.shape[0], weight.shape[1] * groups
    channels, outputs = ends if transposed else ends[::-1]
    if input.shape[1] != channels:
        hint = "; did you forget to concatenate the condition?" if channels > input.shape[1] else ""
        raise ShapeError(f"{name}: input has {input.shape[1]} channels, weight expects {channels} {shapes}{hint}")
    if weight.shape[0] % groups:
        raise ShapeError(f"{name}: {groups} groups do not divide the {weight.shape[0]} channels of the weight {shapes}")
    if bias is not None and bias.shape != (outputs,):
        raise ShapeError(f"{name}: bias has shape {bias.shape}, expected ({outputs},) {shapes}")
    check_dtypes(name, input, weight=weight, bias=bias)
