"""Losses as modules, for code that passes them around: each is the function of nnlite.functional that it names.

The module is made with what the function takes after `input` and `target`: nn.HuberLoss(delta=2.0)(input, target) is
functional.huber_loss(input, target, delta=2.0).
"""

from .. import functional as F
from ..tensor import Tensor
from .layer import Layer


class _Loss(Layer):
    inputs: tuple[str, ...] = ("input", "target")

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]
        return self.compute(input, target)

    def extra_repr(self) -> str:
        return ""


class L1Loss(_Loss):
    """functional.l1_loss"""

    function = F.l1_loss


class MSELoss(_Loss):
    """functional.mse_loss"""

    function = F.mse_loss


class HuberLoss(_Loss):
    """functional.huber_loss"""

    function = F.huber_loss


class SmoothL1Loss(_Loss):
    """functional.smooth_l1_loss"""

    function = F.smooth_l1_loss


class BCELoss(_Loss):
    """functional.binary_cross_entropy"""

    function = F.binary_cross_entropy


class BCEWithLogitsLoss(_Loss):
    """functional.binary_cross_entropy_with_logits"""

    function = F.binary_cross_entropy_with_logits


class KLDivLoss(_Loss):
    """functional.kl_div"""

    function = F.kl_div


class CrossEntropyLoss(_Loss):
    """functional.cross_entropy"""

    function = F.cross_entropy


class NLLLoss(_Loss):
    """functional.nll_loss"""

    function = F.nll_loss
