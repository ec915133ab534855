"""Guards of nonlinearities, norms and random numbers."""

from __future__ import annotations

import math
from numbers import Integral

from ..errors import ShapeError
from ..function import axis_of, is_tensor
from . import common
from .arrays import some_elements

# Nonlinearities


def leaky_relu(input, negative_slope=0.01, inplace=False):
    common.check_number("leaky_relu", negative_slope=negative_slope)


def prelu(input, weight):
    if not is_tensor(weight):
        raise TypeError(f"prelu: weight must be a Tensor, got {type(weight).__name__}; for a number use leaky_relu")
    common.require_tensors("prelu", input)
    if weight.shape not in ((), (1,), input.shape[1:2]):
        given = f"weight has shape {weight.shape}, input {input.shape}"
        raise ShapeError(f"prelu: {given}; expected (1,) or one element for each channel, axis 1")
    common.check_dtypes("prelu", input, weight=weight)


def elu(input, alpha=1.0, inplace=False):
    common.check_number("elu", alpha=alpha)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    common.check_number("hardtanh", min_val=min_val, max_val=max_val)
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} is larger than max_val {max_val}")


def gelu(input, approximate="none"):
    common.check_choice("gelu", "approximate", approximate, ("none", "tanh"))


def softplus(input, beta=1.0, threshold=20.0):
    common.check_number("softplus", beta=beta, threshold=threshold)
    if beta == 0:
        raise ValueError("softplus: beta must not be 0, the result is divided by it")


def _axis_to_sum(name, input, dim=None):
    if not isinstance(dim, Integral):
        raise TypeError(f"{name}: dim must be a whole number, the axis along which to sum to 1, got {dim!r}")
    common.require_tensors(name, input)
    shape = input.shape or (1,)
    some_elements(name, shape, dim, shape[axis_of(dim, shape)])


common.share(_axis_to_sum, "softmax", "log_softmax")

# Norms


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    others = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _norm("batch_norm", input, "N, C, ...", eps, **others)
    _statistics("batch_norm", input, running_mean, running_var, training, input.numel() // input.shape[1])


def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):
    others = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _norm("instance_norm", input, "N, C, L, ...", eps, **others)
    _statistics("instance_norm", input, running_mean, running_var, use_input_stats, math.prod(input.shape[2:]))


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    shape = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    _norm("layer_norm", input, "..., D", eps, shape, weight=weight, bias=bias)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm: an input of shape {input.shape} does not end in normalized_shape {shape}")


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    _norm("group_norm", input, "N, C, ...", eps, weight=weight, bias=bias)
    channels = input.shape[1]
    if not isinstance(num_groups, int) or num_groups < 1 or channels % num_groups:
        raise ShapeError(f"group_norm: {channels} channels do not make {num_groups!r} groups (input {input.shape})")
    if input.numel() == num_groups:
        raise ShapeError(f"group_norm: one value per group has no variance (input {input.shape}, {num_groups} groups)")


def _norm(name, input, axes, eps, expected=None, **others):
    """Refuse an input with other `axes`, and others of another shape than `expected`: (C,) unless given."""
    others = {what: value for what, value in others.items() if value is not None}
    common.require_tensors(name, input, *others.values())
    if input.dtype.kind != "f":
        raise TypeError(f"{name}: input holds floating-point numbers, not {input.dtype}; use .float()")
    if input.ndim < axes.count(","):  # as many as have a letter
        raise ShapeError(f"{name}: expected an input of shape ({axes}), got {input.shape}")
    if 0 in input.shape:
        raise ShapeError(f"{name}: an input of shape {input.shape} holds no values")
    common.check_shape(name, input, (input.shape[1],) if expected is None else expected, **others)
    common.check_dtypes(name, input, **others)
    common.check_positive(name, eps=eps)  # it keeps equal values from dividing by 0


def _statistics(name, input, running_mean, running_var, training, values):
    """Refuse running statistics of which one is missing, and too few `values` to have a variance."""
    if (running_mean is None) != (running_var is None):
        raise ValueError(f"{name}: give running_mean and running_var, or neither")
    if not training and running_mean is None:
        raise ValueError(f"{name}: without the batch's own statistics it needs running_mean and running_var")
    if training and values < 2:
        raise ShapeError(f"{name}: {values} value per channel has no variance, at least 2 needed (input {input.shape})")


# Random numbers


def dropout(input, p=0.5, training=True, inplace=False):
    common.check_share("dropout", p=p)
    common.require_tensors("dropout", input)


def dropout2d(input, p=0.5, training=True, inplace=False):
    common.check_share("dropout2d", p=p)
    common.require_tensors("dropout2d", input)
    if input.ndim != 4:
        raise ShapeError(f"dropout2d: expected images (N, C, H, W), got shape {input.shape}; or use dropout")


def rsample(mu, log_var):
    common.check_pair("rsample", mu=mu, log_var=log_var)
