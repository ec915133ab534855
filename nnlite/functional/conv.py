"""Convolutions as matrix products.

Write out every window that the kernel sees as a row of kH*kW*C numbers. Then convolution is one matrix
product, (positions x window) by (window x output channels), and a fast matrix product is all it takes; the
gradient for the weight is the product of the same rows with dy. This is called im2col.

Shapes are (N, C, H, W), but memory is channels-last (backend/layout.py): a window's row is then kH runs of
kW*C neighbours, a strided view describes all windows without copying one, and neither inputs nor results need
reordering from layer to layer. Weights (O, C, kH, kW) lie in memory as (O, kH, kW, C), a matrix with a row for
each output channel.

The gradient for the input is the transpose of convolution: every output position spreads its value over the
window it came from. Here nothing is scattered. Input pixel h receives dy[i] w[u] wherever i*s + u - p = h; for
all h with the same remainder of (h + p) / s the taps u are the same ones, so these pixels together are an
ordinary stride-1 convolution of dy with every s-th tap of the kernel, turned around. s*s small convolutions give
the whole gradient. Convolution and transposed convolution are each other's transpose, so three functions,
`correlate`, `spread` and `correlate_weight`, are both layers, forward and backward.
"""

from __future__ import annotations

from typing import NamedTuple

from ..backend.layout import channels_first, channels_last
from ..errors import ShapeError
from ..function import Function, shape_of
from ..tensor import Tensor

Pair = int | tuple[int, int]


def correlate(backend, x, w, stride, padding, bias=None):
    """y[n, i, j, o] = sum over u, v, c of x[n, i s + u - p, j s + v - p, c] w[o, u, v, c]  (+ bias[o])"""
    columns = backend.windows(_pad(backend.xp, x, padding), w.shape[1:3], stride)
    return backend.rows_matmul(columns, w.reshape(len(w), -1).T, bias)


def correlate_weight(backend, x, y, kernel, stride, padding):
    """dw[o, u, v, c] = sum over n, i, j of y[n, i, j, o] x[n, i s + u - p, j s + v - p, c]"""
    columns = backend.windows(_pad(backend.xp, x, padding), kernel, stride)
    return backend.rows_outer(columns, y).reshape(y.shape[3], *kernel, x.shape[3])


def spread(backend, y, w, stride, padding, size, bias=None):
    """x[n, h, ., c] = sum over o, i, u with i s + u - p = h of y[n, i, ., o] w[o, u, ., c]  (+ bias[c]), h < size

    The transpose of `correlate`, for both axes at once: one convolution for each remainder of h + p and of w + p.
    """
    xp = backend.xp
    vertical = [_phase(r, w.shape[1], stride[0], padding[0], size[0]) for r in range(stride[0])]
    horizontal = [_phase(r, w.shape[2], stride[1], padding[1], size[1]) for r in range(stride[1])]
    top, bottom = _margins(vertical, y.shape[1])
    left, right = _margins(horizontal, y.shape[2])
    padded = _pad(xp, y, (top, left), (bottom, right))
    x = xp.empty((len(y), *size, w.shape[3]), y.dtype)
    for v in vertical:
        for h in horizontal:
            part = x[:, v.first :: stride[0], h.first :: stride[1]]
            if not (v.taps and h.taps):
                part[...] = 0.0 if bias is None else bias
            elif part.size:
                seen = padded[:, v.start + top : v.end + top, h.start + left : h.end + left]
                taps = w[:, v.taps][:, :, h.taps].transpose(1, 2, 0, 3)  # (kH', kW', O, C)
                columns = backend.windows(seen, taps.shape[:2], (1, 1))
                backend.rows_matmul(columns, taps.reshape(-1, w.shape[3]), bias, out=part)
    return x


class _Phase(NamedTuple):
    """Along one axis: the pixels first, first + s, ... all receive from the same taps of the kernel."""

    first: int
    taps: list[int]  # last one first: a convolution slides over them turned around
    start: int  # the stretch of y that they see; it may begin before 0 and end after its last element
    end: int


def _phase(remainder, kernel, stride, padding, size):
    """The phase of the pixels h with (h + padding) % stride == remainder, that is h = remainder + s m - padding."""
    first = (remainder - padding) % stride
    m = (first + padding) // stride
    count = len(range(first, size, stride))
    taps = list(range(remainder, kernel, stride))[::-1]
    return _Phase(first, taps, m - max(len(taps), 1) + 1, m + count)


def _margins(phases, length):
    """How far the phases look beyond both ends of y."""
    return max(0, *(-p.start for p in phases)), max(0, *(p.end - length for p in phases))


def _pad(xp, x, before, after=None):
    """(N, H, W, C) with a border of zeros, (top, left) and (bottom, right); x itself when the border is empty."""
    (top, left), (bottom, right) = before, after or before
    if not (top or left or bottom or right):
        return x
    n, h, w, c = x.shape
    padded = xp.zeros((n, top + h + bottom, left + w + right, c), x.dtype)
    padded[:, top : top + h, left : left + w] = x
    return padded


