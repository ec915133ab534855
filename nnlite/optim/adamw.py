"""AdamW: Adam, and weight decay as a step of its own."""

from collections.abc import Iterable
from typing import Any

from .adam import Adam


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019): p = p - lr weight_decay p, then Adam's step.

    In Adam the decay is part of the gradient, so it is divided by the gradient's size: weights with large gradients
    hardly decay. Here all decay alike.
    """

    always = ("decoupled_weight_decay",)

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, **others: Any,
    ):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **others)

    @staticmethod
    def formula(p, g, m, v, lr, b1, b2, eps, weight_decay, unbias1, unbias2, largest=None):
        p *= 1.0 - lr * weight_decay
        Adam.formula(p, g, m, v, lr, b1, b2, eps, 0.0, unbias1, unbias2, largest)
