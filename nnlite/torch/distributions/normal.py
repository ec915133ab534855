"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from ... import creation
from ...functional import eq, gt, log
from ...tensor import Tensor
from .distribution import Distribution, check, together


class Normal(Distribution):
    """N(loc, scale^2), density e^(-((x - loc) / scale)^2 / 2) / (scale sqrt(2 pi)). Numbers or tensors.

    Raises ValueError unless every scale is above 0.
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self.loc, self.scale = together(loc, scale)
        super().__init__(self.loc.shape)
        check("Normal", "loc must be numbers, not NaN", eq(self.loc, self.loc))
        check("Normal", "scale must be above 0", gt(self.scale, 0))

    @property
    def mean(self) -> Tensor:
        return self.loc

    mode = mean

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale**2

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        return self.loc + creation.randn(shape, dtype=self.loc.dtype, device=self.loc.device) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        z = (value - self.loc) / self.scale
        return -(z**2) / 2.0 - log(self.scale) - math.log(math.sqrt(2.0 * math.pi))

    def entropy(self) -> Tensor:
        """(1 + ln(2 pi scale^2)) / 2"""
        return 0.5 + 0.5 * math.log(2.0 * math.pi) + log(self.scale)
