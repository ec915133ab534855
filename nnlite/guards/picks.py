"""Guards of what picks, sorts or draws elements. Values on a GPU are not checked: the step would wait for them."""

from __future__ import annotations

import math

import numpy as np

from ..errors import GraphError, ShapeError
from ..function import arrays_in, axis_of, is_grad_enabled, is_tensor, shape_of
from .arrays import broadcast
from .common import check_dtypes, check_indices, check_number, check_whole, require_tensors


def gather(input, dim, index):
    _check_places("gather", input, dim, index)


def scatter(input, dim, index, src=None, *, value=None):
    if src is not None and value is not None:
        raise TypeError("scatter: give either src or value, not both")
    _check_places("scatter", input, dim, index)
    if is_tensor(src):
        check_dtypes("scatter", input, src=src)
        _check_size("scatter", index, src)


def _check_places(name, input, dim, index):
    require_tensors(name, input, index)
    axis = axis_of(dim, input.shape)
    check_indices(name, index, (input.shape or (1,))[axis])
    _check_size(name, index, input, axis)


def _check_size(name, index, x, free=None):
    """Raise unless an index has a tensor's axes and, along all but the free one, is no longer."""
    sizes = enumerate(zip(index.shape, x.shape, strict=False))
    if index.ndim != x.ndim or any(n > m for axis, (n, m) in sizes if axis != free):
        raise ShapeError(f"{name}: index {index.shape} must have the axes of {x.shape}, and be no longer")


def index_select(input, dim, index):
    require_tensors("index_select", input, index)
    check_indices("index_select", index, (input.shape or (1,))[axis_of(dim, input.shape)])
    if index.ndim != 1:
        raise ShapeError(f"index_select: expected an index (n,), got {index.shape}")


def topk(input, k, dim=-1, largest=True, sorted=True):
    require_tensors("topk", input)
    within("topk", "k", k, 0, (input.shape or (1,))[axis_of(dim, input.shape)])


def unique(input, sorted=True, return_inverse=False, return_counts=False):
    require_tensors("unique", input)
    if input.requires_grad and is_grad_enabled():
        raise GraphError("unique has no gradient, and the input requires one; use .detach()")


def within(name, what, values, low, high):
    """Raise ValueError unless a number, or those of a tensor on the CPU, lie between two others."""
    x = arrays_in(values)
    if getattr(values, "device", "cpu") == "cpu" and not np.all((low <= x) & (x <= high)):
        raise ValueError(f"{name}: {what} must lie between {low} and {high}, got {values!r}")


def _check_floats(name, *values):
    for tensor in filter(is_tensor, values):
        if tensor.dtype.kind != "f":
            raise TypeError(f"{name}: expected floating-point numbers, got {tensor.dtype}; use .float()")


def bernoulli(input, p=None):
    require_tensors("bernoulli", input)
    within("bernoulli", "probabilities", input if p is None else p, 0, 1)


def normal(mean, std=1.0, size=None, **kind):
    if size is not None:
        check_number("normal with a size", mean=mean, std=std)
    _check_floats("normal", mean, std)
    within("normal", "std", std, 0, math.inf)
    broadcast("normal", shape_of(mean), shape_of(std))


def multinomial(input, num_samples, replacement=False):
    require_tensors("multinomial", input)
    check_whole("multinomial", 1, num_samples=num_samples)
    _check_floats("multinomial", input)
    if input.ndim not in (1, 2) or not ((replacement and input.shape[-1]) or num_samples <= input.shape[-1]):
        raise ShapeError(f"multinomial: no {num_samples} samples of weights {input.shape}; expected (n,) or (m, n)")
    within("multinomial", "weights", input, 0, np.finfo(input.dtype).max)
    if input.device == "cpu" and not np.all(input.array.any(axis=-1)):
        raise ValueError(f"multinomial: the weights {input.shape} have a row of zeros")
