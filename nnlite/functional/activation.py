"""Nonlinearities, element by element. Each formula runs over cache-sized blocks on all cores."""

from __future__ import annotations

from ..function import Function
from ..tensor import Tensor


class LeakyReLU(Function):
    """y = x where x > 0, slope x elsewhere    dx = dy where x > 0, slope dy elsewhere"""

    def forward(self, x, *, slope):
        self.x, self.slope = x, slope
        # where() would read as well, but takes ten times as long as sums and products
        return self.backend.elementwise(lambda x: self.xp.maximum(x, 0.0) + slope * self.xp.minimum(x, 0.0), x)

    def backward(self, dy):
        return self.backend.elementwise(lambda dy, x: dy - (1.0 - self.slope) * (dy * (x <= 0)), dy, self.x)


class ReLU(Function):
    """y = max(x, 0)    dx = dy where y > 0"""

    def forward(self, x):
        self.y = self.backend.elementwise(lambda x: self.xp.maximum(x, 0.0), x)
        return self.y

    def backward(self, dy):
        return self.backend.elementwise(lambda dy, y: dy * (y > 0), dy, self.y)


class Tanh(Function):
    """y = tanh x    dx = dy (1 - y^2)"""

    def forward(self, x):
        self.y = self.backend.elementwise(self.xp.tanh, x)
        return self.y

    def backward(self, dy):
        return self.backend.elementwise(lambda dy, y: dy * (1.0 - y * y), dy, self.y)


class Sigmoid(Function):
    """y = 1 / (1 + e^-x)    dx = dy y (1 - y)"""

    def forward(self, x):
        self.y = self.backend.elementwise(lambda x: logistic(self.xp, x), x)
        return self.y

    def backward(self, dy):
        return self.backend.elementwise(lambda dy, y: dy * (y * (1.0 - y)), dy, self.y)


def logistic(xp, x):
    """1 / (1 + e^-x) for arrays, written so that it never overflows and keeps its digits far out on both sides."""
    z = xp.exp(-xp.abs(x))
    return xp.where(x > 0, 1.0, z) / (1.0 + z)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Rectifier max(x, 0) (Nair & Hinton 2010). `inplace` is accepted and ignored."""
    return ReLU.apply(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, negative_slope * x elsewhere (Maas, Hannun & Ng 2013). `inplace` is accepted and ignored."""
    return LeakyReLU.apply(input, slope=negative_slope)


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent: (-1, 1)."""
    return Tanh.apply(input)


def sigmoid(input: Tensor) -> Tensor:
    """Logistic function 1 / (1 + e^-x): (0, 1)."""
    return Sigmoid.apply(input)
