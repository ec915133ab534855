"""Guards of the operations in functional/. Each has the arguments of the operation that it is called before."""

from __future__ import annotations

import math

import numpy as np

from .. import backend as backends
from ..backend.geometry import Geometry
from ..errors import ShapeError
from ..function import arrays_in, axis_of, is_tensor, shape_of
from ..functional.conv import borders
from .common import (
    check_choice,
    check_dtypes,
    check_norm,
    check_number,
    check_padding,
    check_statistics,
    guards,
    pair,
    require_tensors,
)  # fmt: skip

# Arithmetic


@guards("broadcast")
def broadcast(name, a, b):
    """Whether two shapes broadcast together."""
    if a != b and any(n != m and 1 not in (n, m) for n, m in zip(a[::-1], b[::-1], strict=False)):
        raise ShapeError(
            f"{name}: shapes {a} and {b} do not broadcast; from the right, each pair of sizes must be equal or one of "
            "them 1"
        )


@guards("pow")
def pow(input, exponent):
    if isinstance(exponent, int) and exponent < 0 and is_tensor(input) and input.dtype.kind != "f":
        raise ValueError("pow: whole numbers have no negative powers; use .float()")


@guards("clip")
def clip(input, min=None, max=None):
    if min is None and max is None:
        raise ValueError("clip: give min, max, or both")
    for bound in (min, max):
        if bound is not None and not isinstance(bound, (int, float)):
            raise TypeError(f"clip: bounds are numbers, not {type(bound).__name__}; for tensors: maximum and minimum")


