"""Dropout as layers: they work in training and do nothing in eval()."""

from __future__ import annotations

from .. import functional as F
from ..guards.common import check_share
from ..tensor import Tensor
from .module import Module


class Dropout(Module):
    """In training, zero elements with probability p and scale the rest by 1 / (1 - p); in eval, nothing."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        check_share(type(self).__name__, p=p)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Dropout2d(Dropout):
    """Dropout of whole channels of images (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout2d(x, self.p, self.training)
