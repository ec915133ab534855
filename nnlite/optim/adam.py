"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import backend as backends
from ..tensor import Tensor
from .optimizer import Optimizer, zeros_like


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2015): each parameter moves by about lr, whatever the size of its gradient.

    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2   with g = gradient + weight_decay p
    p = p - lr mhat / (sqrt(vhat) + eps)              with mhat = m / (1 - b1^t), vhat = v / (1 - b2^t)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        if not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(f"Adam: betas must lie in 0 <= beta < 1, got {betas}")
        super().__init__(params, {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay})

    def update(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        assert p.grad is not None
        if not state:
            state.update(step=0, exp_avg=zeros_like(p), exp_avg_sq=zeros_like(p))
        state["step"] += 1
        (b1, b2), t = group["betas"], state["step"]
        constants = (group["lr"], b1, b2, group["eps"], group["weight_decay"], 1.0 - b1**t, 1.0 - b2**t)
        arrays = (p.data, p.grad.data, state["exp_avg"].data, state["exp_avg_sq"].data)
        backends.of(p.data).update(_step, *arrays, constants=constants)


def _step(p, g, m, v, lr, b1, b2, eps, weight_decay, unbias1, unbias2):
    if weight_decay:
        g = g + weight_decay * p
    m *= b1
    m += (1.0 - b1) * g
    v *= b2
    v += (1.0 - b2) * (g * g)
    # sqrt(vhat) = sqrt(v) / sqrt(unbias2); eps is added outside the root, as in the paper
    p -= (lr / unbias1) * m / (v**0.5 * unbias2**-0.5 + eps)