@guards("where")
def where(condition, input, other):
    if not is_tensor(condition) or condition.dtype.kind != "b":
        given = condition.dtype if is_tensor(condition) else type(condition).__name__
        raise TypeError(f"where: the condition is a bool tensor such as x > 0, not {given}")
    backends.of(*arrays_in([condition, input, other]))  # raises DeviceError for different devices
    shapes = [shape_of(x) for x in (condition, input, other)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise ShapeError(f"where: shapes {', '.join(map(str, shapes))} do not broadcast") from error


# Sums


@guards("axes_of")
def axes_of(shape, dim):
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    if not isinstance(dims, (range, tuple, list)) or not all(type(d) is int for d in dims):
        raise TypeError(f"dim is a whole number, several of them, or None, not {dim!r}")
    if shape and len({axis_of(d, shape) for d in dims}) < len(dims):
        raise ValueError(f"dim {dim} names an axis of shape {shape} twice")


@guards("some_elements")
def some_elements(name, shape, dim, count):
    if count == 0:
        raise ShapeError(f"{name}: no elements along dim {dim} of shape {shape}")


# Shapes


@guards("reshape")
def reshape(input, *shape):
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    if not is_tensor(input) or not all(isinstance(n, int) for n in sizes):
        return  # what these are is found out later
    known = math.prod(n for n in sizes if n != -1)
    left_out = sizes.count(-1)
    fits = known == input.array.size if not left_out else left_out == 1 and known > 0 and input.array.size % known == 0
    if not fits or any(n < -1 for n in sizes):
        raise ShapeError(f"reshape: {input.array.size} elements of shape {input.shape} do not fit shape {sizes}")


@guards("flatten")
def flatten(input, start_dim=0, end_dim=-1):
    require_tensors("flatten", input)
    first, last = (axis_of(dim, input.shape or (1,)) for dim in (start_dim, end_dim))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {input.shape}")


@guards("permute")
def permute(input, *dims):
    require_tensors("permute", input)
    dims = tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    if sorted(axis_of(d, input.shape) for d in dims) != list(range(input.ndim)):
        raise ShapeError(f"permute: dims {dims} are not an order of the {input.ndim} axes of shape {input.shape}")


@guards("transpose")
def transpose(input, dim0, dim1):
    require_tensors("transpose", input)


@guards("squeeze")
def squeeze(input, dim=None):
    require_tensors("squeeze", input)


@guards("unsqueeze")
def unsqueeze(input, dim):
    require_tensors("unsqueeze", input)


@guards("expand")
def expand(input, *sizes):
    require_tensors("expand", input)
    shape = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    new = len(shape) - input.ndim
    kept = zip(input.shape, shape[max(new, 0) :], strict=False)
    if new < 0 or any(m == -1 for m in shape[:new]) or any(n not in (1, m) and m != -1 for n, m in kept):
        raise ShapeError(f"expand: shape {input.shape} does not expand to {shape}; only axes of size 1 can grow")


@guards("to_device")
def to_device(input, device):
    require_tensors("to_device", input)


# Products


@guards("matmul")
def matmul(input, other):
    require_tensors("matmul", input, other)
    a, b = input.shape, other.shape
    if not a or not b:
        raise ShapeError(f"matmul: no products with a single number (shapes {a} and {b}); use * instead")
    if a[-1] != b[-2 if len(b) > 1 else 0]:
        raise ShapeError(f"matmul: {a} by {b}: the last axis of the first must equal the last but one of the second")
    fronts = zip(a[-3::-1], b[-3::-1], strict=False)
    if any(m != n and 1 not in (m, n) for m, n in fronts):
        raise ShapeError(f"matmul: the axes in front of the matrices do not broadcast: {a} by {b}")


@guards("linear")
def linear(input, weight, bias=None):
    require_tensors("linear", input, weight)
    x, w = input.shape, weight.shape
    shapes = f"(input {x}, weight {w})"
    if len(w) != 2 or not x:
        raise ShapeError(f"linear: expected input (..., in) and weight (out, in) {shapes}")
    if x[-1] != w[1]:
        hint = "; flatten the images first: x.flatten(1)" if len(x) == 4 else ""
        raise ShapeError(f"linear: rows of {x[-1]} values, weight expects {w[1]} {shapes}{hint}")
    if bias is not None and shape_of(bias) != w[:1]:
        raise ShapeError(f"linear: bias has shape {shape_of(bias)}, expected {w[:1]} {shapes}")
    if input.dtype != weight.dtype:
        raise TypeError(f"linear: input is {input.dtype}, weight {weight.dtype}; use .float() or .double()")
    if 0 in w:
        raise ShapeError(f"linear: a weight of shape {w} computes nothing {shapes}")


# Convolutions


@guards("conv2d")
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = pair("conv2d", "stride", stride, 1), pair("conv2d", "dilation", dilation, 1)
    _convolution("conv2d", input, weight, bias, groups, transposed=False)
    check_padding("conv2d", padding, stride)
    kernel = weight.shape[2:]
    if min(Geometry(kernel, stride, dilation, *borders(padding, kernel, dilation)).windows_along(input.shape[2:])) < 1:
        raise ShapeError(
            f"conv2d: kernel {kernel} with dilation {dilation} is larger than the input "
            f"with padding {padding} (input {input.shape}, weight {weight.shape})"
        )


@guards("conv_transpose2d")
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    name = "conv_transpose2d"
    stride, padding = pair(name, "stride", stride, 1), pair(name, "padding", padding, 0)
    extra, dilation = pair(name, "output_padding", output_padding, 0), pair(name, "dilation", dilation, 1)
    _convolution(name, input, weight, bias, groups, transposed=True)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(f"{name}: output_padding {extra} must be smaller than stride {stride} or dilation {dilation}")
    size = Geometry(weight.shape[2:], stride, dilation, padding, padding).size_of(input.shape[2:], extra)
    if min(size) < 1:
        raise ShapeError(f"{name}: padding {padding} leaves an output of size {size} (input {input.shape})")


def _convolution(name, input, weight, bias, groups, transposed):
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


# Nonlinearities and norms


@guards("leaky_relu")
def leaky_relu(input, negative_slope=0.01, inplace=False):
    check_number("leaky_relu", negative_slope=negative_slope)


@guards("batch_norm")
def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    others = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    check_norm("batch_norm", input, 2, eps, **others)
    check_statistics("batch_norm", input, running_mean, running_var, training, input.numel() // input.shape[1])


# Losses over classes


@guards("cross_entropy")
def cross_entropy(input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    check_number("cross_entropy", label_smoothing=label_smoothing)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"cross_entropy: label_smoothing must lie between 0 and 1, got {label_smoothing}")
    _scores("cross_entropy", input, weight, reduction)
    if not (is_tensor(target) and target.dtype.kind == "f" and target.shape == input.shape):
        _classes("cross_entropy", input, target, ignore_index)


@guards("nll_loss")
def nll_loss(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    _scores("nll_loss", input, weight, reduction)
    _classes("nll_loss", input, target, ignore_index)


def _scores(name, input, weight, reduction):
    check_choice(name, "reduction", reduction, ("mean", "sum", "none"))
    if not is_tensor(input) or not (weight is None or is_tensor(weight)):
        given = ", ".join(type(x).__name__ for x in (input, weight))
        raise TypeError(f"{name}: input must be a Tensor and weight one or None, got {given}")
    if 0 in (input.shape or (0,)):
        raise ShapeError(f"{name}: expected input (N, C), (N, C, d1, ...) or (C,), none of them 0, got {input.shape}")
    expected = (input.shape[min(1, input.ndim - 1)],)
    if weight is not None and weight.shape != expected:
        raise ShapeError(f"{name}: weight has shape {weight.shape}, expected {expected} (input {input.shape})")


def _classes(name, input, target, ignore_index):
    """Refuse a target of other things than classes, and on the CPU, where a look costs little, of classes not there."""
    axis = min(1, input.ndim - 1)
    classes, expected = input.shape[axis], input.shape[:axis] + input.shape[axis + 1 :]
    if not is_tensor(target) or target.dtype.kind not in "iu":
        given = f"{target.dtype} of shape {target.shape}" if is_tensor(target) else type(target).__name__
        raise TypeError(
            f"{name}: target must hold classes as whole numbers of shape {expected} (use .long()), got {given}"
        )
    if target.shape != expected:
        raise ShapeError(f"{name}: target has shape {target.shape}, expected {expected} (input {input.shape})")
    if not isinstance(ignore_index, int):
        raise TypeError(f"{name}: ignore_index must be a whole number, got {ignore_index!r}")
    backends.of(input.array, target.array)  # raises DeviceError for different devices
    if target.device == "cpu":
        index = target.array.astype("int64")
        outside = index[((index < 0) | (index >= classes)) & (index != ignore_index)]
        if outside.size:
            raise IndexError(
                f"{name}: target holds {outside[0]}, expected classes 0 to {classes - 1} (input {input.shape}) "
                f"or the ignore_index {ignore_index}"
            )


@guards("averaged")
def averaged(name, values, total, reduction):
    if reduction == "mean" and values.device == "cpu" and float(total) == 0.0:
        raise ValueError(f"{name}: nothing to take the mean of: every target is ignored or has weight 0")
