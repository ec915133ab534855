"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import backend as backends
from ..tensor import Tensor
from .optimizer import Optimizer, zeros_like


class SGD(Optimizer):
    """v = momentum v + g,  p = p - lr v  with g = gradient + weight_decay p (Polyak 1964 for the momentum)."""

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, *, weight_decay: float = 0.0
    ):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def update(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        assert p.grad is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros_like(p)
        constants = (group["lr"], group["momentum"], group["weight_decay"])
        arrays = (p.data, p.grad.data, state["momentum_buffer"].data)
        backends.of(p.data).update(_step, *arrays, constants=constants)


def _step(p, g, v, lr, momentum, weight_decay):
    v *= momentum
    v += g + weight_decay * p if weight_decay else g
    p -= lr * v
