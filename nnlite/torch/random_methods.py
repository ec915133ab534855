"""Tensor's methods that put random numbers in the place of what is there."""

from typing import Any

import numpy as np

from ..backend import random
from ..creation import full, randint
from ..function import is_tensor
from ..functional import bernoulli, expand, normal
from ..functional.sampling import Draw
from ..guards.picks import within
from ..in_place import copy_
from ..tensor import Tensor


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Numbers from N(mean, std^2). Raises ValueError for a negative std, TypeError for a tensor of whole numbers."""
    return copy_(self, normal(full(self.shape, mean, dtype=self.dtype, device=self.device), std))


def uniform_(self: Tensor, low: float = 0.0, to: float = 1.0) -> Tensor:
    """Numbers in [low, to). Raises ValueError unless low <= to, TypeError for a tensor of whole numbers."""
    within("uniform_", "to - low", to - low, 0, np.finfo("float64").max)
    numbers = Draw.apply(self.detach(), draw=lambda x: random.uniform(x.shape, x.dtype, self.device))
    return copy_(self, low + (to - low) * numbers)


def bernoulli_(self: Tensor, p: Any = 0.5) -> Tensor:
    """1 with probability p, a number or a tensor of them, else 0. Raises ValueError for a p outside 0..1."""
    probabilities = p if is_tensor(p) else full((), float(p), device=self.device)
    return copy_(self, bernoulli(expand(probabilities, self.shape)))


def random_(self: Tensor, *bounds: int) -> Tensor:
    """Whole numbers from 0 to below `to`, or from one number on: random_(to), random_(from, to).

    Without bounds, all that the dtype holds up from 0 (a floating-point one without gaps). Raises ValueError for bounds
    between which there are none.
    """
    end = np.iinfo(self.dtype).max + 1 if self.dtype.kind in "iu" else 2 ** (np.finfo(self.dtype).nmant + 1)
    low, high = (0, *(bounds or (end,)))[-2:]
    return copy_(self, randint(low, high, self.shape, dtype=self.dtype, device=self.device))
