"""One of several classes."""

from __future__ import annotations

import numpy as np

from ... import creation
from ...functional import argmax, eq, exp, ge, log, log_softmax, logical_and, lt, where
from ...functional.cross_entropy import OneHot
from ...tensor import Tensor
from ...views import Size
from .distribution import Distribution, check


class Categorical(Distribution):
    """Class k of the last axis with probability probs[..., k] / their sum, or softmax(logits)[..., k].

    Raises ValueError unless one of the two is given, and for probabilities below 0.
    """

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None):
        given = probs if logits is None else logits
        if given is None or (probs is not None and logits is not None):
            raise ValueError("Categorical: give either probs or logits")
        if given.ndim < 1:
            raise ValueError("Categorical: the last axis holds the classes, got a tensor without axes")
        if logits is not None:
            self.logits = log_softmax(logits, -1)
            self.probs = exp(self.logits)
        else:
            check("Categorical", "probs must not be negative", ge(given, 0))
            self.probs = given / given.sum(-1, keepdim=True)
            tiny = 1.1920928955078125e-07 if given.dtype == "float32" else 2.220446049250313e-16
            self.logits = log(self.probs.clip(tiny, 1.0 - tiny))  # as PyTorch cuts them
        super().__init__(given.shape[:-1])

    @property
    def param_shape(self) -> Size:
        return self.probs.size()

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """Divided by numbers from Exp(1), the largest of the probabilities is the k-th with probability p[k]."""
        u = creation.rand((*shape, self.probs.shape[-1]), dtype=self.logits.dtype, device=self.logits.device)
        return argmax(self.probs / -log(u.clip(1e-38)), -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """ln p of the classes `value`, whole numbers."""
        classes = self.logits.shape[-1]
        there = logical_and(ge(value, 0), lt(value, classes))
        check("Categorical.log_prob", f"value must be classes from 0 to {classes - 1}", there)
        options = {"classes": classes, "axis": -1, "ignore_index": -100, "dtype": self.logits.dtype}
        return where(eq(OneHot.apply(value, **options), 1), self.logits, 0.0).sum(-1)

    def entropy(self) -> Tensor:
        return -(self.probs * self.finite_logits()).sum(-1)

    def finite_logits(self) -> Tensor:
        """The logits, whose -infinity for a class that never comes would make 0 times it a NaN."""
        return self.logits.clip(float(np.finfo(self.logits.dtype).min))
