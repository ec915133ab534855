"""Tensor: an array that remembers how it was computed, and the backward pass that walks this memory."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import backend as backends
from .errors import DeviceError, GraphError, ShapeError
from .function import Function, is_grad_enabled


class Tensor:
    """An n-dimensional array with a gradient.

    data            the array itself, NumPy's or CuPy's; writing into it goes unnoticed by the graph
    requires_grad   whether backward() leaves a gradient here or passes one on
    grad            Tensor of the same shape, dtype and device once backward() has run, else None
    grad_fn         the Function that made this tensor, or None for a leaf
    """

    __slots__ = ("__weakref__", "_version", "data", "grad", "grad_fn", "requires_grad")
    __array_ufunc__ = None  # numpy_array * tensor asks Tensor.__rmul__ instead of looping over the elements

    def __init__(self, data: Any, requires_grad: bool = False):
        if isinstance(data, np.generic):  # what NumPy makes of 0-d arrays
            data = np.asarray(data)
        if not hasattr(data, "dtype"):
            raise TypeError(f"Tensor wraps an array, not {type(data).__name__}; use nnlite.tensor(...)")
        self.data = data
        self.requires_grad = requires_grad
        self.grad: Tensor | None = None
        self.grad_fn: Function | None = None
        self._version = [0]  # in-place changes so far; a list, because tensors over one memory share it
        if requires_grad:
            self.requires_grad_()

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def device(self) -> str:
        return backends.device_of(self.data)

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return self.data.size

    def dim(self) -> int:
        return self.ndim

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __repr__(self) -> str:
        made = f", grad_fn={type(self.grad_fn).__name__}" if self.grad_fn else ""
        leaf = ", requires_grad=True" if self.requires_grad and not made else ""
        place = "" if self.device == "cpu" else f", device={self.device!r}"
        return f"tensor({np.array2string(backends.to_device(self.data, 'cpu'), separator=', ')}{place}{made}{leaf})"

    # Ways out of the graph

    def item(self) -> Any:
        """The one element as a Python number (waits for the GPU)."""
        if self.data.size != 1:
            raise ShapeError(f"item() needs one element, this tensor has shape {self.shape}; reduce it first")
        return self.data.item()

    def __float__(self) -> builtins.float:
        return builtins.float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def numpy(self) -> np.ndarray:
        """The array, sharing memory. Raises DeviceError for a tensor on the GPU."""
        if self.device != "cpu":
            raise DeviceError("numpy() of a tensor on the gpu; use .cpu().numpy()")
        return self.data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        result = Tensor(self.data)
        result._version = self._version
        return result

    def clone(self) -> Tensor:
        """A copy inside the graph: its gradient flows back here."""
        return F.clone(self)

    def to(self, device: str) -> Tensor:
        """This tensor on `device` ('cpu', 'gpu' or 'cuda'); itself if it is there already. Leaves the graph."""
        data = backends.to_device(self.data, device)
        return self if data is self.data else Tensor(data, self.requires_grad)

    def cpu(self) -> Tensor:
        return self.to("cpu")

    def gpu(self) -> Tensor:
        return self.to("gpu")

    def astype(self, dtype: Any) -> Tensor:
        """A copy of another dtype."""
        return F.cast(self, dtype)

    def float(self) -> Tensor:
        return self.astype(np.float32)

    def double(self) -> Tensor:
        return self.astype(np.float64)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for a gradient here (or no longer), in place."""
        if self.grad_fn is not None:
            raise GraphError("requires_grad_ is for leaves, and this tensor was computed; use .detach() first")
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require gradients, not {self.dtype}; use .float()")
        self.requires_grad = requires_grad
        return self

    # The backward pass

    def backward(self, gradient: Tensor | None = None, retain_graph: bool = False) -> None:
        """Add d(self)/d(leaf) to `.grad` of every leaf that requires it; a gradient of this shape weighs the elements.

        Frees the graph unless `retain_graph`. Raises GraphError when there is nothing to differentiate.
        """
        if not self.requires_grad:
            raise GraphError("backward() of a tensor that requires no gradient; was it computed inside no_grad()?")
        dy = _array(gradient)
        if dy is None:
            if self.data.size != 1:
                raise GraphError(
                    f"backward() starts from one number, this tensor has shape {self.shape}; "
                    "call .mean() or .sum() first, or pass gradient="
                )
            dy = backends.of(self.data).xp.ones_like(self.data)
        if dy.shape != self.shape:
            raise ShapeError(f"backward: gradient has shape {dy.shape}, the tensor {self.shape}; make them equal")
        if self.grad_fn is None:
            self._accumulate(dy.astype(self.dtype))
        else:
            _propagate(self.grad_fn, dy.astype(self.dtype, copy=False), retain_graph)

    def _accumulate(self, grad):
        self.grad = Tensor(grad if self.grad is None else self.grad.data + grad)

    # Changes in place

    def _changed(self, operation: str, other: Any) -> Any:
        """The array, for writing: counted, so that a backward that needs the old value raises."""
        if is_grad_enabled() and (self.requires_grad or getattr(other, "requires_grad", False)):
            raise GraphError(
                f"{operation} in place is not recorded, and a tensor here requires a gradient; "
                "write x = x + y for a recorded sum, or use no_grad() to change a parameter"
            )
        self._version[0] += 1
        return self.data

    def __iadd__(self, other: Any) -> Tensor:
        data = self._changed("+=", other)
        data += _array(other)
        return self

    def __isub__(self, other: Any) -> Tensor:
        data = self._changed("-=", other)
        data -= _array(other)
        return self

    def __imul__(self, other: Any) -> Tensor:
        data = self._changed("*=", other)
        data *= _array(other)
        return self

    def __itruediv__(self, other: Any) -> Tensor:
        data = self._changed("/=", other)
        data /= _array(other)
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        self._changed("x[...] =", value)[key] = _array(value)

    def copy_(self, source: Any) -> Tensor:
        """Take over the values of `source`, in place."""
        self[...] = source
        return self

    # Operators: each stands once in functional/

    def __neg__(self) -> Tensor:
        return F.neg(self)

    def __add__(self, other: Any) -> Tensor:
        return F.add(self, other)

    def __sub__(self, other: Any) -> Tensor:
        return F.sub(self, other)

    def __mul__(self, other: Any) -> Tensor:
        return F.mul(self, other)

    def __truediv__(self, other: Any) -> Tensor:
        return F.div(self, other)

    def __pow__(self, exponent: builtins.float) -> Tensor:
        return F.pow(self, exponent)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Tensor:
        return F.sub(other, self)

    def __rtruediv__(self, other: Any) -> Tensor:
        return F.div(other, self)

    def __getitem__(self, key: Any) -> Tensor:
        return F.getitem(self, key)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def exp(self) -> Tensor:
        return F.exp(self)

    def log(self) -> Tensor:
        return F.log(self)

    def sqrt(self) -> Tensor:
        return F.sqrt(self)

    def abs(self) -> Tensor:
        return F.abs(self)

    def sum(self, dim: int | tuple[int, ...] | None = None, keepdim: bool = False) -> Tensor:
        return F.sum(self, dim, keepdim)

    def mean(self, dim: int | tuple[int, ...] | None = None, keepdim: bool = False) -> Tensor:
        return F.mean(self, dim, keepdim)

    def reshape(self, *shape: Any) -> Tensor:
        return F.reshape(self, *shape)

    view = reshape

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        return F.flatten(self, start_dim, end_dim)

    def permute(self, *dims: Any) -> Tensor:
        return F.permute(self, *dims)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        return F.transpose(self, dim0, dim1)

    def relu(self) -> Tensor:
        return F.relu(self)

    def tanh(self) -> Tensor:
        return F.tanh(self)

    def sigmoid(self) -> Tensor:
        return F.sigmoid(self)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, device: str = "cpu") -> Tensor:
    """A Tensor with a copy of `data` (array, nested lists or number).

    As in PyTorch, an array keeps its dtype and Python floats become float32. Raises TypeError for what is no number.
    """
    data = _array(data)
    array = np.asarray(data) if isinstance(data, np.generic) or not hasattr(data, "dtype") else data
    if array.dtype.kind not in "biuf":
        raise TypeError(f"tensor: expected real numbers, got {type(data).__name__} of dtype {array.dtype}")
    if dtype is None and not hasattr(data, "dtype") and array.dtype == np.float64:
        dtype = np.float32
    return Tensor(backends.to_device(array.astype(dtype or array.dtype), device), requires_grad)


