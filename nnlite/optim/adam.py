"""Adam."""

from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer, change


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2015): each parameter moves by about lr, whatever the size of its gradient.

    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2   with g = gradient + weight_decay p
    p = p - lr mhat / (sqrt(vhat) + eps)              with mhat = m / (1 - b1^t), vhat = v / (1 - b2^t)

    With `amsgrad`, the largest v so far replaces v (Reddi, Kale & Kumar 2018), so that a large gradient limits later
    steps even when it was long ago.
    """

    remembered = ("step", "exp_avg", "exp_avg_sq")

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, amsgrad: bool = False, **others: Any,
    ):  # fmt: skip
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        super().__init__(params, settings, **others)

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        t = state["step"] = state.get("step", 0) + 1
        b1, b2 = group["betas"]
        constants = (group["lr"], b1, b2, group["eps"], group["weight_decay"], 1.0 - b1**t, 1.0 - b2**t)
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        change(self.amsgrad if group["amsgrad"] else self.formula, p, g, state, names, constants)

    @staticmethod
    def formula(p, g, m, v, lr, b1, b2, eps, weight_decay, unbias1, unbias2, largest=None):
        if weight_decay:
            g = g + weight_decay * p
        m *= b1
        m += (1.0 - b1) * g
        v *= b2
        v += (1.0 - b2) * (g * g)
        if largest is not None:
            largest[...] = v.clip(largest, float("inf"))
            v = largest
        # sqrt(vhat) = sqrt(v) / sqrt(unbias2); eps is added outside the root, as in the paper
        p -= (lr / unbias1) * m / (v**0.5 * unbias2**-0.5 + eps)

    @classmethod
    def amsgrad(cls, p, g, m, v, largest, *constants):
        cls.formula(p, g, m, v, *constants, largest)
