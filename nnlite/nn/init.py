"""Starting values, drawn in place from the generator that `nnlite.manual_seed` starts."""

from __future__ import annotations

from typing import TypeVar

from .. import backend as backends
from ..backend import random
from ..function import no_grad
from ..tensor import Tensor

T = TypeVar("T", bound=Tensor)


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0) -> T:
    """Fill with numbers from the uniform distribution over [a, b)."""
    return _fill(tensor, a + (b - a) * random.uniform(tensor.shape))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0) -> T:
    """Fill with numbers from N(mean, std^2)."""
    return _fill(tensor, mean + std * random.normal(tensor.shape))


def constant_(tensor: T, val: float) -> T:
    """Fill with one value."""
    return _fill(tensor, val)


def _fill(tensor, values):
    with no_grad():
        tensor.copy_(values if isinstance(values, (int, float)) else backends.to_device(values, tensor.device))
    return tensor
