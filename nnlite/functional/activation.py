"""Nonlinearities. Those that go element by element run over cache-sized blocks on all cores."""

from __future__ import annotations

import math

from ..errors import guarded
from ..function import Function, axis_of
from ..tensor import Tensor
from .cross_entropy import log_shares
from .relu import leaky, leaky_slope_times
from .shape import reshape

# One element at a time


class PReLU(Function):
    """y = x where x > 0, weight x elsewhere    dx = dy or weight dy,  dweight = sum of dy x where x <= 0

    weight: one number for all, or one for each channel of (N, C) and (N, C, H, W)
    """

    def forward(self, x, weight):
        self.x, self.weight = x, weight
        return self.backend.elementwise(lambda x, w: leaky(self.xp, x, w), x, constants=(weight.reshape(-1),))

    def backward(self, dy):
        dx = self.backend.elementwise(leaky_slope_times, dy, self.x, constants=(self.weight.reshape(-1),))
        sums = self.backend.column_sums(lambda dy, x: dy * self.xp.minimum(x, 0.0), dy, self.x)
        return dx, (sums if self.weight.size > 1 else sums.sum()).reshape(self.weight.shape)


class Pointwise(Function):
    """Base of formulas of one element: y = value(x), dx = dy_times_slope(dy, x), with settings such as self.alpha"""

    def forward(self, x, **settings):
        self.x = x
        vars(self).update(settings)
        return self.backend.elementwise(self.value, x)

    def backward(self, dy):
        return self.backend.elementwise(self.dy_times_slope, dy, self.x)


class ELU(Pointwise):
    """y = x where x > 0, alpha (e^x - 1) elsewhere    dx = dy where x > 0, dy alpha e^x elsewhere"""

    def value(self, x):
        return self.xp.maximum(x, 0.0) + self.alpha * self.xp.expm1(self.xp.minimum(x, 0.0))

    def dy_times_slope(self, dy, x):
        return dy * ((x > 0) + (x <= 0) * (self.alpha * self.xp.exp(self.xp.minimum(x, 0.0))))


class Hardtanh(Pointwise):
    """y = x cut to low..high    dx = dy where low < x < high"""

    def value(self, x):
        return self.xp.clip(x, self.low, self.high)

    def dy_times_slope(self, dy, x):
        return dy * ((x > self.low) & (x < self.high))


class GELU(Pointwise):
    """y = x P(x), P(x) = the share of N(0, 1) below x    dx = dy (P(x) + x p(x)),  p(x) = e^(-x^2/2) / sqrt(2 pi)"""

    def value(self, x):
        return x * normal_cdf(self.xp, x)

    def dy_times_slope(self, dy, x):
        near = cut(self.xp, x)
        density = self.xp.exp(-0.5 * near * near) * (1.0 / math.sqrt(2.0 * math.pi))
        return dy * (normal_cdf(self.xp, x) + near * density)


class TanhGELU(Pointwise):
    """y = x (1 + t) / 2, t = tanh u, u = a (x + b x^3)    dx = dy ((1 + t) + x (1 - t^2) a (1 + 3 b x^2)) / 2"""

    a, b = math.sqrt(2.0 / math.pi), 0.044715

    def value(self, x):
        return 0.5 * x * (1.0 + self.t(cut(self.xp, x)))

    def dy_times_slope(self, dy, x):
        x = cut(self.xp, x)
        t = self.t(x)
        return 0.5 * dy * (1.0 + t + x * (1.0 - t * t) * (self.a * (1.0 + 3.0 * self.b * x * x)))

    def t(self, x):
        return self.xp.tanh(self.a * x * (1.0 + self.b * x * x))


class SiLU(Pointwise):
    """y = x s, s = 1 / (1 + e^-x)    dx = dy s (1 + x (1 - s))"""

    def value(self, x):
        return x * logistic(self.xp, x)

    def dy_times_slope(self, dy, x):
        s = logistic(self.xp, x)
        return dy * (s * (1.0 + x * (1.0 - s)))


class Softplus(Pointwise):
    """y = ln(1 + e^(beta x)) / beta    dx = dy / (1 + e^(-beta x));  y = x where beta x > threshold"""

    def value(self, x):
        scaled = x * self.beta
        return self.xp.where(scaled > self.threshold, x, log_one_plus_exp(self.xp, scaled) / self.beta)

    def dy_times_slope(self, dy, x):
        scaled = x * self.beta
        return dy * self.xp.where(scaled > self.threshold, 1.0, logistic(self.xp, scaled))


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


# All elements along an axis together


class Softmax(Function):
    """y = e^x / sum of e^x along the axis    dx = y (dy - sum of y dy)"""

    def forward(self, x, *, axis):
        self.axis = axis
        powers = self.xp.exp(x - x.max(axis=axis, keepdims=True))  # the same shares, and no power above 1
        self.y = powers / powers.sum(axis=axis, keepdims=True)
        return self.y

    def backward(self, dy):
        shares = self.y * dy
        return shares - self.y * shares.sum(axis=self.axis, keepdims=True)


