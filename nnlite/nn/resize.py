"""Layers without weights that resize images."""

from .. import functional as F
from .layer import Layer


class Upsample(Layer):
    """functional.interpolate to `size`, or by `scale_factor`; mode 'nearest', 'bilinear' or 'bicubic'."""

    function = F.interpolate
    inputs = ("input", "antialias")

    def extra_repr(self) -> str:
        what = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{what}, mode={self.mode!r}"


class PixelShuffle(Layer):
    """functional.pixel_shuffle: (N, C r^2, H, W) -> (N, C, H r, W r) with r = upscale_factor."""

    function = F.pixel_shuffle
