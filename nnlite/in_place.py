"""Changes in place. Each is counted, so that a backward pass that still needs the old values raises.

None is recorded: where a tensor takes part that requires a gradient, a change in place is refused, except inside
no_grad(). The count (`_version`) is shared by all tensors over one memory.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from . import backend as backends
from .errors import GraphError, ShapeError
from .function import is_grad_enabled

if TYPE_CHECKING:
    from .tensor import Tensor


class InPlace:
    """The part of Tensor that writes into its array."""

    __slots__ = ()
    array: Any
    requires_grad: bool
    detach: Any
    _version: list[int]

    def _write(self, operation: str, other: Any, write: Any) -> Self:
        """write(array, other's array), counted. Raises the errors of nnlite for what cannot be done."""
        if is_grad_enabled() and (self.requires_grad or getattr(other, "requires_grad", False)):
            raise GraphError(
                f"{operation} in place is not recorded, and a tensor here requires a gradient; "
                "write x = x + y for a recorded sum, or use no_grad() to change a parameter"
            )
        value = getattr(other, "array", other)
        value = value.item() if isinstance(value, np.generic) else value
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

    def __iadd__(self, other: Any) -> Self:
        return self._write("+=", other, operator.iadd)

    def __isub__(self, other: Any) -> Self:
        return self._write("-=", other, operator.isub)

    def __imul__(self, other: Any) -> Self:
        return self._write("*=", other, operator.imul)

    def __itruediv__(self, other: Any) -> Self:
        return self._write("/=", other, operator.itruediv)

    def __setitem__(self, key: Any, value: Any) -> None:
        from .functional.index import two_steps  # index.py is made of Tensors

        def write(array: Any, value: Any) -> None:
            view, arrays = two_steps(array, key)
            array[view][Ellipsis if arrays is None else arrays] = value

        self._write("x[...] =", value, write)

    def copy_(self, source: Tensor | float) -> Self:
        """Take over the values of `source`, which is broadcast."""
        return self._write("copy_", source, lambda array, value: array.__setitem__(Ellipsis, value))

    def fill_(self, value: float) -> Self:
        """One value in every place."""
        return self.copy_(value)

    def zero_(self) -> Self:
        """Zeros."""
        return self.copy_(0)

    def add_(self, other: Any, *, alpha: float = 1) -> Self:
        """self += alpha * other"""
        self += other if alpha == 1 else alpha * other
        return self

    def sub_(self, other: Any, *, alpha: float = 1) -> Self:
        """self -= alpha * other"""
        self -= other if alpha == 1 else alpha * other
        return self

    def mul_(self, other: Any) -> Self:
        """self *= other"""
        self *= other
        return self

    def div_(self, other: Any) -> Self:
        """self /= other"""
        self /= other
        return self

    def clamp_(self, min: float | None = None, max: float | None = None) -> Self:
        """Cut to min..max."""
        return self.copy_(self.detach().clamp(min, max))

    clip_ = clamp_
