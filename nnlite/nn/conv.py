"""Convolution layers."""

from __future__ import annotations

import math

import numpy as np

from .. import functional as F
from ..dtype import get_default_dtype
from ..functional._checks import Pair, paddings, pair
from ..tensor import Tensor
from . import init
from ._checks import check_whole
from .module import Module, Parameter

PADDING_MODES = ("zeros", "reflect", "replicate")


class _Conv(Module):
    """What both layers are made of; `channels` are the weight's two, before the second is split into groups."""

    output_padding = (0, 0)
    padding_mode = "zeros"

    def __init__(self, in_channels, out_channels, kernel_size, stride, dilation, groups, bias, channels):
        name = type(self).__name__
        check_whole(name, 1, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: {groups} groups must divide in_channels {in_channels} and out_channels {out_channels}"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, int(groups)
        self.kernel_size = pair(name, "kernel_size", kernel_size, 1)
        self.stride, self.dilation = pair(name, "stride", stride, 1), pair(name, "dilation", dilation, 1)
        shape = (channels[0], channels[1] // groups, *self.kernel_size)
        # PyTorch's start (kaiming_uniform with a = sqrt 5): both within 1 / sqrt(fan in)
        bound = 1.0 / math.sqrt(math.prod(shape[1:]))
        self.weight = init.uniform_(Parameter(np.empty(shape, get_default_dtype())), -bound, bound)
        self.bias = None
        if bias:
            self.bias = init.uniform_(Parameter(np.empty(out_channels, get_default_dtype())), -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        usual = {"padding": (0, 0), "dilation": (1, 1), "output_padding": (0, 0), "groups": 1}
        text += "".join(f", {k}={getattr(self, k)}" for k, value in usual.items() if getattr(self, k) != value)
        text += "" if self.bias is not None else ", bias=False"
        return text if self.padding_mode == "zeros" else text + f", padding_mode={self.padding_mode}"


class Conv2d(_Conv):
    """y = conv2d(x, weight, bias): (N, in_channels, H, W) -> (N, out_channels, (H + 2p - d (k - 1) - 1) // s + 1, ...).

    weight (out_channels, in_channels / groups, kH, kW); weight and bias start uniform within
    1 / sqrt(in_channels / groups kH kW). `padding` may be 'same' or 'valid'; with padding_mode 'reflect' or
    'replicate' the border is not zeros but as in functional.pad. Raises ValueError for numbers out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
    ):
        channels = out_channels, in_channels
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation, groups, bias, channels)
        if padding_mode not in PADDING_MODES:
            known = ", ".join(PADDING_MODES)
            raise ValueError(f"Conv2d: padding_mode {padding_mode!r} is not covered; expected one of {known}")
        before, after = paddings("Conv2d", padding, self.kernel_size, self.stride, self.dilation)
        self.padding = padding if isinstance(padding, str) else before
        self.padding_mode = padding_mode
        self.border = before[1], after[1], before[0], after[0]  # as functional.pad takes it

    def forward(self, x: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            x, padding = F.pad(x, self.border, self.padding_mode), 0
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class ConvTranspose2d(_Conv):
    """y = conv_transpose2d(x, weight, bias).

    (N, in_channels, H, W) -> (N, out_channels, (H - 1) s - 2p + d (k - 1) + 1 + output_padding, ...).
    weight (in_channels, out_channels / groups, kH, kW); weight and bias start uniform within
    1 / sqrt(out_channels / groups kH kW). Raises ValueError for numbers out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Pair = 1,
        padding_mode: str = "zeros",
    ):
        channels = in_channels, out_channels
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation, groups, bias, channels)
        self.padding = pair("ConvTranspose2d", "padding", padding, 0)
        self.output_padding = pair("ConvTranspose2d", "output_padding", output_padding, 0)
        if any(e >= max(s, d) for e, s, d in zip(self.output_padding, self.stride, self.dilation, strict=True)):
            limit = f"stride {self.stride} or dilation {self.dilation}"
            raise ValueError(f"ConvTranspose2d: output_padding {self.output_padding} must be smaller than {limit}")
        if padding_mode != "zeros":
            raise ValueError(f"ConvTranspose2d: padding_mode must be 'zeros', got {padding_mode!r}")

    def forward(self, x: Tensor) -> Tensor:
        sizes = self.stride, self.padding, self.output_padding
        return F.conv_transpose2d(x, self.weight, self.bias, *sizes, self.groups, self.dilation)
