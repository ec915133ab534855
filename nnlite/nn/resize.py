"""Layers that make images larger without weights."""

from __future__ import annotations

import math
from typing import Any

from .. import functional as F
from ..guards.common import check_choice, check_whole, pair
from ..tensor import Tensor
from .module import Module


class Upsample(Module):
    """functional.interpolate to `size`, or by `scale_factor`; mode 'nearest', 'bilinear' or 'bicubic'."""

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
    ):
        check_choice("Upsample", "mode", mode, ("nearest", "bilinear", "bicubic"))
        if align_corners and mode == "nearest":
            raise ValueError("Upsample: align_corners goes with modes 'bilinear' and 'bicubic' only")
        if (size is None) == (scale_factor is None):
            raise ValueError(f"Upsample: give either size or scale_factor, got {size!r} and {scale_factor!r}")
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor, scale_factor)
        if scale_factor is None:
            pair("Upsample", "size", size, 1)
        elif len(factors) != 2 or not all(isinstance(f, (int, float)) and 0 < f < math.inf for f in factors):
            raise ValueError(f"Upsample: scale_factor must be one or two numbers above 0, got {scale_factor!r}")
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        what = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{what}, mode={self.mode!r}"


class PixelShuffle(Module):
    """functional.pixel_shuffle: (N, C r^2, H, W) -> (N, C, H r, W r) with r = upscale_factor."""

    def __init__(self, upscale_factor: int):
        check_whole("PixelShuffle", 1, upscale_factor=upscale_factor)
        self.upscale_factor = int(upscale_factor)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"
