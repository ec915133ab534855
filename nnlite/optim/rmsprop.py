"""RMSprop."""

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer, change


class RMSprop(Optimizer):
    """Each gradient divided by its own recent size (Tieleman & Hinton 2012, lecture 6.5).

    s = alpha s + (1 - alpha) g^2   with g = gradient + weight_decay p
    p = p - lr v                    with v = momentum v + g / (sqrt(s) + eps)

    With `centered`, s - m^2 takes the place of s: the variance instead of the mean square (Graves 2013), with the mean
    m = alpha m + (1 - alpha) g.
    """

    remembered = ("square_avg",)

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False, **others: Any,
    ):  # fmt: skip
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "momentum": momentum, "centered": centered}, **others)

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = state.get("step", 0) + 1  # not needed here, but by PyTorch
        alpha, momentum, centered = group["alpha"], group["momentum"], bool(group["centered"])
        needed = {"square_avg": True, "grad_avg": centered, "momentum_buffer": momentum > 0}
        constants = (group["lr"], alpha, group["eps"], group["weight_decay"], momentum)
        change(_FORMULAS[centered, momentum > 0], p, g, state, [n for n in needed if needed[n]], constants)


def _step(p, g, s, m, v, lr, alpha, eps, weight_decay, momentum):
    if weight_decay:
        g = g + weight_decay * p
    s *= alpha
    s += (1.0 - alpha) * (g * g)
    if m is not None:
        m += (1.0 - alpha) * (g - m)
        s = s - m * m
        s *= s > 0  # rounding may leave a little less than nothing
    change = g / (s**0.5 + eps)
    if v is not None:
        v *= momentum
        v += change
        change = v
    p -= lr * change


# By whether there is a mean, and a momentum: each is a function of the arrays that there are.
_FORMULAS = {
    (False, False): lambda p, g, s, *constants: _step(p, g, s, None, None, *constants),
    (False, True): lambda p, g, s, v, *constants: _step(p, g, s, None, v, *constants),
    (True, False): lambda p, g, s, m, *constants: _step(p, g, s, m, None, *constants),
    (True, True): _step,
}
