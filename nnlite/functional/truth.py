"""Questions about all elements: whether one or every one is not 0, which ones are, whether two tensors are equal."""

from typing import Any

from ..errors import guarded
from ..tensor import Tensor
from .compare import eq
from .elementary import Elementary
from .reduce import Dims, axes_of
from .repeat import unbind


@guarded
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether one element or more over `dim` is not 0 (NaN is not); a bool, but uint8 for uint8, as in PyTorch."""
    return _over(input, "any", dim, keepdim)


@guarded
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no element over `dim` is 0, which is so where there are none; a bool, but uint8 for uint8."""
    return _over(input, "all", dim, keepdim)


def _over(input, name, dim, keepdim):
    axes = () if dim == () else axes_of(input.shape, dim)  # unlike for a sum, () is no axis
    answer = input.dtype if input.dtype == "uint8" else "bool"
    over = {"axis": axes, "keepdims": keepdim}
    return Elementary.apply(input, name=name, value=lambda xp, x: getattr(x != 0, name)(**over).astype(answer))


@guarded
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of all elements that are not 0: (how many, input.ndim); or, as a tuple, a vector for each axis."""
    if as_tuple:
        return unbind(nonzero(input if input.ndim else input.reshape(1)), 1)
    return Elementary.apply(input, name="nonzero", value=lambda xp, x: xp.argwhere(x))


@guarded
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and the same elements, as a Python bool; for each element there is `eq`."""
    return input.shape == other.shape and bool(all(eq(input, other)))
