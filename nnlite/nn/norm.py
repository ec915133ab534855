"""Normalisation layers: functional/norm.py with what they learn and remember."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from .. import functional as F
from ..creation import ones, tensor, zeros
from ..errors import ShapeError
from ..function import shape_of
from ..tensor import Tensor
from ._checks import check_positive, check_share, check_whole
from .module import Module, Parameter


class _Norm(Module):
    """What every norm has: eps, and unless told otherwise a learnt weight and bias, which start at one and zero."""

    weight: Parameter | None
    bias: Parameter | None

    def __init__(self, shape, eps, affine, bias):
        check_positive(type(self).__name__, eps=eps)
        self.eps, self.affine = eps, affine
        self.weight = Parameter(ones(shape)) if affine else None
        self.bias = Parameter(zeros(shape)) if affine and bias else None


class _PerChannel(_Norm):
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
        name = type(self).__name__
        check_whole(name, 1, num_features=num_features)
        if momentum is not None:
            check_share(name, momentum=momentum)
        super().__init__(num_features, eps, affine, bias)
        if eps > 0.1:
            level = 2 if type(self).__init__ is _PerChannel.__init__ else 3  # whoever made the layer
            message = f"{name}(eps={eps}) flattens everything; did you mean momentum={eps}?"
            warnings.warn(message, stacklevel=level)
        self.num_features, self.momentum, self.track_running_stats = num_features, momentum, track_running_stats
        self.register_buffer("running_mean", zeros(num_features) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", tensor(0) if track_running_stats else None)

    def _check(self, input):
        shape = shape_of(input)
        if len(shape) not in map(len, self._axes) or shape[1] != self.num_features:
            forms = " or ".join(f"({', '.join(axes)})" for axes in self._axes)
            raise ShapeError(f"{type(self).__name__}: expected {forms} with C = {self.num_features}, got {shape}")

    def extra_repr(self) -> str:
        flags = f"affine={self.affine}, bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, {flags}"


class _BatchNorm(_PerChannel):
    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked += 1
            if momentum is None:
                momentum = 1.0 / int(self.num_batches_tracked)
        return F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            momentum or 0.0,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """functional.batch_norm of (N, num_features) or (N, num_features, L), with learnt weight and bias.

    While training, the batch's own statistics are used and running ones follow them, for eval(): by `momentum`, or
    with momentum=None as the average of all batches. With track_running_stats=False the batch's own are always used.
    Warns of an eps that was surely meant as momentum; raises ShapeError for another number of axes or channels.
    """

    _axes = ("NC", "NCL")


class BatchNorm2d(_BatchNorm):
    """functional.batch_norm of images (N, num_features, H, W); for the rest see BatchNorm1d."""

    _axes = ("NCHW",)


class _InstanceNorm(_PerChannel):
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
        self._check(input)
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )


class InstanceNorm1d(_InstanceNorm):
    """functional.instance_norm of (N, num_features, L), with `affine` a learnt weight and bias.

    With track_running_stats, running statistics follow the images' average by `momentum` while training, for eval()
    (as in PyTorch, num_batches_tracked stays 0, and with momentum=None they stay as they are).
    Warns of an eps that was surely meant as momentum; raises ShapeError for another number of axes or channels.
    """

    _axes = ("NCL",)


class InstanceNorm2d(_InstanceNorm):
    """functional.instance_norm of images (N, num_features, H, W); for the rest see InstanceNorm1d."""

    _axes = ("NCHW",)


class LayerNorm(_Norm):
    """functional.layer_norm of (..., *normalized_shape), with learnt weight and bias of that shape.

    Raises ShapeError if the input does not end in normalized_shape.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ):
        shape = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
        if not shape:
            raise ValueError("LayerNorm: normalized_shape must name at least one axis, got ()")
        for size in shape:
            check_whole("LayerNorm", 1, normalized_shape=size)
        super().__init__(shape, eps, elementwise_affine, bias)
        self.normalized_shape, self.elementwise_affine = shape, elementwise_affine

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        flags = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {flags}"


class GroupNorm(_Norm):
    """functional.group_norm of (N, num_channels, ...), with learnt weight and bias for each channel.

    Raises ValueError if num_groups does not divide num_channels, ShapeError for an input of other channels.
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, bias: bool = True
    ):
        check_whole("GroupNorm", 1, num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels do not make {num_groups} groups of one size")
        super().__init__(num_channels, eps, affine, bias)
        self.num_groups, self.num_channels = int(num_groups), num_channels

    def forward(self, input: Tensor) -> Tensor:
        shape = shape_of(input)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise ShapeError(f"GroupNorm: expected (N, C, ...) with C = {self.num_channels}, got {shape}")
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        flags = f"affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, {flags}"
