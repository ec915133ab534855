"""Dropout as layers: they work in training and do nothing in eval()."""

from .. import functional as F
from ..tensor import Tensor
from .layer import Layer


class Dropout(Layer):
    """In training, zero elements with probability p and scale the rest by 1 / (1 - p); in eval, nothing."""

    function = F.dropout
    inputs = ("input", "training")

    def forward(self, input: Tensor) -> Tensor:
        return self.compute(input, training=self.training)


class Dropout2d(Dropout):
    """Dropout of whole channels of images (N, C, H, W)."""

    function = F.dropout2d
