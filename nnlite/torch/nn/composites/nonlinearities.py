"""Rare nonlinearities, made of the usual ones, and their layers."""

import math
from typing import Any

from .... import functional as F
from ....errors import ShapeError
from ....nn.layer import Layer
from ....tensor import Tensor


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 elu(x, 1.6733): numbers with mean 0 and variance 1 keep both (Klambauer et al. 2017)."""
    return Tensor.replace_(input, selu) if inplace else 1.0507009873554805 * F.elu(input, 1.6732632423543772)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|): (-1, 1) (Bergstra et al. 2009)."""
    return F.div(input, F.abs(input) + 1.0)


def logsigmoid(input: Tensor) -> Tensor:
    """ln(sigmoid(x)), and no -infinity where sigmoid is too small."""
    return -F.softplus(-input, threshold=math.inf)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, alpha (e^(x / alpha) - 1) elsewhere (Barron 2017): elu with slope 1 at 0, whatever alpha is.

    Raises ValueError unless alpha > 0.
    """
    if inplace:
        return Tensor.replace_(input, lambda x: celu(x, alpha))
    if not alpha > 0:
        raise ValueError(f"celu: alpha must be above 0, got {alpha!r}")
    return alpha * F.elu(F.div(input, alpha))


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(x + 3) / 6: a straight line from 0 at -3 to 1 at 3 (Howard et al. 2019)."""
    if inplace:
        return Tensor.replace_(input, hardsigmoid)
    return F.div(F.relu6(F.add(input, 3.0)), 6.0)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x) (Howard et al. 2019)."""
    if inplace:
        return Tensor.replace_(input, hardswish)
    return hardsigmoid(input) * input


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)) (Misra 2019)."""
    if inplace:
        return Tensor.replace_(input, mish)
    return F.tanh(F.softplus(input)) * input


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)"""
    return F.sub(input, F.tanh(input))


def softmin(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """softmax(-x)"""
    return F.softmax(F.neg(input if dtype is None else F.cast(input, dtype)), dim)


def _above(input, threshold, value):
    return F.where(F.logical_not(F.le(input, threshold)), input, value)  # a NaN stays


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, `value` elsewhere."""
    if inplace:
        return Tensor.replace_(input, lambda x: _above(x, threshold, value))
    return _above(input, threshold, value)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b) for the two halves a and b of x along `dim` (Dauphin et al. 2017).

    Raises ShapeError for an axis of odd length.
    """
    n = input.shape[dim]
    if n % 2:
        raise ShapeError(f"glu: axis {dim} of shape {input.shape} has odd length; glu takes it in two halves")
    a, b = F.split(input, n // 2, dim)
    return a * F.sigmoid(b)


class SELU(Layer):
    """selu"""

    function = selu


class Softsign(Layer):
    """softsign"""

    function = softsign


class LogSigmoid(Layer):
    """logsigmoid"""

    function = logsigmoid


class CELU(Layer):
    """celu"""

    function = celu


class Hardsigmoid(Layer):
    """hardsigmoid"""

    function = hardsigmoid


class Hardswish(Layer):
    """hardswish"""

    function = hardswish


class Mish(Layer):
    """mish"""

    function = mish


class Tanhshrink(Layer):
    """tanhshrink"""

    function = tanhshrink


class Softmin(Layer):
    """softmin"""

    function = softmin
    inputs = ("input", "dtype")


class Threshold(Layer):
    """threshold"""

    function = threshold


class GLU(Layer):
    """glu"""

    function = glu


class Softmax2d(Layer):
    """softmax over the channels of images (N, C, H, W) or (C, H, W)"""

    function = F.softmax
    inputs = ("input", "dim")

    def forward(self, input: Tensor) -> Tensor:
        return self.compute(input, dim=-3)
