"""Convolution layers."""

import math

from .. import functional as F
from ..errors import guard, guarded
from ..functional.conv import Pair, borders, pair
from ..tensor import Tensor
from .module import Module, uniform_parameter


class _Conv(Module):
    """What both layers are made of; `channels` are the weight's two, before the second is split into groups."""

    output_padding = (0, 0)
    padding_mode = "zeros"

    @guarded
    def __init__(self, in_channels, out_channels, kernel_size, stride, dilation, groups, bias, channels):
        super().__init__()
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, int(groups)
        self.kernel_size, self.stride, self.dilation = pair(kernel_size), pair(stride), pair(dilation)
        shape = (channels[0], channels[1] // groups, *self.kernel_size)
        # PyTorch's start (kaiming_uniform with a = sqrt 5): both within 1 / sqrt(fan in)
        bound = 1.0 / math.sqrt(math.prod(shape[1:]))
        self.weight = uniform_parameter(shape, bound)
        self.bias = uniform_parameter((out_channels,), bound) if bias else None

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
        guard("Conv2d", self, padding, padding_mode)
        self.padding = padding if isinstance(padding, str) else pair(padding)
        self.padding_mode = padding_mode

    def forward(self, x: Tensor) -> Tensor:
        padding: Pair | str = self.padding
        if self.padding_mode != "zeros":
            (top, left), (bottom, right) = borders(padding, self.kernel_size, self.dilation)
            x, padding = F.pad(x, (left, right, top, bottom), self.padding_mode), 0
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
        guard("ConvTranspose2d", self, padding, output_padding, padding_mode)
        self.padding, self.output_padding = pair(padding), pair(output_padding)

    def forward(self, x: Tensor) -> Tensor:
        sizes = self.stride, self.padding, self.output_padding
        return F.conv_transpose2d(x, self.weight, self.bias, *sizes, self.groups, self.dilation)
