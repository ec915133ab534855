"""Checks of arguments that several operations share. Each message names the function and the argument."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

from ..errors import ShapeError
from ..function import shape_of
from ..tensor import Tensor


def check_number(name: str, **values: float) -> None:
    """Raise TypeError for a setting that is no Python number."""
    for what, value in values.items():
        if not isinstance(value, Real):
            raise TypeError(f"{name}: {what} must be a number, got {value!r}")


def check_choice(name: str, what: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError for a setting that is none of the choices."""
    if value not in choices:
        *others, last = map(repr, choices)
        raise ValueError(f"{name}: {what} must be {', '.join(others)} or {last}, got {value!r}")


def pair(name: str, what: str, value: Any, least: int) -> tuple[int, int]:
    """One number for both axes, or two. Raises ValueError for anything else."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or any(not isinstance(v, int) or v < least for v in both):
        raise ValueError(f"{name}: {what} must be one or two whole numbers of at least {least}, got {value!r}")
    return both


def check_pair(name: str, **pair: Tensor) -> None:
    """Raise unless two tensors have one shape, and at least one of them is floating-point (the other follows it)."""
    (a, x), (b, y) = pair.items()
    if shape_of(x) != shape_of(y):
        raise ShapeError(f"{name}: {a} has shape {shape_of(x)}, {b} {shape_of(y)}; they must be equal")
    given = [getattr(v, "dtype", None) or type(v).__name__ for v in (x, y)]
    kinds = [getattr(dtype, "kind", None) for dtype in given]
    if None in kinds or "f" not in kinds:
        raise TypeError(f"{name}: expected floating-point tensors, got {given[0]} and {given[1]}; use .float()")


def check_dtypes(name: str, input: Tensor, **others: Tensor | None) -> None:
    """Raise TypeError for a parameter of another dtype than the input's: which of the two was meant?"""
    for what, value in others.items():
        if value is not None and value.dtype != input.dtype:
            raise TypeError(f"{name}: input is {input.dtype}, {what} {value.dtype}; use .float() or .double()")
