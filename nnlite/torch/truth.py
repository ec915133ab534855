"""Tests of elements: whether any or all are not 0, which of them are, whether two tensors are equal."""

from typing import Any

from .. import functional as operations
from ..errors import guard, guarded
from ..function import Function
from ..functional import eq, ne, sum
from ..functional.elementary import Elementary, elementwise
from ..functional.reduce import Dims, axes_of
from ..guards.common import check_dtypes, check_not_negative, require_tensors
from ..tensor import Tensor
from .composites import unbind

isnan = elementwise("isnan", lambda xp, x: xp.isnan(x))
isinf = elementwise("isinf", lambda xp, x: xp.isinf(x))
isfinite = elementwise("isfinite", lambda xp, x: xp.isfinite(x))


@guarded
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element over `dim` is not 0 (NaN counts as not 0). bool; for uint8 it is uint8, as in PyTorch."""
    return _over(input, "any", dim, keepdim)


@guarded
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element over `dim` is 0; True where there are no elements. bool; for uint8 it is uint8."""
    return _over(input, "all", dim, keepdim)


def _over(input, name, dim, keepdim):
    require_tensors(name, input)
    axes = () if dim in ((), []) else axes_of(input.shape, dim)  # () means no axes, unlike in a sum
    answer = input.dtype if input.dtype == "uint8" else "bool"
    over = {"axis": axes, "keepdims": keepdim}
    return Elementary.apply(input, name=name, value=lambda xp, x: getattr(x != 0, name)(**over).astype(answer))


@guarded
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements over `dim` are not 0 (NaN counts as not 0)."""
    return sum(ne(input, 0), dim)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the n elements that are not 0, (n, input.ndim); with as_tuple a vector (n,) for each axis."""
    require_tensors("nonzero", input)
    if as_tuple:
        return unbind(nonzero(input if input.ndim else input.reshape(1)), 1)
    return Elementary.apply(input, name="nonzero", value=lambda xp, x: xp.argwhere(x))


def where(condition: Tensor, *values: Any, **named: Any) -> Any:
    """nnlite's `where(condition, input, other)`; of a condition alone `nonzero(condition, as_tuple=True)`."""
    return operations.where(condition, *values, **named) if values or named else nonzero(condition, as_tuple=True)


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Where exactly one of the two is not 0. The shapes broadcast."""
    require_tensors("logical_xor", input, other)
    return ne(ne(input, 0), ne(other, 0))


class IsClose(Function):
    """y = |a - b| <= atol + rtol |b|    no gradient"""

    whole_numbers = True

    def forward(self, a, b, *, rtol, atol, equal_nan):
        guard("broadcast", "isclose", a.shape, b.shape)
        return self.xp.isclose(a, b, rtol, atol, equal_nan)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where |input - other| <= atol + rtol |other|, or both are the same infinity; or both NaN, with `equal_nan`.

    Raises TypeError for dtypes that differ, ShapeError if the shapes do not broadcast.
    """
    require_tensors("isclose", input, other)
    check_dtypes("isclose", input, other=other)
    check_not_negative("isclose", rtol=rtol, atol=atol)
    return IsClose.apply(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether isclose holds for all elements, as a Python bool. Raises what isclose raises."""
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements, as a Python bool; `eq` compares element by element."""
    require_tensors("equal", input, other)
    return input.shape == other.shape and bool(all(eq(input, other)))
