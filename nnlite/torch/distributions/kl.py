"""The Kullback-Leibler divergence of two distributions of a kind (Kullback & Leibler 1951)."""

from __future__ import annotations

import math

from ...functional import eq, gt, log, logical_and, where
from ...functional.loss import binary_cross_entropy_with_logits
from ...tensor import Tensor
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution, together
from .normal import Normal


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The mean under p of ln p(x) - ln q(x). Raises NotImplementedError for distributions of two kinds."""
    if isinstance(p, Normal) and isinstance(q, Normal):
        ratio = (p.scale / q.scale) ** 2
        return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1.0 - log(ratio))
    if isinstance(p, Categorical) and isinstance(q, Categorical):
        impossible = logical_and(eq(q.probs, 0), gt(p.probs, 0))
        return where(impossible, math.inf, p.probs * (p.finite_logits() - q.finite_logits())).sum(-1)
    if isinstance(p, Bernoulli) and isinstance(q, Bernoulli):
        logits, probs = together(q.logits, p.probs)
        return binary_cross_entropy_with_logits(logits, probs, reduction="none") - p.entropy()
    raise NotImplementedError(f"kl_divergence of {type(p).__name__} and {type(q).__name__} is not covered")
