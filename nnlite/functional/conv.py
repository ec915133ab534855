"""Convolution and transposed convolution: each other's transpose as linear maps.

So three primitives are both layers, forward and backward: `correlate` slides a kernel over an image, `spread` is its
transpose, and `correlate_weight` the gradient for the kernel of either. backend/plain.py has their loops over the
kernel's taps; how they are made fast is told in backend/im2col.py.
"""

from __future__ import annotations

from ..backend.geometry import Geometry
from ..errors import ShapeError
from ..function import Function
from ..tensor import Tensor, require_tensors
from ._checks import Pair, check_dtypes, paddings, pair


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
        raise ValueError(f"{name}: output_padding {extra} must be smaller than stride {stride} or dilation {dilation}")
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
