"""Guards of arithmetic, reductions, shapes, parts and products."""

from __future__ import annotations

import math
import warnings
from numbers import Real

from .. import backend as backends
from ..errors import ShapeError
from ..function import arrays_in, axis_of, is_tensor, shape_of
from ..functional import reduce
from ..functional.shape import unpack
from .common import check_dtypes, check_indices, check_shape, check_whole, require_tensors, share


def _one_tensor(name, input, *others, **settings):
    require_tensors(name, input)


share(_one_tensor, "transpose", "squeeze", "unsqueeze", "to_device", "flip")
share(_one_tensor, "argsort", "sort", "cumsum", "prod")

# Arithmetic


def broadcast(name, a, b):
    """Whether two shapes broadcast together."""
    if a != b and any(n != m and 1 not in (n, m) for n, m in zip(a[::-1], b[::-1], strict=False)):
        raise ShapeError(f"{name}: shapes {a} and {b} do not broadcast; from the right, sizes must be equal or 1")


def pow(input, exponent):
    if isinstance(exponent, int) and exponent < 0 and is_tensor(input) and input.dtype.kind != "f":
        raise ValueError("pow: whole numbers have no negative powers; use .float()")


def clip(input, min=None, max=None):
    if min is None and max is None:
        raise ValueError("clip: give min, max, or both")
    for bound in (min, max):
        if bound is not None and not isinstance(bound, (int, float)):
            raise TypeError(f"clip: bounds are numbers, not {type(bound).__name__}; for tensors: maximum and minimum")


def where(condition, input, other):
    _masks("where", condition)
    backends.of(*arrays_in([condition, input, other]))  # raises DeviceError for different devices
    for value in (input, other):
        broadcast("where", condition.shape, shape_of(value))


def _masks(name, *tensors):
    require_tensors(name, *tensors)
    if any(t.dtype.kind != "b" for t in tensors):
        given = " and ".join(str(t.dtype) for t in tensors)
        raise TypeError(f"{name}: expected bool tensors such as x > 0, got {given}")


def _two_masks(name, input, other):
    _masks(name, input, other)


share(_two_masks, "logical_and", "logical_or")
share(_masks, "inverse")

# Reductions


def axes_of(shape, dim):
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    if not isinstance(dims, (range, tuple, list)) or not all(type(d) is int for d in dims):
        raise TypeError(f"dim is a whole number, several of them, or None, not {dim!r}")
    if shape and len({axis_of(d, shape) for d in dims}) < len(dims):
        raise ValueError(f"dim {dim} names an axis of shape {shape} twice")


def some_elements(name, shape, dim, count):
    if count == 0:
        raise ShapeError(f"{name}: no elements along dim {dim} of shape {shape}")


def _extreme(name, input, dim=None, *others, **settings):
    require_tensors(name, input)
    some_elements(name, input.shape, dim, _count(input, dim))


def _place_of_extreme(name, input, dim=None, *others, **settings):
    if dim is not None and type(dim) is not int:
        raise TypeError(f"{name}: dim is one whole number or None, not {dim!r}")
    _extreme(name, input, dim)


def _variance(name, input, dim=None, unbiased=True, *others, correction=None, **settings):
    require_tensors(name, input)
    correction, count = float(unbiased) if correction is None else correction, _count(input, dim)
    if not count > correction:
        few = f"{name}: {count} elements along dim {dim} of shape {input.shape} are too few"
        if count != 1:
            raise ShapeError(f"{few} for a correction of {correction}")
        warnings.warn(f"{few}, the result is NaN; use unbiased=False, or more elements", stacklevel=4)


def norm(input, p=2.0, dim=None, keepdim=False):
    require_tensors("norm", input)
    if input.dtype.kind != "f":
        raise TypeError(f"norm: expected floating-point numbers, got {input.dtype}; use .float()")
    if p != "fro" and not (isinstance(p, Real) and (p > 0 or p == -math.inf)):
        raise ValueError(f"norm: p must be a number above 0, -inf or 'fro', got {p!r}")


def _count(input, dim):
    """How many elements become one."""
    return math.prod(input.shape[axis] for axis in reduce.axes_of(input.shape, dim))


share(_extreme, "amax", "amin", "logsumexp")
share(_place_of_extreme, "argmax", "argmin")
share(_variance, "var", "std")

# Shapes


def reshape(input, *shape):
    require_tensors("reshape", input)
    sizes = unpack(shape)
    if not all(isinstance(n, int) for n in sizes):
        return  # what these are is found out later
    known = math.prod(n for n in sizes if n != -1)
    left_out = sizes.count(-1)
    fits = known == input.array.size if not left_out else left_out == 1 and known > 0 and input.array.size % known == 0
    if not fits or any(n < -1 for n in sizes):
        raise ShapeError(f"reshape: {input.array.size} elements of shape {input.shape} do not fit shape {sizes}")


