"""Pooling layers. `stride` is kernel_size unless given; each size is one number, or two for height and width."""

from typing import Any

from .. import functional as F
from ..functional.conv import Pair
from .layer import Layer


class _Pool(Layer):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.stride is None:
            self.stride: Pair = self.kernel_size


class MaxPool2d(_Pool):
    """functional.max_pool2d: (N, C, H, W) -> (N, C, (H + 2p - d (k - 1) - 1) // s + 1, ...)."""

    function = F.max_pool2d

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode, return_indices)


class AvgPool2d(_Pool):
    """functional.avg_pool2d: (N, C, H, W) -> (N, C, (H + 2p - k) // s + 1, ...)."""

    function = F.avg_pool2d

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Layer):
    """functional.adaptive_avg_pool2d: (N, C, H, W) -> (N, C, H', W') with output_size = H' or (H', W')."""

    function = F.adaptive_avg_pool2d
