"""Comparisons: bool tensors, which have no gradient and are never part of a graph."""

from __future__ import annotations

import operator
from typing import Any

from ..errors import guard, guarded
from ..function import Function, shape_of
from ..tensor import Tensor


class Compare(Function):
    """y = whether a relation holds between a and b, True or False    no gradient"""

    whole_numbers = True

    def forward(self, a, b, *, relation):
        guard("broadcast", relation.__name__, shape_of(a), shape_of(b))
        return relation(a, b)


def eq(input: Any, other: Any) -> Tensor:
    """input == other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Compare.apply(input, other, relation=operator.eq)


def ne(input: Any, other: Any) -> Tensor:
    """input != other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Compare.apply(input, other, relation=operator.ne)


def lt(input: Any, other: Any) -> Tensor:
    """input < other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Compare.apply(input, other, relation=operator.lt)


def le(input: Any, other: Any) -> Tensor:
    """input <= other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Compare.apply(input, other, relation=operator.le)


def gt(input: Any, other: Any) -> Tensor:
    """input > other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Compare.apply(input, other, relation=operator.gt)


def ge(input: Any, other: Any) -> Tensor:
    """input >= other, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Compare.apply(input, other, relation=operator.ge)


def logical_not(input: Tensor) -> Tensor:
    """Where the input is zero or False."""
    return eq(input, 0)


@guarded
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Where both bool tensors hold, broadcast; also written input & other. Raises TypeError for other dtypes."""
    return Compare.apply(input, other, relation=operator.and_)


@guarded
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Where one of two bool tensors holds, broadcast; also written input | other. Raises TypeError for other dtypes."""
    return Compare.apply(input, other, relation=operator.or_)


@guarded
def inverse(input: Tensor) -> Tensor:
    """~input, for a bool tensor."""
    return logical_not(input)


def equal(input: Tensor, other: Any) -> Any:
    """input == other; something that is not a number is not equal, which is not an error."""
    return eq(input, other) if _is_numeric(other) else NotImplemented


def unequal(input: Tensor, other: Any) -> Any:
    """input != other; something that is not a number is always different."""
    return ne(input, other) if _is_numeric(other) else NotImplemented


def _is_numeric(value):
    return isinstance(value, (int, float)) or hasattr(value, "dtype")