class LogSoftmax(Function):
    """y = x - ln(sum of e^x along the axis)    dx = dy - e^y sum of dy"""

    def forward(self, x, *, axis):
        self.axis = axis
        self.y = log_shares(self.xp, x, axis)
        return self.y

    def backward(self, dy):
        return dy - self.xp.exp(self.y) * dy.sum(axis=self.axis, keepdims=True)


# Formulas over arrays, written so that nothing overflows and no digits are lost far out


def cut(xp, x):
    """x, but at most 60 from 0: there the tails of N(0, 1) have long been 0, and the powers of x are still finite."""
    return xp.clip(x, -60.0, 60.0)


def logistic(xp, x):
    """1 / (1 + e^-x); for x < 0 it is e^x / (1 + e^x), and neither power is above 1."""
    z = xp.exp(-xp.abs(x))
    return xp.maximum(z, x > 0) / (1.0 + z)  # True counts as 1


def log_one_plus_exp(xp, x):
    """ln(1 + e^x); e^-|x| is at most 1, and log1p keeps the digits of a small one."""
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


def normal_cdf(xp, x):
    """The share of N(0, 1) below x: erfc(-x / sqrt 2) / 2, right to about 1e-16 (float32: 1e-7).

    With z = |x| / sqrt 2 the share beyond |x| is an integral, which the midpoint rule with nodes t = h/2, 3h/2, ...
    misses by a known term and about e^(-(pi / h)^2); h is small enough to make the latter vanish:

        erfc(z) / 2 = z e^(-z^2) / pi * integral of e^(-t^2) / (t^2 + z^2) over t > 0
                    = h z e^(-z^2) / pi * sum of e^(-t^2) / (t^2 + z^2) over the nodes + 1 / (1 + e^(2 pi z / h))

    (Goodwin 1949; Chiarella & Reichel 1968; Hunter & Regan 1972). The last term holds for z < pi / h; beyond, it would
    soon be more than the share itself, and without it the sum is as good.
    """
    h, nodes = (0.5, 13) if x.dtype.itemsize == 8 else (0.75, 6)
    z = xp.abs(cut(xp, x * math.sqrt(0.5)))
    squared = z * z
    total = 0.0
    for t in [h * (k + 0.5) for k in range(nodes)]:
        total = total + math.exp(-t * t) / (squared + t * t)
    correction = xp.exp((-2.0 * math.pi / h) * z) * (z < math.pi / h)
    beyond = (h / math.pi) * z * xp.exp(-squared) * total + correction / (1.0 + correction)
    return xp.abs((x > 0) - beyond)  # 1 - beyond for x > 0


# The functions


@guarded
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, weight * x elsewhere, with a learnt weight (He et al. 2015).

    weight has one element, or one for each channel (axis 1) of input (N, C, ...). Raises ShapeError otherwise.
    """
    shape = input.shape
    if len(shape) in (2, 4) or weight.shape in ((), (1,)):
        return PReLU.apply(input, weight)
    n, c, *rest = shape
    return PReLU.apply(reshape(input, (n, c, math.prod(rest), 1)), weight).reshape(shape)


@guarded
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, alpha * (e^x - 1) elsewhere (Clevert et al. 2016). `inplace`: the result replaces the input."""
    return Tensor.replace_(input, lambda x: elu(x, alpha)) if inplace else ELU.apply(input, alpha=alpha)


@guarded
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x cut to min_val..max_val; no gradient passes outside nor at the ends. `inplace`: the result replaces the input.

    Raises ValueError if min_val > max_val.
    """
    if inplace:
        return Tensor.replace_(input, lambda x: hardtanh(x, min_val, max_val))
    return Hardtanh.apply(input, low=min_val, high=max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x cut to 0..6 (Krizhevsky 2010). `inplace`: the result replaces the input."""
    return hardtanh(input, 0.0, 6.0, inplace)


@guarded
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the share of N(0, 1) below x (Hendrycks & Gimpel 2016).

    approximate='tanh' takes (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 for that share. Raises ValueError for
    any other but 'none'.
    """
    return (GELU if approximate == "none" else TanhGELU).apply(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x), also called swish (Elfwing et al. 2018). `inplace`: the result replaces the input."""
    return Tensor.replace_(input, silu) if inplace else SiLU.apply(input)


@guarded
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(beta x)) / beta, a smooth rectifier; x itself where beta x > threshold (Dugas et al. 2001).

    Raises ValueError for beta 0.
    """
    return Softplus.apply(input, beta=beta, threshold=threshold)


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent: (-1, 1)."""
    return Tanh.apply(input)


def sigmoid(input: Tensor) -> Tensor:
    """Logistic function 1 / (1 + e^-x): (0, 1)."""
    return Sigmoid.apply(input)


@guarded
def softmax(input: Tensor, dim: int | None = None) -> Tensor:
    """e^x / sum of e^x along `dim`: positive numbers that sum to 1 there. Raises IndexError for no such axis.

    Without `dim` PyTorch picks an axis by the number of axes; here that raises TypeError.
    """
    return Softmax.apply(input, axis=axis_of(dim, input.shape))


@guarded
def log_softmax(input: Tensor, dim: int | None = None) -> Tensor:
    """The logarithm of softmax, finite even where softmax underflows to 0. `dim` as in softmax."""
    return LogSoftmax.apply(input, axis=axis_of(dim, input.shape))
