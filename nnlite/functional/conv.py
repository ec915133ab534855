"""Convolution and transposed convolution: each other's transpose as linear maps.

So three primitives are both layers, forward and backward: `correlate` slides a kernel over an image, `spread` is its
transpose, and `correlate_weight` the gradient for the kernel of either. backend/plain.py has their loops over the
kernel's taps; backend/im2col.py makes them fast.
"""

from __future__ import annotations

from typing import Any

from ..backend.geometry import Geometry
from ..errors import guarded
from ..function import Function
from ..tensor import Tensor

Pair = int | tuple[int, int]


class Conv2d(Function):
    """y = correlate(x, w) + b    dx = spread(dy, w), dw = correlate_weight(x, dy), db = sum of dy"""

    def forward(self, x, weight, bias, *, geometry, groups):
        self.x, self.w = self.backend.arrange(x), self.backend.arrange(weight)
        self.geometry, self.groups = geometry, groups
        return self.backend.correlate(self.x, self.w, geometry, groups, bias)

    def backward(self, dy):
        b, dy, how = self.backend, self.backend.arrange(dy), (self.geometry, self.groups)
        to_x, to_w, to_bias = self.needs_input_grad
        return (
            b.spread(dy, self.w, *how, self.x.shape[2:]) if to_x else None,
            b.correlate_weight(self.x, dy, *how) if to_w else None,
            b.column_sums(lambda dy: dy, dy) if to_bias else None,
        )


class ConvTranspose2d(Function):
    """y = spread(x, w) + b    dx = correlate(dy, w), dw = correlate_weight(dy, x), db = sum of dy"""

    def forward(self, x, weight, bias, *, geometry, groups, size):
        self.x, self.w = self.backend.arrange(x), self.backend.arrange(weight)
        self.geometry, self.groups = geometry, groups
        return self.backend.spread(self.x, self.w, geometry, groups, size, bias)

    def backward(self, dy):
        b, dy, how = self.backend, self.backend.arrange(dy), (self.geometry, self.groups)
        to_x, to_w, to_bias = self.needs_input_grad
        _, _, height, width = self.x.shape  # output_padding may have made room for windows that no input has
        return (
            b.correlate(dy, self.w, *how)[:, :, :height, :width] if to_x else None,
            b.correlate_weight(dy, self.x, *how) if to_w else None,
            b.column_sums(lambda dy: dy, dy) if to_bias else None,
        )


@guarded
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
    kernel, stride, dilation = pair(weight.shape[2:]), pair(stride), pair(dilation)
    geometry = Geometry(kernel, stride, dilation, *borders(padding, kernel, dilation))
    return Conv2d.apply(input, weight, bias, geometry=geometry, groups=groups)


@guarded
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
    geometry = Geometry(pair(weight.shape[2:]), pair(stride), pair(dilation), pair(padding), pair(padding))
    size = geometry.size_of(input.shape[2:], pair(output_padding))
    return ConvTranspose2d.apply(input, weight, bias, geometry=geometry, groups=groups, size=size)


def pair(value: Any) -> tuple[int, int]:
    """One number for both axes, or two."""
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)


def borders(padding, kernel, dilation):
    """(top, left) and (bottom, right) for `padding` as conv2d takes it: numbers, 'same' or 'valid'."""
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)
    both = pair(0 if padding == "valid" else padding)
    return both, both
