"""Dropout as layers: they work in training and do nothing in eval()."""

from .. import functional as F
from ..errors import guard
from ..tensor import Tensor
from .layer import Layer


class Dropout(Layer):
    """In training, zero elements with probability p and scale the rest by 1 / (1 - p); in eval, nothing."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        self.p = p
        guard("settings", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.p, self.training)


class Dropout2d(Dropout):
    """Dropout of whole channels of images (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout2d(x, self.p, self.training)
