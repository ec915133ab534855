"""Losses. Each takes `reduction`: 'mean' over all elements, 'sum', or 'none'."""

from __future__ import annotations

from ..errors import ShapeError
from ..function import Function, shape_of
from ..tensor import Tensor
from .activation import logistic
from .arithmetic import abs, pow, sub


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """|input - target|. Raises ShapeError for shapes that differ (they would broadcast to another loss)."""
    _same_shape("l1_loss", input, target)
    return _reduce(abs(sub(input, target)), reduction)


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """(input - target)^2. Raises ShapeError for shapes that differ."""
    _same_shape("mse_loss", input, target)
    return _reduce(pow(sub(input, target), 2), reduction)


class BCE(Function):
    """y = -(t ln p + (1 - t) ln(1 - p)), each logarithm at least -100

    dp = dy (p - t) / (p (1 - p)),    dt = dy (ln(1 - p) - ln p)
    """

    def forward(self, p, t):
        if bool(((p < 0) | (p > 1)).any()):
            raise ValueError(
                "binary_cross_entropy: input must hold probabilities between 0 and 1; "
                "apply sigmoid first, or use binary_cross_entropy_with_logits"
            )
        self.p, self.t = p, t
        self.log_p, self.log_q = self._log(p), self._log(1.0 - p)
        return -(t * self.log_p + (1.0 - t) * self.log_q)

    def backward(self, dy):
        p = self.p
        dp = dy * (p - self.t) / self.xp.maximum(p * (1.0 - p), 1e-12)
        return dp, dy * (self.log_q - self.log_p)

    def _log(self, p):
        smallest = float(self.xp.finfo(p.dtype).smallest_subnormal)  # ln 0 would warn before it is cut
        return self.xp.maximum(self.xp.log(self.xp.maximum(p, smallest)), -100.0)


class BCEWithLogits(Function):
    """y = -(t ln s + (1 - t) ln(1 - s)) with s = sigmoid(z), as max(z, 0) - z t + ln(1 + e^-|z|)

    Written this way e^-|z| is at most 1: nothing overflows, and no digit of a small loss is lost.
    dz = dy (s - t),    dt = -dy z
    """

    def forward(self, z, t):
        self.z, self.t = z, t
        return self.xp.maximum(z, 0.0) - z * t + self.xp.log1p(self.xp.exp(-self.xp.abs(z)))

    def backward(self, dy):
        return dy * (logistic(self.xp, self.z) - self.t), -dy * self.z


def binary_cross_entropy(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """-(t ln p + (1 - t) ln(1 - p)) for probabilities p = input and targets t in 0..1.

    Logarithms are cut at -100 as in PyTorch, so p = 0 or 1 gives a finite loss. Raises ShapeError for shapes that
    differ and ValueError for an input outside 0..1 (which waits for the GPU: in training use the form with logits).
    """
    _same_shape("binary_cross_entropy", input, target)
    return _reduce(BCE.apply(input, target), reduction)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """binary_cross_entropy(sigmoid(input), target), computed without overflow or lost digits.

    Raises ShapeError for shapes that differ.
    """
    _same_shape("binary_cross_entropy_with_logits", input, target)
    return _reduce(BCEWithLogits.apply(input, target), reduction)


def _reduce(values: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return values.mean()
    if reduction == "sum":
        return values.sum()
    if reduction == "none":
        return values
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")


def _same_shape(name: str, input: Tensor, target: Tensor) -> None:
    if shape_of(input) != shape_of(target):
        raise ShapeError(f"{name}: input has shape {shape_of(input)}, target {shape_of(target)}; they must be equal")
