"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import backend as backends
from ..tensor import Tensor
from .optimizer import Optimizer, buffer, within


class RMSprop(Optimizer):
    """Each gradient divided by its own recent size (Tieleman & Hinton 2012, lecture 6.5).

    s = alpha s + (1 - alpha) g^2   with g = gradient + weight_decay p
    p = p - lr v                    with v = momentum v + g / (sqrt(s) + eps)

    With `centered`, s - m^2 stands for s: the variance instead of the square (Graves 2013), with the mean
    m = alpha m + (1 - alpha) g.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ):
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "momentum": momentum, "centered": centered})

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        if not within(group["alpha"], 0.0, 1.0):
            raise ValueError(f"RMSprop: alpha must lie in 0 <= alpha < 1, got {group['alpha']!r}")

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = state.get("step", 0) + 1  # not needed here, but by PyTorch
        needed = {"square_avg": True, "grad_avg": group["centered"], "momentum_buffer": group["momentum"] > 0}
        names = [name for name in needed if needed[name]]
        arrays = (p.array, g, *(buffer(state, name, p) for name in names))

        def formula(p, g, *buffers):
            _step(p, g, group, **dict(zip(names, buffers, strict=True)))

        backends.of(*arrays).update(formula, *arrays)


def _step(p, g, group, square_avg, grad_avg=None, momentum_buffer=None):
    alpha, s, m, v = group["alpha"], square_avg, grad_avg, momentum_buffer
    if group["weight_decay"]:
        g = g + group["weight_decay"] * p
    s *= alpha
    s += (1.0 - alpha) * (g * g)
    if m is not None:
        m += (1.0 - alpha) * (g - m)
        s = s - m * m
        s *= s > 0  # rounding may leave a little less than nothing
    change = g / (s**0.5 + group["eps"])
    if v is not None:
        v *= group["momentum"]
        v += change
        change = v
    p -= group["lr"] * change
