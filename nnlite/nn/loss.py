"""Losses as modules, for code that passes them around: each is the function of nnlite.functional that it names.

The module is made with what the function takes after `input` and `target`: nn.HuberLoss(delta=2.0)(input, target) is
functional.huber_loss(input, target, delta=2.0).
"""

import inspect
from collections.abc import Callable
from typing import Any

from .. import functional as F
from ..errors import guard
from ..tensor import Tensor
from .module import Module


class _Loss(Module):
    """Keeps its function's settings as attributes. Weights are saved and moved with it, but not trained."""

    function: Callable[..., Tensor]
    __signature__: inspect.Signature  # what help() and editors show

    def __init_subclass__(cls) -> None:
        parameters = inspect.signature(cls.function).parameters.values()
        cls.__signature__ = inspect.Signature([p for p in parameters if p.name not in ("input", "target")])

    def __init__(self, *args: Any, **kwargs: Any):
        given = type(self).__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        self._settings = tuple(given.arguments)
        for name, value in given.arguments.items():
            if name in ("weight", "pos_weight"):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)
        guard("Loss", self)

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
