"""Layers that normalise each image on its own: functional/norm.py with what they learn and remember."""

from collections.abc import Sequence

from .. import functional as F
from ..errors import guard, guarded
from ..function import shape_of
from ..tensor import Tensor
from .batch_norm import Norm, PerChannel


class _InstanceNorm(PerChannel):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        if len(shape_of(input)) == len(self._axes[0]) - 1:
            return self.forward(F.unsqueeze(input, 0)).squeeze(0)  # one image is a batch of one
        guard("PerChannel.forward", self, input)
        running, training = (self.running_mean, self.running_var), self.training or not self.track_running_stats
        return F.instance_norm(input, *running, self.weight, self.bias, training, self.momentum or 0.0, self.eps)


class InstanceNorm1d(_InstanceNorm):
    """functional.instance_norm of (N, num_features, L) or (num_features, L), with `affine` a learnt weight and bias.

    With track_running_stats, running statistics follow the images' average by `momentum` while training, for eval()
    (as in PyTorch, num_batches_tracked stays 0, and with momentum=None they stay as they are).
    Warns if eps looks like a momentum; raises ShapeError for another number of axes or channels.
    """

    _axes = ("NCL",)


class InstanceNorm2d(_InstanceNorm):
    """functional.instance_norm of (N, num_features, H, W) or (num_features, H, W); for the rest see InstanceNorm1d."""

    _axes = ("NCHW",)


class LayerNorm(Norm):
    """functional.layer_norm of (..., *normalized_shape), with learnt weight and bias of that shape.

    Raises ShapeError if the input does not end in normalized_shape.
    """

    @guarded
    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ):
        shape = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
        super().__init__(shape, eps, elementwise_affine, bias)
        self.normalized_shape, self.elementwise_affine = shape, elementwise_affine

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        flags = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {flags}"


class GroupNorm(Norm):
    """functional.group_norm of (N, num_channels, ...), with learnt weight and bias for each channel.

    Raises ValueError if num_groups does not divide num_channels, ShapeError for an input of other channels.
    """

    @guarded
    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, bias: bool = True
    ):
        super().__init__(num_channels, eps, affine, bias)
        self.num_groups, self.num_channels = num_groups, num_channels

    @guarded
    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, int(self.num_groups), self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        flags = f"affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, {flags}"
