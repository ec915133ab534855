"""Losses as modules, for code that passes them around. Each is the function of nnlite.functional that it names."""

from collections.abc import Callable
from typing import Any

from .. import functional as F
from ..errors import guard
from ..tensor import Tensor
from .module import Module


class _Loss(Module):
    """Keeps the settings of its function as attributes. Weights are saved and moved with it, but not trained."""

    function: Callable[..., Tensor]
    reductions: tuple[str, ...] = ("mean", "sum", "none")

    def __init__(self, *, reduction: str = "mean"):
        self._set(reduction=reduction)

    def _set(self, **settings: Any) -> None:
        self._settings = tuple(settings)
        for name, value in settings.items():
            keep = self.register_buffer if name in ("weight", "pos_weight") else self.__setattr__
            keep(name, value)
        guard("settings", self)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return type(self).function(input, target, **{name: getattr(self, name) for name in self._settings})


class L1Loss(_Loss):
    """functional.l1_loss"""

    function = F.l1_loss


class MSELoss(_Loss):
    """functional.mse_loss"""

    function = F.mse_loss


class HuberLoss(_Loss):
    """functional.huber_loss"""

    function = F.huber_loss

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        self._set(reduction=reduction, delta=delta)


class SmoothL1Loss(_Loss):
    """functional.smooth_l1_loss"""

    function = F.smooth_l1_loss

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0):
        self._set(reduction=reduction, beta=beta)
        guard("SmoothL1Loss", self)


class BCELoss(_Loss):
    """functional.binary_cross_entropy"""

    function = F.binary_cross_entropy

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean"):
        self._set(weight=weight, reduction=reduction)


class BCEWithLogitsLoss(_Loss):
    """functional.binary_cross_entropy_with_logits"""

    function = F.binary_cross_entropy_with_logits

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None):
        self._set(weight=weight, reduction=reduction, pos_weight=pos_weight)


class KLDivLoss(_Loss):
    """functional.kl_div"""

    function = F.kl_div
    reductions = (*_Loss.reductions, "batchmean")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False):
        self._set(reduction=reduction, log_target=log_target)


class CrossEntropyLoss(_Loss):
    """functional.cross_entropy"""

    function = F.cross_entropy

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        self._set(weight=weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing)


class NLLLoss(_Loss):
    """functional.nll_loss"""

    function = F.nll_loss

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"):
        self._set(weight=weight, ignore_index=ignore_index, reduction=reduction)
