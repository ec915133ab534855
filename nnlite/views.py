"""Which tensors share memory: those that do in PyTorch.

PyTorch lays elements out row by row. Here an image lies in memory pixel by pixel, with the channels of a pixel next to
each other (docs/conventions.md), so a view of PyTorch's can be a copy here, and the other way round. Each tensor
therefore knows the strides that it would have in PyTorch (`_strides`; None means row by row). They tell where PyTorch
copies: there a copy is made here too. Where PyTorch has a view and the memory here allows none, the copy is closed to
changes in place: they would be lost.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .errors import ShapeError
from .function import Function, axis_of
from .functional.cast import Clone, Expand
from .functional.index import GetItem
from .functional.shape import Permute, Reshape, reshape, unpack
from .guards.common import guards
from .tensor import Tensor

Strides = tuple[int, ...]


class Size(tuple[int, ...]):
    """A shape that says what it is: torch.Tensor(x.size()) is of this size, torch.Tensor([2, 3]) has two elements."""

    def numel(self) -> int:
        return int(np.prod(self))


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length of one axis."""
    return Size(self.shape) if dim is None else self.shape[axis_of(dim, self.shape)]


def dim(self: Tensor) -> int:
    """The number of axes."""
    return self.ndim


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements apart neighbours along each axis (or one axis) lie in PyTorch's memory."""
    strides = _strides(self)
    return strides if dim is None else strides[axis_of(dim, self.shape)]


def is_contiguous(self: Tensor) -> bool:
    """Whether PyTorch's memory has the elements row by row."""
    return self._strides is None


def contiguous(self: Tensor) -> Tensor:
    """The tensor itself if it is contiguous, else a copy that is."""
    return self if self._strides is None else Clone.apply(self, order="C")


def view(self: Tensor, *shape: Any) -> Tensor:
    """The same memory under another shape. Raises ShapeError where PyTorch's memory has no such view.

    Where it has one and the memory here does not (images), the result is a copy that cannot be changed in place.
    """
    sizes = unpack(shape)
    if not all(isinstance(n, (int, np.integer)) for n in sizes):
        raise TypeError(f"view: expected a shape, got {shape}; for another dtype use .to(dtype)")
    if laid_out_for(self, sizes) is not self:
        raise ShapeError(f"view: shape {self.shape} with its axes in another order has no view {sizes}; use .reshape()")
    return reshape(self, sizes)


def laid_out_for(self: Tensor, sizes: Strides) -> Tensor:
    """The tensor, or a contiguous copy of one that has no view of these sizes in PyTorch."""
    try:
        _layout(self).reshape(sizes, copy=False)
    except ValueError:
        return contiguous(self)
    return self


@guards("view")
def note_strides(node: Function, input: Tensor, result: Tensor) -> None:
    """Called for each operation whose result shares memory in PyTorch: gives the result its strides.

    A copy that should be a view is closed to changes.
    """
    result._strides = _of_view(node, input, result)
    if result._version is not input._version and result.array.size:
        result._version[0] = None
        if isinstance(result.array, np.ndarray):
            result.array.flags.writeable = False


@guards("layout")
def note_layout(tensor: Tensor) -> None:
    """Called for a tensor over somebody else's array, whose layout PyTorch would take over."""
    strides = tuple(step // tensor.array.itemsize for step in tensor.array.strides)
    if any(step < 0 for step in strides):
        raise ValueError("from_numpy: an axis of this array runs backwards; use array.copy()")
    tensor._strides = None if tensor.array.flags.c_contiguous else strides


def _of_view(node, input, result):
    """The strides that PyTorch's view has, None for row by row."""
    if hasattr(node, "strides"):  # known from the operations that it is made of
        return node.strides
    if isinstance(node, Reshape) and input._strides is None:
        return None
    layout = _layout(input)
    if isinstance(node, Permute):
        viewed = layout.transpose(node.dims)
    elif isinstance(node, Expand):
        viewed = np.broadcast_to(layout, result.shape)
    elif isinstance(node, GetItem):
        viewed = layout[node.view]
    elif hasattr(node, "view"):
        viewed = node.view(layout)
    else:
        viewed = layout.reshape(result.shape, copy=False)
    return None if viewed.flags.c_contiguous else viewed.strides


def _layout(tensor):
    """An array with the tensor's strides in PyTorch, to do the same with. It has no memory and is never read."""
    return np.lib.stride_tricks.as_strided(np.empty(1, "int8"), tensor.shape, _strides(tensor))


def _strides(tensor):
    return tensor._strides or tuple(math.prod(n or 1 for n in tensor.shape[i + 1 :]) for i in range(tensor.ndim))
