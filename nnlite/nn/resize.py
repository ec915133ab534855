"""Layers that make images larger without weights."""

from typing import Any

from .. import functional as F
from ..errors import guard
from ..tensor import Tensor
from .layer import Layer


class Upsample(Layer):
    """functional.interpolate to `size`, or by `scale_factor`; mode 'nearest', 'bilinear' or 'bicubic'."""

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
    ):
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners
        guard("Upsample", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        what = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{what}, mode={self.mode!r}"


class PixelShuffle(Layer):
    """functional.pixel_shuffle: (N, C r^2, H, W) -> (N, C, H r, W r) with r = upscale_factor."""

    def __init__(self, upscale_factor: int):
        self.upscale_factor = upscale_factor
        guard("settings", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(x, int(self.upscale_factor))
