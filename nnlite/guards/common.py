"""Checks that many guards share. Their messages name the function and the argument."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from types import ModuleType
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


def register(file: ModuleType) -> None:
    """Make each function of a file the guard of that name; those with a _ in front are helpers."""
    for name, function in vars(file).items():
        if getattr(function, "__module__", None) == file.__name__ and not name.startswith("_"):
            errors.guards[name] = function


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
    """Raise TypeError for a setting that is not a number."""
    for what, value in values.items():
        if not isinstance(value, Real):
            raise TypeError(f"{name}: {what} must be a number, got {value!r}")


def check_choice(name: str, what: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError for a setting that is not one of the choices."""
    if value not in choices:
        *others, last = map(repr, choices)
        raise ValueError(f"{name}: {what} must be {', '.join(others)} or {last}, got {value!r}")


def pair(name: str, what: str, value: Any, least: int) -> tuple[int, int]:
    """One number for both axes, or two. Raises ValueError for anything else."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or any(not isinstance(v, Integral) or v < least for v in both):
        raise ValueError(f"{name}: {what} must be one or two whole numbers of at least {least}, got {value!r}")
    return both


def check_pair(name: str, **pair: Tensor) -> None:
    """Raise unless two tensors have one shape, and at least one of them is floating-point (the other follows it)."""
    (a, x), (b, y) = pair.items()
    if shape_of(x) != shape_of(y):
        raise ShapeError(f"{name}: {a} has shape {shape_of(x)}, {b} {shape_of(y)}; they must be equal")
    check_floats(name, x, y)


def check_floats(name: str, x: Any, y: Any) -> None:
    """Raise TypeError unless both are tensors, and at least one of them is floating-point."""
    given = [getattr(v, "dtype", None) or type(v).__name__ for v in (x, y)]
    kinds = [getattr(dtype, "kind", None) for dtype in given]
    if None in kinds or "f" not in kinds:
        raise TypeError(f"{name}: expected floating-point tensors, got {given[0]} and {given[1]}; use .float()")


def check_shape(name: str, input: Tensor, expected: tuple[int, ...], **others: Tensor | None) -> None:
    """Raise ShapeError for parameters of another shape than the one that an input of this shape needs."""
    for what, value in others.items():
        if value is not None and shape_of(value) != expected:
            given = f"{what} has shape {shape_of(value)}, expected {expected}"
            raise ShapeError(f"{name}: {given} (input {input.shape})")


def check_dtypes(name: str, input: Tensor, **others: Tensor | None) -> None:
    """Raise TypeError for a parameter of another dtype than the input's: which of the two was meant?"""
    for what, value in others.items():
        if value is not None and value.dtype != input.dtype:
            raise TypeError(f"{name}: input is {input.dtype}, {what} {value.dtype}; use .float() or .double()")


def check_indices(name: str, index: Tensor, length: int) -> None:
    """Raise unless these are whole numbers from 0 to below `length`. Nobody looks on a GPU: the step would stop."""
    if index.dtype not in ("int64", "int32"):
        raise TypeError(f"{name}: an index holds whole numbers, int64 or int32, not {index.dtype}; use .long()")
    if index.device == "cpu" and index.numel():
        low, high = int(index.min()), int(index.max())
        if not 0 <= low <= high < length:
            raise IndexError(f"{name}: numbers from {low} to {high}, for {length} places: expected 0 to {length - 1}")


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
    """Raise TypeError for what is not a number, ValueError unless it is above 0."""
    _check_range(name, settings, lambda value: value > 0, "be a number above 0")


def check_not_negative(name: str, **settings: Any) -> None:
    """Raise TypeError for what is not a number, ValueError unless it is at least 0."""
    _check_range(name, settings, lambda value: value >= 0, "not be negative")


def check_share(name: str, **settings: Any) -> None:
    """Raise TypeError for what is not a number, ValueError unless it lies between 0 and 1."""
    _check_range(name, settings, lambda value: 0 <= value <= 1, "lie between 0 and 1")


def _check_range(name, settings, fits, wanted):
    check_number(name, **settings)
    for what, value in settings.items():
        if not fits(value):
            raise ValueError(f"{name}: {what} must {wanted}, got {value!r}")


def check_windows(name, kernel_size, stride, padding, dilation, return_indices=False):
    """Raise ValueError for windows that pooling does not have, and for indices of the largest."""
    if return_indices:
        raise ValueError(f"{name}: return_indices=True is not covered, nor is max_unpool2d; leave it out")
    kernel, border = pair(name, "kernel_size", kernel_size, 1), pair(name, "padding", padding, 0)
    pair(name, "stride", kernel if stride is None else stride, 1)
    pair(name, "dilation", dilation, 1)
    if any(2 * p > k for p, k in zip(border, kernel, strict=True)):
        raise ValueError(f"{name}: padding {padding} must be at most half of kernel_size {kernel_size}")


def check_divisor(name, divisor):
    """Raise ValueError for something to divide by that is neither a whole number nor left out."""
    if divisor is not None and (not isinstance(divisor, Integral) or divisor == 0):
        raise ValueError(f"{name}: divisor_override must be a whole number other than 0, got {divisor!r}")


def check_cells(name, output_size):
    """Raise ValueError for a number of cells that adaptive pooling does not have; None leaves an axis as it is."""
    sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    pair(name, "output_size", tuple(1 if n is None else n for n in sizes), 1)


def check_resizing(
    name, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False
):
    """Raise ValueError for settings that do not make sense, whatever the images."""
    check_choice(name, "mode", mode, ("nearest", "bilinear", "bicubic"))
    if mode == "nearest" and (align_corners is not None or antialias):
        what = "antialias" if antialias else "align_corners"
        raise ValueError(f"{name}: {what} goes with modes 'bilinear' and 'bicubic' only")
    if align_corners and antialias:
        raise ValueError(f"{name}: antialias with align_corners is not covered; leave out one of them")
    if (size is None) == (scale_factor is None):
        raise ValueError(f"{name}: give either size or scale_factor, got {size!r} and {scale_factor!r}")
    if recompute_scale_factor and size is not None:
        raise ValueError(f"{name}: recompute_scale_factor goes with scale_factor, got size={size!r}")
    what, given, kind = ("scale_factor", scale_factor, Real) if size is None else ("size", size, Integral)
    both = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(both) != 2 or not all(isinstance(v, kind) and v > 0 and math.isfinite(v) for v in both):
        raise ValueError(f"{name}: {what} must be one or two numbers above 0, got {given!r}")
