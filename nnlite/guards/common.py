"""Checks that many guards share. Their messages name the function and the argument."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar

from .. import errors
from ..errors import ShapeError
from ..function import is_tensor, shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

Guard = TypeVar("Guard", bound=Callable[..., None])


def guards(name: str) -> Callable[[Guard], Guard]:
    """Make a function the guard of that name: of a function, or of Class.method."""

    def register(guard: Guard) -> Guard:
        errors.guards[name] = guard
        return guard

    return register


def share(check: Callable[..., None], *names: str) -> None:
    """Make check(name, *arguments) the guard of each of these functions.

    It takes any others too: that they are too many is best said by the function itself.
    """
    for name in names:
        errors.guards[name] = functools.partial(check, name)


def require_tensors(name: str, *values: Any) -> None:
    """Raise TypeError, naming the function, if a value is not a Tensor."""
    for value in values:
        if not is_tensor(value):
            given = type(value).__name__
            raise TypeError(f"{name}: expected a Tensor, got {given}; make one with nnlite.tensor(...)")


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


def check_padding(name, padding, stride):
    """Raise ValueError for a padding that conv2d does not take."""
    if padding == "same":
        if stride != (1, 1):
            raise ValueError(f"{name}: padding 'same' needs stride 1, got {stride}; give the padding as numbers")
    elif padding != "valid":
        pair(name, "padding", padding, 0)


def check_images(name: str, input: Tensor) -> None:
    """Raise TypeError for what is not a Tensor, ShapeError unless it holds images."""
    require_tensors(name, input)
    if input.ndim != 4 or 0 in input.shape:
        raise ShapeError(f"{name}: expected images (N, C, H, W), got {input.shape}")


def check_output_padding(name: str, extra: Any, stride: tuple[int, int], dilation: tuple[int, int]) -> None:
    """Raise ValueError for an output_padding that conv_transpose2d does not take."""
    extra = pair(name, "output_padding", extra, 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(f"{name}: output_padding {extra} must be smaller than stride {stride} or dilation {dilation}")


def check_whole(name: str, least: float = -math.inf, **settings: Any) -> None:
    """Raise ValueError unless they are whole numbers of at least `least`; NumPy's will do, as sizes are computed."""
    for what, value in settings.items():
        if not isinstance(value, Integral) or value < least:
            limit = f" of at least {least}" if math.isfinite(least) else ""
            raise ValueError(f"{name}: {what} must be a whole number{limit}, got {value!r}")


def check_positive(name: str, **settings: Any) -> None:
    """Raise TypeError for what is no number, ValueError unless it is above 0."""
    check_number(name, **settings)
    for what, value in settings.items():
        if not value > 0:
            raise ValueError(f"{name}: {what} must be a number above 0, got {value!r}")


def check_share(name: str, **settings: Any) -> None:
    """Raise TypeError for what is no number, ValueError unless it lies between 0 and 1."""
    check_number(name, **settings)
    for what, value in settings.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name}: {what} must lie between 0 and 1, got {value!r}")
