"""Operations that draw random numbers, from the generator that `nnlite.manual_seed` starts."""

from __future__ import annotations

from ..backend import random
from ..backend.layout import from_rows, rows
from ..function import Function
from ..tensor import Tensor


class Dropout(Function):
    """y = x keep / (1 - p), keep = 1 with probability 1 - p, else 0    dx = dy keep / (1 - p)"""

    def forward(self, x, *, p):
        keep = random.uniform(rows(x).shape) >= p
        self.factor = self.backend.asarray(keep.astype(x.dtype) / (1.0 - p if p < 1 else 1.0))
        self.factor = from_rows(self.factor, x.shape)
        return x * self.factor

    def backward(self, dy):
        return dy * self.factor


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability p and scale the rest by 1 / (1 - p) (Srivastava et al. 2014).

    The identity unless `training`. `inplace` is accepted and ignored. Raises ValueError for p outside 0..1.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout: p must lie between 0 and 1, got {p}")
    return Dropout.apply(input, p=p) if training and p > 0 else input