def flatten(input, start_dim=0, end_dim=-1):
    require_tensors("flatten", input)
    first, last = (axis_of(dim, input.shape or (1,)) for dim in (start_dim, end_dim))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {input.shape}")


def permute(input, *dims):
    require_tensors("permute", input)
    dims = unpack(dims)
    if sorted(axis_of(d, input.shape) for d in dims) != list(range(input.ndim)):
        raise ShapeError(f"permute: dims {dims} are not an order of the {input.ndim} axes of shape {input.shape}")


def expand(input, *sizes):
    require_tensors("expand", input)
    shape = unpack(sizes)
    new = len(shape) - input.ndim
    kept = zip(input.shape, shape[max(new, 0) :], strict=False)
    if new < 0 or any(m == -1 for m in shape[:new]) or any(n not in (1, m) and m != -1 for n, m in kept):
        raise ShapeError(f"expand: shape {input.shape} does not expand to {shape}; only axes of size 1 can grow")


# Parts


def getitem(input, key):
    require_tensors("getitem", input)
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice) and part.step is not None and part.step < 1:
            raise IndexError(f"a slice goes forward, in steps of 1 or more, not {part.step}; use .flip(dim)")
        if is_tensor(part) and part.dtype.kind == "i" and part.dtype.itemsize < 4:
            raise IndexError(f"an index is int64 or int32, and a mask bool or uint8, not {part.dtype}; use .long()")


def _several(name, tensors, dim=0, *others):
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}: expected a list or tuple of tensors, got {type(tensors).__name__}")
    if not tensors:
        raise ShapeError(f"{name}: expected at least one tensor, got none")
    require_tensors(name, *tensors)
    axis = None if name == "stack" else axis_of(dim, tensors[0].shape)
    if len({(t.ndim, *(n for i, n in enumerate(t.shape) if i != axis)) for t in tensors}) > 1:
        shapes = ", ".join(str(t.shape) for t in tensors)
        alike = "must be equal" if name == "stack" else f"may differ only along dim {dim}"
        raise ShapeError(f"{name}: shapes {shapes} {alike}")


share(_several, "cat", "stack")


def split(tensor, split_size_or_sections, dim=0):
    require_tensors("split", tensor)
    sizes, length = split_size_or_sections, tensor.shape[axis_of(dim, tensor.shape)]
    if isinstance(sizes, int):
        check_whole("split", 1, split_size=sizes)
    elif not all(isinstance(n, int) and n >= 0 for n in sizes) or sum(sizes) != length:
        raise ShapeError(f"split: sizes {list(sizes)} do not add up to the {length} of axis {dim} in {tensor.shape}")


def chunk(input, chunks, dim=0):
    require_tensors("chunk", input)
    check_whole("chunk", 1, chunks=chunks)


def roll(input, shifts, dims=None):
    require_tensors("roll", input)
    if dims is None:
        if not isinstance(shifts, int):
            raise TypeError(f"roll: without dims, shifts is one number, not {shifts!r} (shape {input.shape})")
        return
    steps, along = (1 if isinstance(given, int) else len(given) for given in (shifts, dims))
    if steps != along:
        raise ShapeError(f"roll: {steps} shifts for {along} dims (shape {input.shape}); give one for each")


def embedding(input, weight, padding_idx=None):
    require_tensors("embedding", input, weight)
    if weight.ndim != 2:
        raise ShapeError(f"embedding: expected a weight (V, D), got {weight.shape} (input {input.shape})")
    rows = len(weight)
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise IndexError(f"embedding: padding_idx {padding_idx} of a weight with {rows} rows")
    backends.of(input.array, weight.array)  # raises DeviceError for different devices
    check_indices("embedding", input, rows)


# Products


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


def linear(input, weight, bias=None):
    require_tensors("linear", input, weight)
    x, w = input.shape, weight.shape
    shapes = f"(input {x}, weight {w})"
    if len(w) != 2 or not x:
        raise ShapeError(f"linear: expected input (..., in) and weight (out, in) {shapes}")
    if x[-1] != w[1]:
        hint = "; flatten the images first: x.flatten(1)" if len(x) == 4 else ""
        raise ShapeError(f"linear: rows of {x[-1]} values, weight expects {w[1]} {shapes}{hint}")
    check_shape("linear", input, w[:1], bias=bias)
    check_dtypes("linear", input, weight=weight)
    if 0 in w:
        raise ShapeError(f"linear: a weight of shape {w} computes nothing {shapes}")
