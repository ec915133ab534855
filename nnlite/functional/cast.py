"""The same numbers in other memory: copied, of another dtype, on another device, or repeated."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as backends
from ..errors import guarded
from ..function import unbroadcast
from ..tensor import Tensor
from .shape import Move, unpack


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

    def forward(self, x, *, order="K"):
        repeated = any(step == 0 and n > 1 for n, step in zip(x.shape, x.strides, strict=True))
        return x.copy(order="C" if repeated else order)  # the order of what was expanded means nothing

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


@guarded
def expand(input: Tensor, *sizes: Any) -> Tensor:
    """Repeat along axes of size 1, and along new ones in front, without copying; -1 keeps a size.

    The result must not be written into: its elements share memory. Raises ShapeError for other sizes.
    """
    shape = tuple(unpack(sizes))
    old = (1,) * (len(shape) - input.ndim) + input.shape
    sizes = tuple(n if m == -1 else m for n, m in zip(old, shape, strict=False))
    return Expand.apply(input, shape=sizes)


def clone(input: Tensor) -> Tensor:
    """A copy inside the graph."""
    return Clone.apply(input)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """A copy of another dtype; whole numbers pass no gradient on."""
    return Cast.apply(input, dtype=np.dtype(dtype))


@guarded
def to_device(input: Tensor, device: str) -> Tensor:
    """A copy on 'cpu' or 'gpu'; the tensor itself if it is there already. The gradient travels back.

    Raises DeviceError for an unknown device, or where there is no GPU.
    """
    return input if backends.canonical(device) == input.device else ToDevice.apply(input, device=device)
