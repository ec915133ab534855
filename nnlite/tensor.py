"""Tensor: an array that remembers how it was computed (autograd.py walks this memory backwards)."""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend as backends
from .autograd import propagate
from .errors import DeviceError, GraphError, ShapeError
from .function import Function
from .in_place import InPlace


class Tensor(InPlace):
    """An n-dimensional array with a gradient.

    array           the array itself, NumPy's or CuPy's; writing into it goes unnoticed by the graph
    requires_grad   whether backward() leaves a gradient here or passes one on
    grad            Tensor of the same shape, dtype and device once backward() has run, else None
    grad_fn         the Function that made this tensor, or None for a leaf
    """

    __slots__ = ("__weakref__", "_grad", "_version", "array", "grad_fn", "requires_grad")
    __array_ufunc__ = None  # numpy_array * tensor asks Tensor.__rmul__ instead of looping over the elements
    if TYPE_CHECKING:  # the functions of methods.py are methods as well

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, array: Any, requires_grad: builtins.bool = False):
        if isinstance(array, np.generic):  # what NumPy makes of 0-d arrays
            array = np.asarray(array)
        if isinstance(array, Tensor) or not hasattr(array, "dtype"):
            raise TypeError(f"Tensor wraps an array, not {type(array).__name__}; use nnlite.tensor(...)")
        if not backends.is_array(array):
            raise TypeError(f"Tensor holds real numbers or bools, not {array.dtype}")
        self.array = array
        self.requires_grad = requires_grad
        self._grad: Tensor | None = None
        self.grad_fn: Function | None = None
        self._version = [0]  # in-place changes so far; a list, because tensors over one memory share it
        if requires_grad:
            self.requires_grad_()

    # What it is

    @property
    def shape(self) -> tuple[builtins.int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def ndim(self) -> builtins.int:
        return self.array.ndim

    @property
    def device(self) -> str:
        return backends.device_of(self.array)

    @property
    def is_leaf(self) -> builtins.bool:
        return self.grad_fn is None

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        return F.permute(self, *range(self.ndim)[::-1])

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph, and what is written here goes unnoticed by it (at your own risk)."""
        return Tensor(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        require_tensors("data", value)
        self.array = value.array

    @property
    def grad(self) -> Tensor | None:
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            require_tensors("grad", value)
        self._grad = value

    def size(self, dim: builtins.int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> builtins.int:
        return self.array.size

    def dim(self) -> builtins.int:
        return self.ndim

    def __len__(self) -> builtins.int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __repr__(self) -> str:
        made = f", grad_fn={type(self.grad_fn).__name__}" if self.grad_fn else ""
        leaf = ", requires_grad=True" if self.requires_grad and not made else ""
        place = "" if self.device == "cpu" else f", device={self.device!r}"
        return f"tensor({np.array2string(backends.to_device(self.array, 'cpu'), separator=', ')}{place}{made}{leaf})"

    # Ways out of the graph

    def item(self) -> Any:
        """The one element as a Python number (waits for the GPU)."""
        if self.array.size != 1:
            raise ShapeError(f"item() needs one element, this tensor has shape {self.shape}; reduce it first")
        return self.array.item()

    def __float__(self) -> builtins.float:
        return builtins.float(self.item())

    def __int__(self) -> builtins.int:
        return builtins.int(self.item())

    def __index__(self) -> builtins.int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"an index is a whole number, not {self.dtype}; use .long()")
        return builtins.int(self.item())

    def __bool__(self) -> builtins.bool:
        return builtins.bool(self.item())

    def tolist(self) -> Any:
        """Nested lists of Python numbers (waits for the GPU)."""
        return backends.to_device(self.array, "cpu").tolist()

    def numpy(self) -> np.ndarray:
        """The array, sharing memory. Raises DeviceError for a tensor on the GPU."""
        if self.device != "cpu":
            raise DeviceError("numpy() of a tensor on the gpu; use .cpu().numpy()")
        return self.array

    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def detach(self) -> Tensor:
        """The same memory, outside the graph."""
        result = Tensor(self.array)
        result._version = self._version
        return result

    def to(self, *target: Any, device: Any = None, dtype: Any = None) -> Tensor:
        """On a device ('cpu', 'gpu' or 'cuda'), in a dtype, or both, as names or as those of another tensor.

        Itself if it is so already. Stays in the graph: a gradient travels back.
        """
        result = self
        for wanted in (*target, *(w for w in (device, dtype) if w is not None)):
            if isinstance(wanted, Tensor):
                result = result.to(wanted.device, wanted.dtype)
            elif not isinstance(wanted, (type, np.dtype)):
                result = F.to_device(result, wanted)
            elif np.dtype(wanted) != result.dtype:
                result = F.cast(result, wanted)
        return result

    def cpu(self) -> Tensor:
        return self.to("cpu")

    def gpu(self) -> Tensor:
        return self.to("gpu")

    cuda = gpu

    def contiguous(self) -> Tensor:
        """Itself: operations here take any memory order."""
        return self

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """self where the condition holds, other elsewhere."""
        return F.where(condition, self, other)

    def view_as(self, other: Tensor) -> Tensor:
        return F.reshape(self, other.shape)

    def t(self) -> Tensor:
        """A matrix with its two axes swapped."""
        if self.ndim > 2:
            raise ShapeError(f"t() is for matrices, this tensor has shape {self.shape}; use .transpose(dim0, dim1)")
        return self.T

    def type(self, dtype: Any) -> Tensor:
        return self.to(np.dtype(dtype))

    def astype(self, dtype: Any) -> Tensor:
        """A copy of another dtype."""
        return F.cast(self, dtype)

    def half(self) -> Tensor:
        return self.to(np.float16)

    def float(self) -> Tensor:
        return self.to(np.float32)

    def double(self) -> Tensor:
        return self.to(np.float64)

    def int(self) -> Tensor:
        return self.to(np.int32)

    def long(self) -> Tensor:
        return self.to(np.int64)

    def bool(self) -> Tensor:
        return self.to(np.bool_)

    def requires_grad_(self, requires_grad: builtins.bool = True) -> Tensor:
        """Ask for a gradient here (or no longer), in place."""
        if self.grad_fn is not None:
            raise GraphError("requires_grad_ is for leaves, and this tensor was computed; use .detach() first")
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require gradients, not {self.dtype}; use .float()")
        self.requires_grad = requires_grad
        return self

    def retain_grad(self) -> None:
        """Leave a gradient in `.grad` of this computed tensor too; leaves have one anyway."""
        if not self.requires_grad:
            raise GraphError("retain_grad() of a tensor that requires no gradient")
        if self.grad_fn is not None:
            self.grad_fn.retained = weakref.ref(self)  # a weak one: the node must not keep its own output alive

    # The backward pass

    def backward(self, gradient: Tensor | None = None, retain_graph: builtins.bool = False) -> None:
        """Add d(self)/d(leaf) to `.grad` of every leaf that requires it; a gradient of this shape weighs the elements.

        Frees the graph unless `retain_graph`. Raises GraphError when there is nothing to differentiate.
        """
        if not self.requires_grad:
            raise GraphError("backward() of a tensor that requires no gradient; was it computed inside no_grad()?")
        dy = arrays_in(gradient)
        if dy is not None and not backends.is_array(dy):
            raise TypeError(f"backward: gradient is a Tensor of shape {self.shape}, not {type(gradient).__name__}")
        if dy is None:
            if self.array.size != 1:
                raise GraphError(
                    f"backward() starts from one number, this tensor has shape {self.shape}; "
                    "call .mean() or .sum() first, or pass gradient="
                )
            dy = backends.of(self.array).xp.ones_like(self.array)
        backends.of(dy, self.array)  # raises DeviceError for different devices
        if dy.shape != self.shape:
            raise ShapeError(f"backward: gradient has shape {dy.shape}, the tensor {self.shape}; make them equal")
        if self.grad_fn is None:
            self.accumulate_grad(dy.astype(self.dtype))
        else:
            propagate(self.grad_fn, dy.astype(self.dtype, copy=False), retain_graph)

    def accumulate_grad(self, grad: Any) -> None:
        """Add an array to `.grad`, in place: a captured step (capture.py) goes on adding to the same memory."""
        if self.grad is None:
            self.grad = Tensor(grad)
        else:
            self.grad.array += grad

    # Operators: each stands once in functional/

    def __neg__(self) -> Tensor:
        return F.neg(self)

    def __abs__(self) -> Tensor:
        return F.abs(self)

    def __add__(self, other: Any) -> Tensor:
        return F.add(self, other)

    def __sub__(self, other: Any) -> Tensor:
        return F.sub(self, other)

    def __mul__(self, other: Any) -> Tensor:
        return F.mul(self, other)

    def __truediv__(self, other: Any) -> Tensor:
        return F.div(self, other)

    def __pow__(self, exponent: Any) -> Tensor:
        return F.pow(self, exponent)

    def __matmul__(self, other: Any) -> Tensor:
        return F.matmul(self, other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Tensor:
        return F.sub(other, self)

    def __rtruediv__(self, other: Any) -> Tensor:
        return F.div(other, self)

    def __rpow__(self, other: Any) -> Tensor:
        return F.pow(other, self)

    def __rmatmul__(self, other: Any) -> Tensor:
        return F.matmul(other, self)

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        return F.eq(self, other) if _is_numeric(other) else NotImplemented

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        return F.ne(self, other) if _is_numeric(other) else NotImplemented

    def __lt__(self, other: Any) -> Tensor:
        return F.lt(self, other)

    def __le__(self, other: Any) -> Tensor:
        return F.le(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return F.gt(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return F.ge(self, other)

    def __invert__(self) -> Tensor:
        if self.dtype.kind != "b":
            raise TypeError(f"~ turns a bool tensor around, not one of {self.dtype}")
        return F.logical_not(self)

    def __and__(self, other: Any) -> Tensor:
        return F.logical_and(self, other)

    def __or__(self, other: Any) -> Tensor:
        return F.logical_or(self, other)

    __hash__ = object.__hash__  # a tensor in a set or dictionary is itself, whatever its values

    def __getitem__(self, key: Any) -> Tensor:
        return F.getitem(self, key)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))


def _is_numeric(value: Any) -> bool:
    return isinstance(value, (Tensor, builtins.int, builtins.float)) or hasattr(value, "dtype")


def require_tensors(name: str, *values: Any) -> None:
    """Raise TypeError, naming the function, if a value is not a Tensor."""
    for value in values:
        if not isinstance(value, Tensor):
            given = type(value).__name__
            raise TypeError(f"{name}: expected a Tensor, got {given}; make one with nnlite.tensor(...)")


def arrays_in(value: Any) -> Any:
    """The value with its array for a Tensor, also inside a tuple or list."""
    if isinstance(value, (tuple, list)):
        return type(value)(arrays_in(v) for v in value)
    return value.array if isinstance(value, Tensor) else value


from . import functional as F  # noqa: E402  (at the end: the operations are made of Tensors)
