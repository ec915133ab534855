"""Convolution layers."""

from __future__ import annotations

import math

import numpy as np

from .. import functional as F
from ..functional.conv import Pair
from ..tensor import Tensor
from . import init
from .module import Module, Parameter


class _Conv(Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride, padding, bias, weight_shape):
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        # PyTorch's start (kaiming_uniform with a = sqrt 5): both within 1 / sqrt(fan in)
        bound = 1.0 / math.sqrt(math.prod(weight_shape[1:]))
        self.weight = init.uniform_(Parameter(np.empty(weight_shape, np.float32)), -bound, bound)
        self.bias = init.uniform_(Parameter(np.empty(out_channels, np.float32)), -bound, bound) if bias else None

    def extra_repr(self) -> str:
        plain = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        return plain + f", padding={self.padding}" + ("" if self.bias is not None else ", bias=False")


class Conv2d(_Conv):
    """y = conv2d(x, weight, bias): (N, in_channels, H, W) -> (N, out_channels, (H + 2p - k) // s + 1, ...).

    weight (out_channels, in_channels, kH, kW); weight and bias start uniform within 1 / sqrt(in_channels kH kW).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        *,
        bias: bool = True,
    ):
        kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        shape = (out_channels, in_channels, *kernel)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias, shape)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding)


class ConvTranspose2d(_Conv):
    """y = conv_transpose2d(x, weight, bias): (N, in_channels, H, W) -> (N, out_channels, (H - 1) s - 2p + k, ...).

    weight (in_channels, out_channels, kH, kW); weight and bias start uniform within 1 / sqrt(out_channels kH kW).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        *,
        bias: bool = True,
    ):
        kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        shape = (in_channels, out_channels, *kernel)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias, shape)
        self.output_padding = output_padding

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, self.weight, self.bias, self.stride, self.padding, self.output_padding)


class Upsample(Module):
    """Enlarge images by a whole factor, repeating pixels."""

    def __init__(self, *, scale_factor: int):
        self.scale_factor = scale_factor

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=self.scale_factor)

    def extra_repr(self) -> str:
        return f"scale_factor={self.scale_factor}"
