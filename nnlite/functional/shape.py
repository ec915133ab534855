"""The same numbers under another shape, in other memory, of another type."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as backends
from ..errors import ShapeError
from ..function import Function, axis_of, unbroadcast
from ..tensor import Tensor, require_tensors


class Move(Function):
    """Base of operations that move numbers without changing them: they take whole ones too."""

    whole_numbers = True


class Reshape(Move):
    """The same elements in the same (row-major) order, under another shape    dx = dy under the old shape"""

    shares_memory = True

    def forward(self, x, *, shape):
        self.old = x.shape
        try:
            return x.reshape(shape)
        except ValueError as error:
            raise ShapeError(f"reshape: {x.size} elements of shape {x.shape} do not fit shape {shape}") from error

    def backward(self, dy):
        return dy.reshape(self.old)


class Permute(Move):
    """y[i, j, ...] = x with its axes in the order dims    dx = dy with the axes put back"""

    shares_memory = True

    def forward(self, x, *, dims):
        self.dims = [axis_of(d, x.shape) for d in dims]
        if sorted(self.dims) != list(range(x.ndim)):
            raise ShapeError(f"permute: dims {tuple(dims)} are not an order of the {x.ndim} axes of shape {x.shape}")
        return x.transpose(self.dims)

    def backward(self, dy):
        return dy.transpose([self.dims.index(d) for d in range(dy.ndim)])


class Expand(Move):
    """y = x repeated along axes of size 1 without copying it    dx = the sum of dy over the copies"""

    shares_memory = True

    def forward(self, x, *, shape):
        self.old = x.shape
        return self.xp.broadcast_to(x, shape)

    def backward(self, dy):
        return unbroadcast(dy, self.old)


class Clone(Move):
    """y = a copy of x    dx = dy"""

    def forward(self, x):
        return x.copy(order="K")

    def backward(self, dy):
        return dy


class ToDevice(Move):
    """y = x on another device    dx = dy on the old one"""

    def forward(self, x, *, device):
        self.old = backends.device_of(x)
        return backends.to_device(x, device)

    def backward(self, dy):
        return backends.to_device(dy, self.old)


class Cast(Move):
    """y = x in another dtype    dx = dy in the old one"""

    def forward(self, x, *, dtype):
        self.old = x.dtype
        return x.astype(dtype)

    def backward(self, dy):
        return dy.astype(self.old)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements under another shape, given as numbers or one tuple; one size may be -1.

    Shares memory with the input where that is possible. Raises ShapeError if the sizes do not multiply out.
    """
    return Reshape.apply(input, shape=_unpack(shape))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the axes from start_dim to end_dim into one."""
    require_tensors("flatten", input)
    first, last = (axis_of(dim, input.shape or (1,)) for dim in (start_dim, end_dim))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {input.shape}")
    return reshape(input, (*input.shape[:first], -1, *input.shape[last + 1 :]))


view = reshape


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The axes in another order (numbers or one tuple); shares memory. Raises ShapeError if it is no order of them."""
    return Permute.apply(input, dims=_unpack(dims))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes; shares memory."""
    require_tensors("transpose", input)
    dims, a, b = list(range(input.ndim)), axis_of(dim0, input.shape), axis_of(dim1, input.shape)
    dims[a], dims[b] = b, a
    return permute(input, dims)


def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Drop axes of size 1: all of them, or those in `dim` that are of size 1. Shares memory."""
    require_tensors("squeeze", input)
    dims = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    dropped = {axis_of(d, input.shape) for d in dims}
    return reshape(input, tuple(n for i, n in enumerate(input.shape) if n != 1 or i not in dropped))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new axis of size 1 before axis `dim`; -1 puts it last. Shares memory."""
    require_tensors("unsqueeze", input)
    axis = axis_of(dim, (*input.shape, 1))
    return reshape(input, (*input.shape[:axis], 1, *input.shape[axis:]))


def expand(input: Tensor, *sizes: Any) -> Tensor:
    """Repeat along axes of size 1, and along new ones in front, without copying; -1 keeps a size.

    The result must not be written into: its elements share memory. Raises ShapeError for other sizes.
    """
    require_tensors("expand", input)
    shape = tuple(_unpack(sizes))
    old = (1,) * (len(shape) - input.ndim) + input.shape
    sizes = tuple(n if m == -1 else m for n, m in zip(old, shape, strict=False))
    new = len(shape) - input.ndim
    if new < 0 or any(m == -1 for m in shape[:new]) or any(n not in (1, m) for n, m in zip(old, sizes, strict=True)):
        raise ShapeError(f"expand: shape {input.shape} does not expand to {shape}; only axes of size 1 can grow")
    return Expand.apply(input, shape=sizes)


def clone(input: Tensor) -> Tensor:
    """A copy inside the graph."""
    return Clone.apply(input)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """A copy of another dtype; whole numbers pass no gradient on."""
    return Cast.apply(input, dtype=np.dtype(dtype))


def to_device(input: Tensor, device: str) -> Tensor:
    """A copy on 'cpu' or 'gpu'; the tensor itself if it is there already. The gradient travels back.

    Raises DeviceError for an unknown device, or where there is no GPU.
    """
    require_tensors("to_device", input)
    return input if backends.canonical(device) == input.device else ToDevice.apply(input, device=device)


def _unpack(numbers):
    """The numbers, whether given one by one or as one tuple or list."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers
