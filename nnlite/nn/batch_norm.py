"""Batch normalisation layers: functional/batch_norm.py with what they learn and remember."""

import numpy as np

from .. import functional as F
from ..dtype import get_default_dtype
from ..errors import guard
from ..tensor import Tensor
from .module import Module, Parameter


class Norm(Module):
    """What every norm has: eps, and unless told otherwise a learnt weight and bias, which start at one and zero."""

    weight: Parameter | None
    bias: Parameter | None

    def __init__(self, shape, eps, affine, bias):
        super().__init__()
        self.eps, self.affine = eps, affine
        guard("settings", self)
        self.weight = Parameter(np.ones(shape, get_default_dtype())) if affine else None
        self.bias = Parameter(np.zeros(shape, get_default_dtype())) if affine and bias else None


class PerChannel(Norm):
    """Batch and instance norm: each channel by itself, with running statistics if asked for."""

    _axes: tuple[str, ...]  # of the inputs it takes, a letter each
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
    ):
        guard("PerChannel", self, num_features, eps, momentum)
        super().__init__(num_features, eps, affine, bias)
        self.num_features, self.momentum, self.track_running_stats = num_features, momentum, track_running_stats
        zeros, ones = (Tensor(start(num_features, get_default_dtype())) for start in (np.zeros, np.ones))
        buffers = {"running_mean": zeros, "running_var": ones, "num_batches_tracked": Tensor(np.array(0))}
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer if track_running_stats else None)

    def extra_repr(self) -> str:
        flags = f"affine={self.affine}, bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, {flags}"


class _BatchNorm(PerChannel):
    def forward(self, input: Tensor) -> Tensor:
        guard("PerChannel.forward", self, input)
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.array += 1
            if momentum is None:
                momentum = 1.0 / int(self.num_batches_tracked)
        running, training = (self.running_mean, self.running_var), self.training or not self.track_running_stats
        return F.batch_norm(input, *running, self.weight, self.bias, training, momentum or 0.0, self.eps)


class BatchNorm1d(_BatchNorm):
    """functional.batch_norm of (N, num_features) or (N, num_features, L), with learnt weight and bias.

    While training, the batch's own statistics are used and running ones follow them, for eval(): by `momentum`, or
    with momentum=None as the average of all batches. With track_running_stats=False the batch's own are always used.
    Warns if eps looks like a momentum; raises ShapeError for another number of axes or channels.
    """

    _axes = ("NC", "NCL")


class BatchNorm2d(_BatchNorm):
    """functional.batch_norm of images (N, num_features, H, W); for the rest see BatchNorm1d."""

    _axes = ("NCHW",)
