"""Pooling layers."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..functional.conv import Pair
from ..guards.common import pair
from ..tensor import Tensor
from .module import Module


class _Pool(Module):
    def __init__(self, kernel_size, stride, padding, ceil_mode):
        name, stride = type(self).__name__, kernel_size if stride is None else stride
        kernel, border = pair(name, "kernel_size", kernel_size, 1), pair(name, "padding", padding, 0)
        pair(name, "stride", stride, 1)
        if any(2 * p > k for p, k in zip(border, kernel, strict=True)):
            raise ValueError(f"{name}: padding {padding} must be at most half of kernel_size {kernel_size}")
        self.kernel_size, self.stride, self.padding, self.ceil_mode = kernel_size, stride, padding, ceil_mode


class MaxPool2d(_Pool):
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
        super().__init__(kernel_size, stride, padding, ceil_mode)
        pair("MaxPool2d", "dilation", dilation, 1)
        self.dilation = dilation

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        names = "kernel_size", "stride", "padding", "dilation", "ceil_mode"
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class AvgPool2d(_Pool):
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
        super().__init__(kernel_size, stride, padding, ceil_mode)
        if divisor_override is not None and (not isinstance(divisor_override, int) or divisor_override == 0):
            given = repr(divisor_override)
            raise ValueError(f"AvgPool2d: divisor_override must be a whole number other than 0, got {given}")
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, x: Tensor) -> Tensor:
        window = self.kernel_size, self.stride, self.padding
        return F.avg_pool2d(x, *window, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """functional.adaptive_avg_pool2d: (N, C, H, W) -> (N, C, H', W') with output_size = H' or (H', W')."""

    def __init__(self, output_size: Any):
        sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
        pair("AdaptiveAvgPool2d", "output_size", tuple(1 if n is None else n for n in sizes), 1)  # None: as it is
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
