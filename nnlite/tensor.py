"""Tensor: an array that remembers how it was computed (autograd.py walks this memory backwards)."""

from __future__ import annotations

import functools
import importlib
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend as backends
from .autograd import walk
from .errors import guard, guarded
from .function import Function, arrays_in


class Method:
    """A function of another file as a method of the tensor that is its first argument (`swapped`: its second)."""

    def __init__(self, module: str, name: str, swapped: bool):
        self.module, self.name, self.swapped = module, name, swapped

    @functools.cached_property
    def function(self) -> Any:
        function = getattr(importlib.import_module(f".{self.module}", __package__), self.name)
        return (lambda self, other: function(other, self)) if self.swapped else function

    def __get__(self, tensor: Any, owner: Any = None) -> Any:
        return self.function if tensor is None else MethodType(self.function, tensor)


def _methods(module: str, names: str, swapped: bool = False) -> list[Any]:
    """The functions of these names in a file of nnlite, as methods."""
    return [Method(module, name, swapped) for name in names.split()]


class Tensor:
    """An n-dimensional array with a gradient.

    array           the array itself, NumPy's or CuPy's; writing into it goes unnoticed by the graph
    requires_grad   whether backward() leaves a gradient here or passes one on
    grad            Tensor of the same shape, dtype and device once backward() has run, else None
    grad_fn         the Function that made this tensor, or None for a leaf
    """

    __slots__ = (
        "__weakref__", "_grad", "_hooks", "_recorded", "_strides", "_version", "array", "grad_fn", "requires_grad",
    )  # fmt: skip
    __array_ufunc__ = None  # numpy_array * tensor asks Tensor.__rmul__ instead of looping over the elements

    def __init__(self, array: Any, requires_grad: bool = False):
        if (
            requires_grad
            or getattr(getattr(array, "dtype", None), "kind", "?") not in "biuf"
            or isinstance(array, Tensor)
        ):
            guard("Tensor", array, requires_grad)
        self.array = np.asarray(array) if isinstance(array, np.generic) else array  # what NumPy makes of 0-d arrays
        self.requires_grad = requires_grad
        self._grad: Tensor | None = None
        self.grad_fn: Function | None = None
        # In-place changes so far, and how many there were at the last one that is in the graph. It is a list, because
        # tensors over one memory share it. None in place of the first number: nothing may be changed (views.py).
        self._version: list[Any] = [0, 0]
        self._recorded: int | None = 0  # the second number as this tensor's grad_fn knows it
        self._strides: tuple[int, ...] | None = None  # PyTorch's, unless the elements follow each other row by row
        self._hooks: dict[Any, Any] | None = None  # see register_hook

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def device(self) -> backends.Device:
        return backends.device_of(self.array)

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph, and what is written here goes unnoticed by it (at your own risk)."""
        result = Tensor(self.array)
        result._strides = self._strides
        return result

    @data.setter
    def data(self, value: Tensor) -> None:
        guard("require_tensors", "data", value)
        self.array, self._strides = value.array, value._strides

    @property
    def grad(self) -> Tensor | None:
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        guard("require_tensors", "grad", *([] if value is None else [value]))
        self._grad = value

    def numel(self) -> int:
        return self.array.size

    @guarded
    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        made = f", grad_fn={type(self.grad_fn).__name__}" if self.grad_fn else ""
        leaf = ", requires_grad=True" if self.requires_grad and not made else ""
        place = "" if self.device == "cpu" else f", device={self.device!r}"
        numbers = np.array2string(backends.to_device(self.array, "cpu"), separator=", ", prefix="tensor(")
        return f"tensor({numbers}{place}{made}{leaf})"

    # Ways out of the graph

    @guarded
    def item(self) -> Any:
        """The one element as a Python number (waits for the GPU)."""
        return self.array.item()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    @guarded
    def __index__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    @guarded
    def numpy(self) -> np.ndarray:
        """The array, sharing memory. Raises DeviceError for a tensor on the GPU."""
        return self.array

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        result = self.data
        result._version, result._recorded = self._version, None
        return result

    # The backward pass

    def backward(self, gradient: Tensor | None = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Add d(self)/d(leaf) to `.grad` of every leaf that requires it; a gradient of this shape weighs the elements.

        Frees the graph unless `retain_graph`. Raises GraphError when there is nothing to differentiate.
        """
        stale = self._recorded not in (None, self._version[1])
        if gradient is not None or self.array.size != 1 or not self.requires_grad or stale or create_graph:
            guard("Tensor.backward", self, gradient, create_graph)
        xp = getattr(self.grad_fn, "xp", None) or backends.of(self.array).xp
        dy = xp.ones_like(self.array) if gradient is None else arrays_in(gradient).astype(self.array.dtype, copy=False)
        hooked = {} if self.grad_fn else {self: dy}  # leaf -> its gradient, summed up for its hooks
        for node, arrived, grads in walk(self.grad_fn, dy) if self.grad_fn else ():
            output = node.retained and node.retained()
            if output is not None and arrived is not None:
                output.accumulate_grad(arrived, xp, [arrived])
            others = [arrived, *vars(node).values()]
            for edge, grad in grads:
                if not isinstance(edge, Function) and edge.requires_grad:
                    if edge._hooks:
                        hooked[edge] = hooked[edge] + grad if edge in hooked else grad
                    else:
                        others.append(edge.accumulate_grad(grad, node.xp, others))
            if not retain_graph:
                node.free()
            del arrived, grads, others  # their memory is free for the next node
        for leaf, grad in hooked.items():
            for hook in (leaf._hooks or {}).values():
                grad = hook(grad)
            leaf.accumulate_grad(grad, xp, [grad, dy])

    def accumulate_grad(self, grad: Any, xp: Any, others: list[Any]) -> Any:
        """Add an array to `.grad`; a first one is kept as it is, unless its memory belongs to one of the others.

        A captured step (capture.py) goes on adding to the same memory. Returns the array of `.grad`.
        """
        if self._grad is None:
            shared = any(isinstance(a, xp.ndarray) and xp.may_share_memory(grad, a) for a in others)
            self._grad = Tensor(grad.copy(order="K") if shared or 0 in grad.strides else grad)
        else:
            self._grad.array += grad
        return self._grad.array

    # Operations: each is written once, in functional/, and imported when it is first called

    add, sub, mul, div, neg, pow = _methods("functional.arithmetic", "add sub mul div neg pow")
    __add__, __sub__, __mul__, __truediv__ = _methods("functional.arithmetic", "add sub mul div")
    __neg__, __pow__, __radd__, __rmul__ = _methods("functional.arithmetic", "neg pow add mul")
    exp, log, sqrt = _methods("functional.arithmetic", "exp log sqrt")
    matmul, __matmul__ = _methods("functional.linear", "matmul matmul")
    sum, mean = _methods("functional.reduce", "sum mean")
    reshape, flatten = _methods("functional.shape", "reshape flatten")
    permute, transpose, squeeze, unsqueeze = _methods("functional.shape", "permute transpose squeeze unsqueeze")
    (relu,) = _methods("functional.relu", "relu")

    __rsub__, __rtruediv__, __rpow__ = _methods("functional.arithmetic", "sub div pow", swapped=True)
    __rmatmul__ = _methods("functional.linear", "matmul", swapped=True)[0]

    # Whatever else PyTorch's tensors can do is listed in methods.py

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        __getitem__, __setitem__, __iter__, __lt__, __le__, __gt__, __ge__, replace_ = _methods("methods", "...")
