"""Adagrad."""

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer, buffer, change


class Adagrad(Optimizer):
    """Each gradient divided by the size of all before it (Duchi, Hazan & Singer 2011): rare features learn faster.

    s = s + g^2                     with g = gradient + weight_decay p; the first s is initial_accumulator_value
    p = p - rate g / (sqrt(s) + eps)    with rate = lr / (1 + (t - 1) lr_decay) in step t
    """

    remembered = ("step", "sum")

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0, eps: float = 1e-10, **others: Any,
    ):  # fmt: skip
        settings = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        super().__init__(params, {**settings, "initial_accumulator_value": initial_accumulator_value}, **others)

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if "sum" not in state:
            buffer(state, "sum", p)[...] = group["initial_accumulator_value"]
        t = state["step"] = state.get("step", 0) + 1
        rate = group["lr"] / (1.0 + (t - 1.0) * group["lr_decay"])
        change(_formula, p, g, state, ["sum"], (rate, group["weight_decay"], group["eps"]))


def _formula(p, g, s, rate, weight_decay, eps):
    if weight_decay:
        g = g + weight_decay * p
    s += g * g
    p -= rate * g / (s**0.5 + eps)