def full_like(input: Tensor, fill_value: builtins.float) -> Tensor:
    """A constant of the input's shape, dtype, device and memory order."""
    return Tensor(backends.of(input.data).xp.full_like(input.data, fill_value))


def _array(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value


def _propagate(root: Function, gradient: Any, retain_graph: bool) -> None:
    """Visit each node after all that use its output; gradients of intermediate values live only in `pending`."""
    pending = {root: gradient}
    for node in _topological_order(root):
        dy = pending.pop(node, None)
        if dy is not None:
            for edge, grad in node.gradients(dy):
                if isinstance(edge, Tensor):  # a leaf: it keeps its gradient, which must be memory of its own
                    shared = 0 in grad.strides or node.xp.may_share_memory(grad, dy)
                    if edge.requires_grad:
                        edge._accumulate(grad.copy(order="K") if shared else grad)
                else:
                    pending[edge] = pending[edge] + grad if edge in pending else grad
        if not retain_graph:
            node.free()


def _topological_order(root: Function) -> list[Function]:
    """Every node before the nodes it was computed from. Iterative: graphs are deeper than Python's stack."""
    finished: list[Function] = []
    seen = {root}
    stack = [(root, iter(_parents(root)))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, iter(_parents(parent))))
                break
        else:
            finished.append(node)
            stack.pop()
    return finished[::-1]


def _parents(node: Function) -> list[Function]:
    return [] if node.freed else [edge for edge in node.edges if isinstance(edge, Function)]


from . import functional as F  # noqa: E402  (at the end: the operations are made of Tensors)
