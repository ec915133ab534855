"""Guards of convolution, pooling, borders and resizing."""

from __future__ import annotations

import math
from numbers import Integral

from ..backend.geometry import Geometry
from ..errors import ShapeError
from ..functional.conv import borders
from ..functional.pool import geometry_of
from ..functional.resize import new_size
from . import common

# Convolution


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = common.pair("conv2d", "stride", stride, 1), common.pair("conv2d", "dilation", dilation, 1)
    _convolution("conv2d", input, weight, bias, groups, transposed=False)
    common.check_padding("conv2d", padding, stride)
    kernel = weight.shape[2:]
    _some_window("conv2d", input, Geometry(kernel, stride, dilation, *borders(padding, kernel, dilation)), padding)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    name = "conv_transpose2d"
    stride, padding = common.pair(name, "stride", stride, 1), common.pair(name, "padding", padding, 0)
    extra, dilation = common.pair(name, "output_padding", output_padding, 0), common.pair(name, "dilation", dilation, 1)
    _convolution(name, input, weight, bias, groups, transposed=True)
    common.check_output_padding(name, extra, stride, dilation)
    size = Geometry(weight.shape[2:], stride, dilation, padding, padding).size_of(input.shape[2:], extra)
    if min(size) < 1:
        raise ShapeError(f"{name}: padding {padding} leaves an output of size {size} (input {input.shape})")


def _convolution(name, input, weight, bias, groups, transposed):
    common.require_tensors(name, input, weight, *([] if bias is None else [bias]))
    shapes = f"(input {input.shape}, weight {weight.shape}, groups {groups})"
    if input.ndim != 4 or weight.ndim != 4:
        raise ShapeError(f"{name}: expected input (N, C, H, W) and a weight with 4 axes {shapes}")
    common.check_whole(name, 1, groups=groups)
    if 0 in input.shape or 0 in weight.shape:
        raise ShapeError(f"{name}: nothing to convolve {shapes}")
    ends = weight.shape[0], weight.shape[1] * groups
    channels, outputs = ends if transposed else ends[::-1]
    if input.shape[1] != channels:
        hint = "; did you forget to concatenate the condition?" if channels > input.shape[1] else ""
        raise ShapeError(f"{name}: input has {input.shape[1]} channels, weight expects {channels} {shapes}{hint}")
    if weight.shape[0] % groups:
        raise ShapeError(f"{name}: {groups} groups do not divide the {weight.shape[0]} channels of the weight {shapes}")
    common.check_shape(name, input, (outputs,), bias=bias)
    common.check_dtypes(name, input, weight=weight, bias=bias)


def _some_window(name, input, geometry, padding):
    if min(geometry.windows_along(input.shape[2:])) < 1:
        raise ShapeError(
            f"{name}: kernel {geometry.kernel} with dilation {geometry.dilation} is larger than the input "
            f"with padding {padding} (input {input.shape})"
        )


# Pooling


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    _pooling("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    common.check_divisor("avg_pool2d", divisor_override)
    _pooling("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)


def _pooling(name, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=False):
    common.check_images(name, input)
    kernel_size = common.pair(name, "kernel_size", kernel_size, 1)
    common.check_windows(name, kernel_size, stride, padding, dilation, return_indices)
    _some_window(name, input, geometry_of(input.shape[2:], kernel_size, stride, padding, dilation, ceil_mode), padding)


def adaptive_avg_pool2d(input, output_size):
    common.check_images("adaptive_avg_pool2d", input)
    common.check_cells("adaptive_avg_pool2d", output_size)


# Borders and other sizes


def pad(input, pad, mode="constant", value=None):
    common.check_choice("pad", "mode", mode, ("constant", "reflect", "replicate", "circular"))
    common.require_tensors("pad", input)
    sizes = tuple(pad) if isinstance(pad, (tuple, list)) else (None,)
    if len(sizes) % 2 or not all(isinstance(n, Integral) for n in sizes):
        raise ValueError(f"pad: expected pairs (before, after) of whole numbers, got {pad!r}")
    if len(sizes) > 2 * input.ndim:
        raise ShapeError(f"pad: {len(sizes)} numbers are more than two for each axis of shape {input.shape}")
    if mode != "constant" and value is not None:
        raise ValueError(f"pad: a value goes with mode 'constant' only, got {value!r} for {mode!r}")
    if mode != "constant" and input.ndim - len(sizes) // 2 not in (1, 2):
        raise ShapeError(f"pad: mode {mode!r} is for all axes but the first one or two, got {pad} for {input.shape}")
    for n, *ends in zip(input.shape[::-1], sizes[::2], sizes[1::2], strict=False):
        left = n + sum(min(0, end) for end in ends)
        most = {"constant": math.inf, "reflect": left - 1, "replicate": math.inf if left else 0, "circular": left}[mode]
        if left < 0 or max(0, *ends) > most:
            given = f"a border of {tuple(ends)} of an axis of {n} elements"
            raise ShapeError(f"pad: {given} cannot be {mode} ({input.shape})")


def interpolate(input, size=None, scale_factor=None, *settings, **named):
    common.check_resizing("interpolate", size, scale_factor, *settings, **named)
    common.check_images("interpolate", input)
    if 0 in new_size(input.shape[2:], size, scale_factor)[0]:
        raise ShapeError(f"interpolate: scale_factor {scale_factor} leaves nothing of images {input.shape}")


def pixel_shuffle(input, upscale_factor):
    common.check_whole("pixel_shuffle", 1, upscale_factor=upscale_factor)
    common.require_tensors("pixel_shuffle", input)
    r2 = upscale_factor**2
    if input.ndim != 4 or input.shape[1] % r2 or 0 in input.shape:
        raise ShapeError(f"pixel_shuffle: expected (N, C, H, W) with C a multiple of {r2}, got {input.shape}")