class Conv2d(Function):
    """y = correlate(x, w) + b    dx = spread(dy, w), dw = correlate_weight(x, dy), db = sum of dy"""

    def forward(self, x, weight, bias, *, stride, padding):
        self.x, self.w, self.stride, self.padding = channels_last(x), channels_last(weight), stride, padding
        return channels_first(correlate(self.backend, self.x, self.w, stride, padding, bias))

    def backward(self, dy):
        b, dy = self.backend, channels_last(dy)
        to_x, to_w, to_bias = self.needs_input_grad
        return (
            channels_first(spread(b, dy, self.w, self.stride, self.padding, self.x.shape[1:3])) if to_x else None,
            channels_first(correlate_weight(b, self.x, dy, self.w.shape[1:3], self.stride, self.padding))
            if to_w
            else None,
            _sum_pixels(b, dy) if to_bias else None,
        )


class ConvTranspose2d(Function):
    """y = spread(x, w) + b    dx = correlate(dy, w), dw = correlate_weight(dy, x), db = sum of dy"""

    def forward(self, x, weight, bias, *, stride, padding, size):
        self.x, self.w, self.stride, self.padding = channels_last(x), channels_last(weight), stride, padding
        return channels_first(spread(self.backend, self.x, self.w, stride, padding, size, bias))

    def backward(self, dy):
        b, dy = self.backend, channels_last(dy)
        to_x, to_w, to_bias = self.needs_input_grad
        return (
            channels_first(correlate(b, dy, self.w, self.stride, self.padding)) if to_x else None,
            channels_first(correlate_weight(b, dy, self.x, self.w.shape[1:3], self.stride, self.padding))
            if to_w
            else None,
            _sum_pixels(b, dy) if to_bias else None,
        )


def _sum_pixels(backend, dy):
    return backend.column_sums(lambda d: d, dy.reshape(-1, dy.shape[3]))


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Pair = 1, padding: Pair = 0
) -> Tensor:
    """2-D convolution (correlation, as in every deep-learning library).

    y[n, o, i, j] = bias[o] + sum over c, u, v of input[n, c, i s + u - p, j s + v - p] weight[o, c, u, v]

    input (N, C, H, W), weight (O, C, kH, kW), bias (O,) -> (N, O, (H + 2p - kH) // s + 1, likewise for W).
    Raises ShapeError when channels, ranks or sizes do not fit, ValueError for a stride or padding out of range.
    """
    stride, padding = _pair("conv2d", "stride", stride, 1), _pair("conv2d", "padding", padding, 0)
    _check("conv2d", input, weight, bias, channels=1, outputs=0)
    for axis in (2, 3):
        if input.shape[axis] + 2 * padding[axis - 2] < weight.shape[axis]:
            raise ShapeError(
                f"conv2d: kernel {weight.shape[2:]} is larger than the input {input.shape[2:]} with padding {padding}"
            )
    return Conv2d.apply(input, weight, bias, stride=stride, padding=padding)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
) -> Tensor:
    """Transposed convolution: the transpose (not the inverse) of conv2d as a linear map (Zeiler et al. 2010).

    y[n, o, h, w] = bias[o] + sum over c and all i, u with i s + u - p = h (j, v likewise) of
    input[n, c, i, j] weight[c, o, u, v]

    input (N, C, H, W), weight (C, O, kH, kW), bias (O,) -> (N, O, (H - 1) s - 2p + kH + output_padding, ...).
    `output_padding` < stride chooses among the sizes that conv2d maps to H. Raises ShapeError or ValueError.
    """
    name = "conv_transpose2d"
    stride, padding = _pair(name, "stride", stride, 1), _pair(name, "padding", padding, 0)
    extra = _pair(name, "output_padding", output_padding, 0)
    _check(name, input, weight, bias, channels=0, outputs=1)
    if extra[0] >= stride[0] or extra[1] >= stride[1]:
        raise ValueError(f"{name}: output_padding {extra} must be smaller than stride {stride}")
    lengths = zip(input.shape[2:], weight.shape[2:], stride, padding, extra, strict=True)
    size = tuple((n - 1) * s - 2 * p + k + e for n, k, s, p, e in lengths)
    if min(size) < 1:
        raise ShapeError(f"{name}: padding {padding} leaves an output of size {size} (input {input.shape})")
    return ConvTranspose2d.apply(input, weight, bias, stride=stride, padding=padding, size=size)


def _pair(name: str, what: str, value: Pair, least: int) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or any(not isinstance(v, int) or v < least for v in pair):
        raise ValueError(f"{name}: {what} must be one or two whole numbers of at least {least}, got {value!r}")
    return pair


def _check(name, input, weight, bias, channels, outputs):
    """`channels` and `outputs`: which axis of the weight is which."""
    shapes = f"(input {shape_of(input)}, weight {shape_of(weight)})"
    if len(shape_of(input)) != 4 or len(shape_of(weight)) != 4:
        raise ShapeError(f"{name}: expected input (N, C, H, W) and a weight with 4 axes {shapes}")
    if 0 in input.shape or 0 in weight.shape:
        raise ShapeError(f"{name}: nothing to convolve {shapes}")
    if input.dtype != weight.dtype:
        raise TypeError(f"{name}: input is {input.dtype}, weight {weight.dtype}; use .float() or .double()")
    if input.shape[1] != weight.shape[channels]:
        hint = "; did you forget to concatenate the condition?" if weight.shape[channels] > input.shape[1] else ""
        raise ShapeError(
            f"{name}: input has {input.shape[1]} channels, weight expects {weight.shape[channels]} {shapes}{hint}"
        )
    if bias is not None and shape_of(bias) != (weight.shape[outputs],):
        raise ShapeError(f"{name}: bias has shape {shape_of(bias)}, expected ({weight.shape[outputs]},) {shapes}")
