"""Other reductions than sums: the largest and its place, variances, norms. `dim` is an axis, several, or None: all."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..errors import guarded
from ..function import Function, axis_of, is_tensor, total
from ..tensor import Tensor
from .arithmetic import div, mul, sub
from .piecewise import abs, maximum, minimum
from .reduce import Dims, Reduction, axes_of, mean, sum


class Extreme(Reduction):
    """y = the largest (or smallest) x over dim    dx = dy for the element that is it, in equal parts if several are"""

    whole_numbers = True

    def forward(self, x, *, dim, keepdim, largest):
        axes = self.prepare(x, dim)
        y = (x.max if largest else x.min)(axis=axes, keepdims=True)
        self.chosen, self.axes = x == y, axes
        return y if keepdim else y.squeeze(axes)

    def backward(self, dy):
        several = self.xp.maximum(self.chosen.sum(axis=self.axes, keepdims=True), 1)
        return self.spread(dy) * (self.chosen / several).astype(dy.dtype)


class Pick(Function):
    """y = x at one index along an axis    dx = dy there, 0 elsewhere"""

    whole_numbers = True

    def forward(self, x, *, index, axis):
        places = self.xp.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        self.chosen = places == index
        return self.xp.take_along_axis(x, index, axis)

    def backward(self, dy):
        return dy * self.chosen


class LogSumExp(Reduction):
    """y = ln(sum of e^x over dim), as m + ln(sum of e^(x - m)) with the largest x for m    dx = dy e^(x - y)"""

    def forward(self, x, *, dim, keepdim):
        axes = self.prepare(x, dim)
        largest = _finite(self.xp, x.max(axis=axes, keepdims=True))
        total = self.xp.exp(x - largest).sum(axis=axes, keepdims=True)
        empty = total == 0  # every x is -inf
        self.x, self.y = x, largest + self.xp.where(empty, -math.inf, self.xp.log(total + empty))
        return self.y if keepdim else self.y.squeeze(axes)

    def backward(self, dy):
        return self.spread(dy) * self.xp.exp(self.x - _finite(self.xp, self.y))


class Norm(Reduction):
    """y = (sum of |x|^p over dim)^(1/p)    dx = dy sign(x) (|x| / y)^(p-1), and 0 where y = 0"""

    def forward(self, x, *, p, dim, keepdim):
        axes = self.prepare(x, dim)
        self.x, self.p = x, p
        self.y = total(self.xp.abs(x) ** p, axes, keepdims=True) ** (1.0 / p)
        return self.y if keepdim else self.y.squeeze(axes)

    def backward(self, dy):
        x, y = self.x, self.y + (self.y == 0)
        share = self.xp.abs(x) / y
        return self.spread(dy) * self.xp.sign(x) * (share + (x == 0)) ** (self.p - 1)  # 0^(p-1) where sign(x) is 0


class Extremes(NamedTuple):
    """What `max` and `min` along one axis, `sort` and `topk` return, as in PyTorch."""

    values: Tensor
    indices: Tensor


@guarded
def var(
    input: Tensor, dim: Dims = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """sum of (x - mean)^2 / (n - correction) over `dim`; correction is 1, or 0 with unbiased=False.

    NaN, with a warning, for one element. Raises ShapeError for several, if they are not more than the correction.
    """
    deviation, divisor = _deviation(input, dim, unbiased, correction)
    return div(sum(mul(deviation, deviation), dim, keepdim), divisor)


@guarded
def std(
    input: Tensor, dim: Dims = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """Square root of `var`; its gradient where all elements are equal is taken as 0."""
    deviation, divisor = _deviation(input, dim, unbiased, correction)
    return div(norm(deviation, 2.0, dim, keepdim), math.sqrt(divisor))


def _deviation(input, dim, unbiased, correction):
    """x - mean over dim, and n - correction, NaN if that is not above 0."""
    n = math.prod(input.shape[axis] for axis in axes_of(input.shape, dim))
    divisor = n - (int(unbiased) if correction is None else correction)
    return sub(input, mean(input, dim, True)), divisor if divisor > 0 else math.nan


def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; with one axis `dim` (values, indices) along it; with a tensor `maximum(input, dim)`.

    Of several largest, the gradient goes to the one that is named along an axis, and to all in equal parts if
    all axes are reduced. Raises IndexError for an axis that is not there, ShapeError for no elements.
    """
    if is_tensor(dim):
        return maximum(input, dim)
    return amax(input) if dim is None else _pick(input, argmax(input, dim, True), dim, keepdim)


def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; with one axis `dim` (values, indices) along it; with a tensor `minimum(input, dim)`."""
    if is_tensor(dim):
        return minimum(input, dim)
    return amin(input) if dim is None else _pick(input, argmin(input, dim, True), dim, keepdim)


def _pick(input, index, dim, keepdim):
    if not input.shape:
        return Extremes(amax(input, dim), index)
    axis = axis_of(dim, input.shape)
    values = Pick.apply(input, index=index.array, axis=axis)
    return Extremes(values, index) if keepdim else Extremes(values.squeeze(axis), index.squeeze(axis))


@guarded
def amax(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest over `dim`; of several largest each gets an equal part of the gradient.

    Raises IndexError for an axis that is not there, ShapeError for no elements.
    """
    return Extreme.apply(input, dim=dim, keepdim=keepdim, largest=True)


@guarded
def amin(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest over `dim`; of several smallest each gets an equal part of the gradient."""
    return Extreme.apply(input, dim=dim, keepdim=keepdim, largest=False)


@guarded
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index of the largest element, the first of several: along `dim`, or in the flattened tensor. No gradient."""
    return Tensor(input.array.argmax(axis=dim, keepdims=keepdim))  # type: ignore[arg-type]


@guarded
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index of the smallest element, the first of several: along `dim`, or in the flattened tensor. No gradient."""
    return Tensor(input.array.argmin(axis=dim, keepdims=keepdim))  # type: ignore[arg-type]


@guarded
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """ln(sum of e^x over dim), without overflow. Raises ShapeError for no elements."""
    return LogSumExp.apply(input, dim=dim, keepdim=keepdim)


@guarded
def norm(input: Tensor, p: float | str = 2.0, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """(sum of |x|^p over dim)^(1/p) for p > 0; the gradient at 0 is taken as 0.

    It is the largest |x| for p = inf, the smallest for p = -inf. p = 'fro' is PyTorch's name for 2. Raises ValueError
    for 0 and other negative p.
    """
    if p in (math.inf, -math.inf):
        return (amax if p == math.inf else amin)(abs(input), dim, keepdim)
    return Norm.apply(input, p=2.0 if p == "fro" else p, dim=dim, keepdim=keepdim)


def _finite(xp, y):
    """y with 0 for infinities, so that inf - inf never makes a NaN."""
    return xp.where(xp.isfinite(y), y, 0.0)
