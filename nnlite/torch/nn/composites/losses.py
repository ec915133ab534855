"""Losses that ask for a margin, or are the negative logarithm of a probability.

Each takes `reduction`: 'mean' over all elements, 'sum', or 'none'.
"""

import math

from .... import functional as F
from ....functional.loss import reduced
from ....nn.loss import _Loss
from ....tensor import Tensor
from .distances import cosine_similarity, pairwise_distance
from .nonlinearities import logsigmoid


def _reduced(name: str, values: Tensor, reduction: str) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return reduced(values, reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """ln(1 + e^(-target input)) for targets +1 or -1."""
    return _reduced("soft_margin_loss", F.softplus(-target * input), reduction)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """input, the distance of a pair, where target is 1 (alike); max(0, margin - input) where it is -1 (different)."""
    alike = F.where(F.ne(target, -1), input, 0.0)
    different = F.where(F.ne(target, 1), F.relu(margin - input), 0.0)
    return _reduced("hinge_embedding_loss", alike + different, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """max(0, margin - target (input1 - input2)): target 1 wants input1 to be larger by margin, -1 the other way."""
    return _reduced("margin_ranking_loss", F.relu(margin - target * (input1 - input2)), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """With c = cosine_similarity of vectors along the last axis: 1 - c for target 1, max(0, c - margin) for -1."""
    c = cosine_similarity(input1, input2, -1)
    values = F.where(F.eq(target, 1), 1.0 - c, 0.0) + F.where(F.eq(target, -1), F.relu(c - margin), 0.0)
    return _reduced("cosine_embedding_loss", values, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + |anchor - positive|_p - |anchor - negative|_p), the distances as in pairwise_distance.

    The anchor should be nearer to what is like it than to what is not (Schroff et al. 2015). With `swap` the second
    distance is |positive - negative|_p where that is smaller (Balntas et al. 2016).
    """
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = F.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduced("triplet_margin_loss", F.relu(margin + near - far), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """The mean over the classes (last axis) of binary_cross_entropy_with_logits, times weight (C,) if given."""
    values = -(target * logsigmoid(input) + (1.0 - target) * logsigmoid(-input))
    values = values if weight is None else values * weight
    return _reduced("multilabel_soft_margin_loss", values.mean(-1), reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """rate - target ln rate: -ln p of a count `target` with this Poisson rate, without the constant ln(target!).

    `input` is ln rate with log_input, else the rate. `full` adds Stirling's approximation of ln(target!) where
    target > 1.
    """
    values = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        count = F.where(F.gt(target, 1), target, 1.0)
        stirling = count * count.log() - count + 0.5 * (2.0 * math.pi * count).log()
        values = values + F.where(F.gt(target, 1), stirling, 0.0)
    return _reduced("poisson_nll_loss", values, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(ln var + (input - target)^2 / var) / 2, where var is raised to at least eps (without changing its gradient).

    `full` adds ln(2 pi) / 2. Raises ValueError for a negative variance.
    """
    if float(F.amin(var.detach())) < 0:
        raise ValueError("gaussian_nll_loss: var must not be negative; take the exponential of what a network puts out")
    var = var + F.clip(eps - var.detach(), 0.0)
    values = 0.5 * (var.log() + (input - target) ** 2 / var)
    return _reduced("gaussian_nll_loss", values + 0.5 * math.log(2.0 * math.pi) if full else values, reduction)


class SoftMarginLoss(_Loss):
    """soft_margin_loss"""

    function = soft_margin_loss


class HingeEmbeddingLoss(_Loss):
    """hinge_embedding_loss"""

    function = hinge_embedding_loss


class MultiLabelSoftMarginLoss(_Loss):
    """multilabel_soft_margin_loss"""

    function = multilabel_soft_margin_loss


class PoissonNLLLoss(_Loss):
    """poisson_nll_loss"""

    function = poisson_nll_loss


class _LossOfThree(_Loss):
    inputs: tuple[str, ...] = ("input1", "input2", "target")

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]
        return self.compute(input1, input2, target)


class MarginRankingLoss(_LossOfThree):
    """margin_ranking_loss"""

    function = margin_ranking_loss


class CosineEmbeddingLoss(_LossOfThree):
    """cosine_embedding_loss"""

    function = cosine_embedding_loss


class TripletMarginLoss(_LossOfThree):
    """triplet_margin_loss"""

    function = triplet_margin_loss
    inputs = ("anchor", "positive", "negative")


class GaussianNLLLoss(_LossOfThree):
    """gaussian_nll_loss"""

    function = gaussian_nll_loss
    inputs = ("input", "target", "var")

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(full, eps, reduction)
