"""Rectifiers. The other nonlinearities are in activation.py."""

from __future__ import annotations

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor


class ReLU(Function):
    """y = max(x, 0)    dx = dy where y > 0"""

    def forward(self, x):
        self.y = self.backend.elementwise(lambda x: self.xp.maximum(x, 0.0), x)
        return self.y

    def backward(self, dy):
        return self.backend.elementwise(lambda dy, y: dy * (y > 0), dy, self.y)


class LeakyReLU(Function):
    """y = x where x > 0, slope x elsewhere    dx = dy where x > 0, slope dy elsewhere"""

    def forward(self, x, *, slope):
        self.x, self.slope = x, slope
        return self.backend.elementwise(lambda x: leaky(self.xp, x, slope), x)

    def backward(self, dy):
        return self.backend.elementwise(lambda dy, x: leaky_slope_times(dy, x, self.slope), dy, self.x)


def leaky(xp, x, slope):
    """x where x > 0, slope x elsewhere. where() reads as well, but takes three times as long"""
    return xp.maximum(x, 0.0) + slope * xp.minimum(x, 0.0)


def leaky_slope_times(dy, x, slope):
    """dy where x > 0, slope dy elsewhere"""
    return dy * (x > 0) + slope * (dy * (x <= 0))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Rectifier max(x, 0) (Nair & Hinton 2010). `inplace`: the result replaces the input."""
    return Tensor.replace_(input, relu) if inplace else ReLU.apply(input)


@guarded
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, negative_slope * x elsewhere (Maas et al. 2013). `inplace`: the result replaces the input."""
    if inplace:
        return Tensor.replace_(input, lambda x: leaky_relu(x, negative_slope))
    return LeakyReLU.apply(input, slope=negative_slope)
