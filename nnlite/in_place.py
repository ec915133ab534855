"""Changes in place. Each is counted, so that a backward pass that still needs the old values raises.

The count (`_version`) is shared by all tensors over one memory. A change that needs a gradient is recorded: the tensor
that was changed becomes the result of the operation (`replace_`). Other tensors over the same memory, whose part of the
graph does not know of it, raise when they are used again.

These are Tensor's methods of the same names; x += y is x.add_(y), and so on.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import backend as backends
from . import functional as F
from .errors import GraphError, ShapeError, guard
from .function import Function, is_grad_enabled, is_tensor, python_number, unbroadcast
from .functional.index import getitem, two_steps
from .tensor import Tensor


def _operator(symbol: str, change: Any, function: Any) -> Any:
    """An arithmetic operator as a method that changes its tensor: self += alpha * other, and so on."""

    def method(self: Tensor, other: Any, **alpha: float) -> Tensor:
        value = other if alpha.get("alpha", 1) == 1 else other * alpha["alpha"]
        _check_current(self)
        return _write(self, symbol, value, change, lambda x: function(x, value))

    return method


add_ = _operator("+=", operator.iadd, F.add)
sub_ = _operator("-=", operator.isub, F.sub)
mul_ = _operator("*=", operator.imul, F.mul)
div_ = _operator("/=", operator.itruediv, F.div)


class SetItem(Function):
    """y = x, but value at the key    dx = dy, but 0 at the key; dvalue = dy at the key"""

    whole_numbers = True

    def forward(self, x, value, *, key):
        self.view, self.arrays = two_steps(x, key)
        self.shape = getattr(value, "shape", ())
        y = x.copy(order="K")
        y[self.view][Ellipsis if self.arrays is None else self.arrays] = value
        return y

    def backward(self, dy):
        arrays, dx = Ellipsis if self.arrays is None else self.arrays, dy.copy(order="K")
        dx[self.view][arrays] = 0.0
        part = dy[self.view][arrays]
        part = part.reshape((1,) * (len(self.shape) - part.ndim) + part.shape)  # value may have more axes
        return dx, unbroadcast(part, self.shape)


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """self[key] = value

    x[key] += y ends here too: Python changes the view x[key] first and assigns it to its own place then.
    """
    guard("getitem", self, key)
    if not (is_tensor(value) and value._version is self._version and value.shape == getitem(self.data, key).shape):
        _check_current(self)

    def write(array: Any, value: Any) -> None:
        view, arrays = two_steps(array, key)
        array[view][Ellipsis if arrays is None else arrays] = value

    _write(self, "x[...] =", value, write, lambda x: SetItem.apply(x, value, key=key))


def copy_(self: Tensor, source: Any) -> Tensor:
    """Take over the values of `source`, which is broadcast."""
    _check_current(self)
    if getattr(source, "ndim", 0) > self.ndim:
        raise ShapeError(f"copy_ in place: {source.shape} into {self.shape} does not go (more axes)")
    return _write(self, "copy_", source, _assign, lambda x: SetItem.apply(x, source, key=...))


def _assign(array, value):
    array[...] = value


def fill_(self: Tensor, value: float) -> Tensor:
    """One value in every place."""
    return copy_(self, value)


def zero_(self: Tensor) -> Tensor:
    """Zeros."""
    return copy_(self, 0)


def replacing(function: Any) -> Any:
    """A function of a tensor as a method that changes the tensor: x.method(...) makes x what function(x, ...) is."""
    return lambda self, *args, **settings: replace_(self, lambda x: function(x, *args, **settings))


def _replacing(name: str) -> Any:
    # by name, as functional/ is only being imported when it asks for this file
    return replacing(lambda x, *args, **settings: getattr(F, name)(x, *args, **settings))


relu_, sigmoid_, tanh_, exp_, log_, sqrt_ = map(_replacing, ("relu", "sigmoid", "tanh", "exp", "log", "sqrt"))
abs_, neg_, pow_, clamp_, clip_ = map(_replacing, ("abs", "neg", "pow", "clamp", "clip"))
scatter_ = _replacing("scatter")


def replace_(self: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """self = function(self): the result takes this tensor's place, its values in this memory, its node in the graph.

    Raises GraphError where PyTorch raises too: for a leaf that requires a gradient, or a view of one.
    """
    guard("require_tensors", "inplace", self)
    _check_current(self)
    return _replaced(self, function)


def _replaced(self, function):
    before = Tensor(self.array.copy(order="K"))  # what the operation keeps for backward must not change
    before.requires_grad, before.grad_fn = self.requires_grad, self.grad_fn
    result = function(before)
    if not np.can_cast(result.dtype, self.dtype, "same_kind"):
        raise TypeError(f"a change in place makes {result.dtype} of {self.dtype}; convert the tensor first")
    if result.shape != self.shape:
        raise ShapeError(f"a change in place makes {result.shape} of {self.shape}; write x = x + y for a new shape")
    if result.requires_grad:
        _check_recordable(self)
    _write(self.detach(), "a change", result.detach(), _assign, None)
    if result.requires_grad:
        self._version[1] = self._recorded = self._version[0]
        self.requires_grad, self.grad_fn = True, result.grad_fn
    return self


def _check_current(self):
    """Raise if a recorded change through another tensor over this memory is missing from this one's graph."""
    if is_grad_enabled() and self._recorded not in (None, self._version[1]):
        guard("overwritten", self)


def _check_recordable(self):
    """Raise unless a recorded change may take the tensor's place in the graph: weights are changed by optimisers."""
    node, edge = self.grad_fn, self
    while node is not None and node.shares_memory and not node.freed:
        edge = node.edges[0]
        node = edge if isinstance(edge, Function) else None
    if is_tensor(edge) and edge.grad_fn is None and edge.requires_grad:
        raise GraphError(
            "a leaf that requires a gradient, or a view of one, cannot be changed in place while operations are "
            "recorded; write x = x + y, or change it inside no_grad()"
        )


def _write(self: Tensor, operation: str, other: Any, write: Any, recorded: Any) -> Tensor:
    """write(array, other's array), counted. Raises the errors of nnlite for what cannot be done.

    Where a gradient is required, recorded(self) takes self's place instead.
    """
    value = python_number(getattr(other, "array", other))
    if not (isinstance(value, (int, float, list)) or backends.is_array(value)):
        raise TypeError(f"{operation} in place: expected a Tensor or a number, got {type(other).__name__}")
    if self._version[0] is None:
        raise GraphError(
            f"{operation} in place: this tensor of shape {self.shape} is a copy of one that it shares memory with in "
            "PyTorch, and the change would be lost; change that one (x.copy_(changed.view_as(x))), or a .clone()"
        )
    if is_grad_enabled() and (self.requires_grad or getattr(other, "requires_grad", False)):
        return _replaced(self, recorded)
    backends.of(self.array, value)  # raises DeviceError for different devices
    if self.dtype.kind in "iu" and getattr(value, "dtype", self.dtype).kind in "iu":
        value = getattr(value, "astype", lambda dtype: value)(self.dtype)  # whole numbers of other sizes are cast
    try:
        write(self.array, value)
    except OverflowError as error:
        raise ValueError(f"{operation} in place: {error}") from error
    except ValueError as error:
        shapes = f"{getattr(value, 'shape', type(value).__name__)} into {self.array.shape}"
        raise ShapeError(f"{operation} in place: {shapes} does not go ({error})") from error
    self._version[0] += 1
    return self
