"""Softmax and LogSoftmax, which choose an axis if none was given."""

from ....nn import activation as ours
from ....tensor import Tensor
from .. import functional as F


class Softmax(ours.Softmax):
    """nnlite.nn.Softmax, along PyTorch's default axis if none was given."""

    def forward(self, x: Tensor) -> Tensor:
        return F.softmax(x, self.dim)


class LogSoftmax(ours.LogSoftmax):
    """nnlite.nn.LogSoftmax, along PyTorch's default axis if none was given."""

    def forward(self, x: Tensor) -> Tensor:
        return F.log_softmax(x, self.dim)
