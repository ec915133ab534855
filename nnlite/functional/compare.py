"""Comparisons: bool tensors, which have no gradient and are never part of a graph."""

from __future__ import annotations

from typing import Any

from .. import backend as backends
from ..errors import ShapeError
from ..function import is_tensor, shape_of
from ..guards.common import require_tensors
from ..tensor import Tensor


def eq(input: Any, other: Any) -> Tensor:
    """input == other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return _compare("eq", lambda a, b: a == b, input, other)


def ne(input: Any, other: Any) -> Tensor:
    """input != other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return _compare("ne", lambda a, b: a != b, input, other)


def lt(input: Any, other: Any) -> Tensor:
    """input < other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return _compare("lt", lambda a, b: a < b, input, other)


def le(input: Any, other: Any) -> Tensor:
    """input <= other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return _compare("le", lambda a, b: a <= b, input, other)


def gt(input: Any, other: Any) -> Tensor:
    """input > other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return _compare("gt", lambda a, b: a > b, input, other)


def ge(input: Any, other: Any) -> Tensor:
    """input >= other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return _compare("ge", lambda a, b: a >= b, input, other)


def logical_not(input: Tensor) -> Tensor:
    """Where the input is zero or False."""
    return eq(input, 0)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Where both bool tensors hold, broadcast; also written input & other. Raises TypeError for other dtypes."""
    _require_masks("logical_and", input, other)
    return _compare("logical_and", lambda a, b: a & b, input, other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Where one of two bool tensors holds, broadcast; also written input | other. Raises TypeError for other dtypes."""
    _require_masks("logical_or", input, other)
    return _compare("logical_or", lambda a, b: a | b, input, other)


def inverse(input: Tensor) -> Tensor:
    """~input, for a bool tensor."""
    if input.dtype.kind != "b":
        raise TypeError(f"~ turns a bool tensor around, not one of {input.dtype}")
    return logical_not(input)


def equal(input: Tensor, other: Any) -> Any:
    """input == other, which is not an error for things that are no numbers: they are just not equal."""
    return eq(input, other) if _is_numeric(other) else NotImplemented


def unequal(input: Tensor, other: Any) -> Any:
    """input != other, likewise."""
    return ne(input, other) if _is_numeric(other) else NotImplemented


def _is_numeric(value):
    return isinstance(value, (int, float)) or hasattr(value, "dtype")


def _require_masks(name, *tensors):
    require_tensors(name, *tensors)
    if any(t.dtype.kind != "b" for t in tensors):
        dtypes = " and ".join(str(t.dtype) for t in tensors)
        raise TypeError(f"{name}: expected bool tensors such as x > 0, got {dtypes}")


def _compare(name, relation, a, b):
    arrays = [x.array if is_tensor(x) else x for x in (a, b)]
    strange = [x for x in arrays if not (isinstance(x, (int, float)) or backends.is_array(x))]
    if strange or not any(is_tensor(x) for x in (a, b)):
        raise TypeError(f"{name}: expected Tensors or numbers, got {type(a).__name__} and {type(b).__name__}")
    backends.of(*arrays)  # raises DeviceError for arrays on different devices
    try:
        return Tensor(relation(*arrays))
    except OverflowError as error:
        raise ValueError(f"{name}: {error}") from error
    except ValueError as error:
        shapes = f"{shape_of(a)} and {shape_of(b)}"
        raise ShapeError(f"{name}: shapes {shapes} do not broadcast; make them equal or use size 1") from error
