"""Adadelta."""

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer, change


class Adadelta(Optimizer):
    """Each gradient times the recent size of steps over its own recent size (Zeiler 2012), so that lr can be 1.

    s = rho s + (1 - rho) g^2       with g = gradient + weight_decay p
    p = p - lr d                    with d = g sqrt(a + eps) / sqrt(s + eps)
    a = rho a + (1 - rho) d^2
    """

    remembered = ("step", "square_avg", "acc_delta")

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6,
        weight_decay: float = 0.0, **others: Any,
    ):  # fmt: skip
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}, **others)

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = state.get("step", 0) + 1  # not needed here, but by PyTorch
        constants = (group["lr"], group["rho"], group["eps"], group["weight_decay"])
        change(_formula, p, g, state, ["square_avg", "acc_delta"], constants)


def _formula(p, g, s, a, lr, rho, eps, weight_decay):
    if weight_decay:
        g = g + weight_decay * p
    s *= rho
    s += (1.0 - rho) * (g * g)
    d = (a + eps) ** 0.5 / (s + eps) ** 0.5 * g
    a *= rho
    a += (1.0 - rho) * (d * d)
    p -= lr * d
