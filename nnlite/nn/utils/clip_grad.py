"""Gradient clipping: between backward() and the optimiser's step, so that no batch throws the weights far off."""

import functools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ... import backend as backends
from ...backend.layout import rows
from ...errors import NonFiniteError
from ...function import no_grad
from ...tensor import Tensor


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Shorten all gradients by one factor, min(1, max_norm / (norm + 1e-6)), in place (Pascanu et al. 2013).

    The norm is that of all gradients as one vector: (sum |g|^norm_type)^(1/norm_type), or the largest |g| for
    norm_type = inf. It is returned as a 0-d Tensor, as it was before. Parameters without a gradient are skipped.
    Raises NonFiniteError for a norm that is infinite or NaN if `error_if_nonfinite` (which waits for the
    GPU), ValueError for a negative max_norm or a norm_type that is not positive.
    """
    max_norm, norm_type = float(max_norm), float(norm_type)
    if not max_norm >= 0.0 or not norm_type > 0.0:
        raise ValueError(
            f"clip_grad_norm_: expected max_norm >= 0 and norm_type > 0, got max_norm={max_norm}, norm_type={norm_type}"
        )
    gradients = _gradients("clip_grad_norm_", parameters)
    arrays = [g.array for g in gradients if g.numel()]
    if not arrays:
        return Tensor(np.zeros((), np.float32))
    xp = backends.of(*arrays).xp
    norm = _norm(arrays, norm_type)
    if error_if_nonfinite and not bool(xp.isfinite(norm)):
        raise NonFiniteError(
            f"clip_grad_norm_: the norm of the gradients is {float(norm)}; find its origin with "
            "nnlite.detect_anomaly(), or pass error_if_nonfinite=False"
        )
    factor = Tensor(xp.minimum(max_norm / (norm + 1e-6), 1.0))  # stays on the device: nobody waits for a GPU
    with no_grad():
        for g in gradients:
            g.mul_(factor)
    return Tensor(norm)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Cut every element of every gradient to -clip_value..clip_value, in place. Raises ValueError if it is negative."""
    clip_value = float(clip_value)
    if not clip_value >= 0.0:
        raise ValueError(f"clip_grad_value_: clip_value must not be negative, got {clip_value}")
    with no_grad():
        for g in _gradients("clip_grad_value_", parameters):
            g.clamp_(-clip_value, clip_value)


def _gradients(name: str, parameters: Any) -> list[Tensor]:
    if not isinstance(parameters, Iterable):
        raise TypeError(f"{name}: expected Tensors, got {type(parameters).__name__}; pass module.parameters()")
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for p in parameters:
        if not isinstance(p, Tensor):
            raise TypeError(f"{name}: expected Tensors, got {type(p).__name__}; pass module.parameters()")
    return [p.grad for p in parameters if p.grad is not None]


def _norm(arrays: list, p: float) -> Any:
    """The p-norm of all elements together, 0-d, accumulated in float64 and of the arrays' own type."""
    backend = backends.of(*arrays)
    xp = backend.xp
    if p == math.inf:
        norm = functools.reduce(xp.maximum, [xp.abs(a).max() for a in arrays])
    else:
        powers = [backend.column_sums(lambda a: xp.abs(a) ** p, rows(a)).sum() for a in arrays]
        norm = sum(powers[1:], powers[0]) ** (1.0 / p)
    return norm.astype(xp.result_type(*arrays))
