"""Stochastic gradient descent."""

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer, change


class SGD(Optimizer):
    """Stochastic gradient descent (Robbins & Monro 1951), with momentum (Polyak 1964).

    p = p - lr v  with v = momentum v + (1 - dampening) g,  g = gradient + weight_decay p

    The first v is g. With nesterov, p = p - lr (g + momentum v): the gradient as if taken one step ahead (Nesterov
    1983, in the form of Sutskever et al. 2013). Without momentum, v is g and nothing is remembered.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
        weight_decay: float = 0.0, nesterov: bool = False, **others: Any,
    ):  # fmt: skip
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening}
        super().__init__(params, {**settings, "weight_decay": weight_decay, "nesterov": nesterov}, **others)

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, momentum, weight_decay = group["lr"], group["momentum"], group["weight_decay"]
        if momentum == 0:
            return change(_plain, p, g, state, [], (lr, weight_decay))
        new = 1.0 - group["dampening"] if "momentum_buffer" in state else 1.0
        constants = (lr, weight_decay, momentum, new, group["nesterov"])
        change(_with_momentum, p, g, state, ["momentum_buffer"], constants)


def _plain(p, g, lr, weight_decay):
    p -= lr * (g + weight_decay * p if weight_decay else g)


def _with_momentum(p, g, v, lr, weight_decay, momentum, new, nesterov):
    if weight_decay:
        g = g + weight_decay * p
    v *= momentum
    v += new * g
    p -= lr * (g + momentum * v if nesterov else v)
