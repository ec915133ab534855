"""Pooling layers. `stride` is kernel_size unless given; each size is one number, or two for height and width."""

from typing import Any

from .. import functional as F
from ..errors import guard
from ..functional.conv import Pair
from ..tensor import Tensor
from .layer import Layer


class MaxPool2d(Layer):
    """functional.max_pool2d: (N, C, H, W) -> (N, C, (H + 2p - d (k - 1) - 1) // s + 1, ...)."""

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        *,  # PyTorch has return_indices here, which is not covered
        ceil_mode: bool = False,
    ):
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode
        guard("Pool", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class AvgPool2d(Layer):
    """functional.avg_pool2d: (N, C, H, W) -> (N, C, (H + 2p - k) // s + 1, ...)."""

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override
        guard("Pool", self)

    def forward(self, x: Tensor) -> Tensor:
        window = self.kernel_size, self.stride, self.padding
        return F.avg_pool2d(x, *window, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Layer):
    """functional.adaptive_avg_pool2d: (N, C, H, W) -> (N, C, H', W') with output_size = H' or (H', W')."""

    def __init__(self, output_size: Any):
        self.output_size = output_size
        guard("AdaptiveAvgPool2d", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(x, self.output_size)
