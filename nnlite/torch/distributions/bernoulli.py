"""Yes or no."""

from __future__ import annotations

from typing import Any

from ... import creation
from ...functional import ge, le, log, logical_and, lt, sigmoid
from ...functional.loss import binary_cross_entropy_with_logits
from ...tensor import Tensor
from .distribution import Distribution, check, together


class Bernoulli(Distribution):
    """1 with probability `probs`, or sigmoid(logits), else 0. Raises ValueError unless one of the two is given."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        if (probs is None) == (logits is None):
            raise ValueError("Bernoulli: give either probs or logits")
        if logits is not None:
            (self.logits,) = together(logits)
            self.probs = sigmoid(self.logits)
        else:
            (self.probs,) = together(probs)
            check("Bernoulli", "probs must lie between 0 and 1", logical_and(ge(self.probs, 0), le(self.probs, 1)))
            tiny = 1.2e-7 if self.probs.dtype == "float32" else 2.3e-16
            inside = self.probs.clip(tiny, 1.0 - tiny)
            self.logits = log(inside) - log(1.0 - inside)
        super().__init__(self.probs.shape)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def variance(self) -> Tensor:
        return self.probs * (1.0 - self.probs)

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        numbers = creation.rand(shape, dtype=self.probs.dtype, device=self.probs.device)
        return lt(numbers, self.probs).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = together(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
