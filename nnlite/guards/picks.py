"""Guards of what picks, sorts or draws elements. Values on a GPU are not checked: the step would wait for them."""

from __future__ import annotations

import math

import numpy as np

from ..errors import GraphError, ShapeError
from ..function import arrays_in, axis_of, is_grad_enabled, is_tensor, shape_of
from .arrays import _masks, broadcast
from .common import check_dtypes, check_number, check_whole, require_tensors, share


def _indices(name, input, dim, index):
    """The axis `dim`. Raises unless index holds places along it."""
    require_tensors(name, input, index)
    shape, axis = input.shape or (1,), axis_of(dim, input.shape or (1,))
    if index.dtype.name not in ("int32", "int64"):
        raise TypeError(f"{name}: index holds whole numbers, not {index.dtype}; use .long()")
    if index.device == "cpu" and index.numel() and not 0 <= int(index.min()) <= int(index.max()) < shape[axis]:
        raise IndexError(f"{name}: index must be 0 to {shape[axis] - 1}, the places along dim {dim} of {input.shape}")
    return axis


def _places(name, input, dim, index, src=None, value=None):
    axis = _indices(name, input, dim, index)
    if src is not None and value is not None:
        raise TypeError(f"{name}: give either src or value, not both")
    src = src if is_tensor(src) else None
    check_dtypes(name, input, src=src)
    for what, x, free in ("input", input, axis), ("src", index if src is None else src, None):
        sizes = enumerate(zip(index.shape, x.shape, strict=False))
        if index.ndim != x.ndim or any(n > m for i, (n, m) in sizes if i != free):
            raise ShapeError(f"{name}: index {index.shape} must have the axes of {what} {x.shape}, and be no longer")


share(_places, "gather", "scatter", "scatter_add")


def index_select(input, dim, index):
    _indices("index_select", input, dim, index)
    if index.ndim != 1:
        raise ShapeError(f"index_select: expected an index (n,), got {index.shape}")


def _masked(name, input, mask, value=None):
    require_tensors(name, input)
    _masks(name, mask)
    broadcast(name, input.shape, mask.shape)


share(_masked, "masked_fill", "masked_select")


def topk(input, k, dim=-1, largest=True, sorted=True):
    require_tensors("topk", input)
    _within("topk", "k", k, 0, (input.shape or (1,))[axis_of(dim, input.shape or (1,))])


def unique(input, sorted=True, return_inverse=False, return_counts=False):
    require_tensors("unique", input)
    if input.requires_grad and is_grad_enabled():
        raise GraphError("unique has no gradient, and the input requires one; use .detach()")


def _within(name, what, values, low, high):
    """Raise ValueError unless a number, or those of a tensor on the CPU, lie between two others."""
    x = arrays_in(values)
    if getattr(values, "device", "cpu") == "cpu" and not np.all((low <= x) & (x <= high)):
        raise ValueError(f"{name}: {what} must lie between {low} and {high}, got {values!r}")


def _floats(name, *values):
    for tensor in filter(is_tensor, values):
        if tensor.dtype.kind != "f":
            raise TypeError(f"{name}: expected floating-point numbers, got {tensor.dtype}; use .float()")


def bernoulli(input, p=None):
    require_tensors("bernoulli", input)
    _within("bernoulli", "probabilities", input if p is None else p, 0, 1)


def normal(mean, std=1.0, size=None, **kind):
    if size is not None:
        check_number("normal with a size", mean=mean, std=std)
    _floats("normal", mean, std)
    _within("normal", "std", std, 0, math.inf)
    broadcast("normal", shape_of(mean), shape_of(std))


def uniform_(self, low=0.0, to=1.0):
    _within("uniform_", "to - low", to - low, 0, np.finfo("float64").max)


def multinomial(input, num_samples, replacement=False):
    require_tensors("multinomial", input)
    check_whole("multinomial", 1, num_samples=num_samples)
    _floats("multinomial", input)
    if input.ndim not in (1, 2) or not ((replacement and input.shape[-1]) or num_samples <= input.shape[-1]):
        raise ShapeError(f"multinomial: no {num_samples} samples of weights {input.shape}; expected (n,) or (m, n)")
    _within("multinomial", "weights", input, 0, np.finfo(input.dtype).max)
    if input.device == "cpu" and not np.all(input.array.any(axis=-1)):
        raise ValueError(f"multinomial: the weights {input.shape} have a row of zeros")
