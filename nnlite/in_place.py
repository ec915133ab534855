"""Changes in place. Each is counted, so that a backward pass that still needs the old values raises.

They are not recorded, so a change that involves a tensor which requires a gradient is refused, except inside
no_grad(). The count (`_version`) is shared by all tensors over one memory.

These are Tensor's methods of the same names; x += y is x.add_(y), and so on.
"""

import operator
from typing import Any

from . import backend as backends
from . import functional as F
from .errors import GraphError, ShapeError
from .function import is_grad_enabled, python_number
from .functional.index import two_steps
from .tensor import Tensor


def add_(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """self += alpha * other"""
    return _write(self, "+=", other if alpha == 1 else alpha * other, operator.iadd)


def sub_(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """self -= alpha * other"""
    return _write(self, "-=", other if alpha == 1 else alpha * other, operator.isub)


def mul_(self: Tensor, other: Any) -> Tensor:
    """self *= other"""
    return _write(self, "*=", other, operator.imul)


def div_(self: Tensor, other: Any) -> Tensor:
    """self /= other"""
    return _write(self, "/=", other, operator.itruediv)


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """self[key] = value"""

    def write(array: Any, value: Any) -> None:
        view, arrays = two_steps(array, key)
        array[view][Ellipsis if arrays is None else arrays] = value

    _write(self, "x[...] =", value, write)


def copy_(self: Tensor, source: Any) -> Tensor:
    """Take over the values of `source`, which is broadcast."""
    return _write(self, "copy_", source, lambda array, value: array.__setitem__(Ellipsis, value))


def fill_(self: Tensor, value: float) -> Tensor:
    """One value in every place."""
    return copy_(self, value)


def zero_(self: Tensor) -> Tensor:
    """Zeros."""
    return copy_(self, 0)


def clamp_(self: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """Cut to min..max."""
    return copy_(self, self.detach().clamp(min, max))


clip_ = clamp_


def _in_place(function: Any) -> Any:
    """function(self, ...), which takes the place of self."""

    def change(self: Tensor, *args: Any, **settings: Any) -> Tensor:
        changed = function(self.detach(), *args, **settings)
        return _write(self, f"{function.__name__}_", changed, lambda array, value: array.__setitem__(Ellipsis, value))

    return change


masked_fill_, scatter_, scatter_add_ = map(_in_place, (F.masked_fill, F.scatter, F.scatter_add))


def _write(self: Tensor, operation: str, other: Any, write: Any) -> Tensor:
    """write(array, other's array), counted. Raises the errors of nnlite for what cannot be done."""
    if is_grad_enabled() and (self.requires_grad or getattr(other, "requires_grad", False)):
        raise GraphError(
            f"{operation} in place is not recorded, and a tensor here requires a gradient; "
            "write x = x + y for a recorded sum, or use no_grad() to change a parameter"
        )
    value = python_number(getattr(other, "array", other))
    if not (isinstance(value, (int, float, list)) or backends.is_array(value)):
        raise TypeError(f"{operation} in place: expected a Tensor or a number, got {type(other).__name__}")
    backends.of(self.array, value)  # raises DeviceError for different devices
    try:
        write(self.array, value)
    except OverflowError as error:
        raise ValueError(f"{operation} in place: {error}") from error
    except ValueError as error:
        shapes = f"{getattr(value, 'shape', type(value).__name__)} into {self.array.shape}"
        raise ShapeError(f"{operation} in place: {shapes} does not go ({error})") from error
    self._version[0] += 1
    return self
