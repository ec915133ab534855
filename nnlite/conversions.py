"""A tensor on another device, in another dtype, in or out of the graph: Tensor's methods of PyTorch's names."""

import builtins
import weakref
from functools import partial
from typing import Any

import numpy as np

from . import backend as backends
from . import functional as F
from .errors import GraphError, ShapeError
from .tensor import Tensor


def to(
    self: Tensor, *target: Any, device: Any = None, dtype: Any = None, non_blocking: Any = False, copy: Any = False
) -> Tensor:
    """On a device ('cpu', 'gpu', 'cuda' or 0), in a dtype, or both, as names or as those of another tensor.

    The tensor itself if nothing changes, unless `copy`. The result stays in the graph: gradients travel back through
    it. `non_blocking` is accepted, and whatever needs the result waits for it.
    """
    result = self
    for wanted in (*target, *(w for w in (device, dtype) if w is not None)):
        if isinstance(wanted, Tensor):
            result = to(result, wanted.device, wanted.dtype)
        elif not isinstance(wanted, (builtins.type, np.dtype)):
            result = F.to_device(result, wanted)
        elif np.dtype(wanted) != result.dtype:
            result = F.cast(result, wanted)
    return F.clone(result) if copy and result is self else result


cpu = partial(to, device="cpu")
gpu = cuda = partial(to, device="gpu")
half = partial(to, dtype=np.float16)
float = partial(to, dtype=np.float32)
double = partial(to, dtype=np.float64)
int = partial(to, dtype=np.int32)
long = partial(to, dtype=np.int64)
bool = partial(to, dtype=np.bool_)


def tolist(self: Tensor) -> Any:
    """Nested lists of Python numbers (waits for the GPU)."""
    return backends.to_device(self.array, "cpu").tolist()


def as_array(self: Tensor, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
    """What np.asarray(tensor) calls."""
    return np.array(self.numpy(), dtype=dtype, copy=copy)


def astype(self: Tensor, dtype: Any) -> Tensor:
    """A copy of another dtype."""
    return F.cast(self, dtype)


def where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """self where the condition holds, other elsewhere."""
    return F.where(condition, self, other)


def view_as(self: Tensor, other: Tensor) -> Tensor:
    return self.view(other.shape)


def transposed(self: Tensor) -> Tensor:
    """The axes in reverse order."""
    return self.permute(*range(self.ndim)[::-1])


def t(self: Tensor) -> Tensor:
    """A matrix with its two axes swapped."""
    if self.ndim > 2:
        raise ShapeError(f"t() is for matrices, this tensor has shape {self.shape}; use .transpose(dim0, dim1)")
    return transposed(self)


def formatted(self: Tensor, spec: str) -> str:
    """A single number as Python formats it, f"{loss:.3f}"; anything else as repr shows it."""
    return object.__format__(self, spec) if self.ndim else format(self.item(), spec)


def requires_grad_(self: Tensor, requires_grad: builtins.bool = True) -> Tensor:
    """Ask for a gradient here (or no longer), in place.

    Raises GraphError for a computed tensor, which cannot do without, and TypeError for whole numbers.
    """
    if self.grad_fn is not None and not requires_grad:
        raise GraphError("requires_grad_(False) is for leaves, and this tensor was computed; use .detach() first")
    if requires_grad and self.dtype.kind != "f":
        raise TypeError(f"only floating-point tensors can require gradients, not {self.dtype}; use .float()")
    self.requires_grad = requires_grad
    return self


def retain_grad(self: Tensor) -> None:
    """Leave a gradient in `.grad` of this computed tensor too; leaves have one anyway.

    Raises GraphError for a tensor that requires no gradient.
    """
    if not self.requires_grad:
        raise GraphError("retain_grad() of a tensor that requires no gradient")
    if self.grad_fn is not None:
        self.grad_fn.retained = weakref.ref(self)  # a weak one: the node must not keep its own output alive


def detach_(self: Tensor) -> Tensor:
    """Out of the graph, in place."""
    self.grad_fn, self.requires_grad = None, False
    return self
