"""Adam."""

from collections.abc import Iterable
from typing import Any

from .. import backend as backends
from ..errors import guard
from ..tensor import Tensor
from .optimizer import Optimizer, buffer


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2015): each parameter moves by about lr, whatever the size of its gradient.

    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2   with g = gradient + weight_decay p
    p = p - lr mhat / (sqrt(vhat) + eps)              with mhat = m / (1 - b1^t), vhat = v / (1 - b2^t)
    """

    remembered = ("step", "exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ):
        guard("amsgrad", self, amsgrad)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        t = state["step"] = state.get("step", 0) + 1
        b1, b2 = group["betas"]
        constants = (group["lr"], b1, b2, group["eps"], group["weight_decay"], 1.0 - b1**t, 1.0 - b2**t)
        arrays = (p.array, g, buffer(state, "exp_avg", p), buffer(state, "exp_avg_sq", p))
        backends.of(*arrays).update(self.formula, *arrays, constants=constants)

    @staticmethod
    def formula(p, g, m, v, lr, b1, b2, eps, weight_decay, unbias1, unbias2):
        if weight_decay:
            g = g + weight_decay * p
        m *= b1
        m += (1.0 - b1) * g
        v *= b2
        v += (1.0 - b2) * (g * g)
        # sqrt(vhat) = sqrt(v) / sqrt(unbias2); eps is added outside the root, as in the paper
        p -= (lr / unbias1) * m / (v**0.5 * unbias2**-0.5 + eps)
