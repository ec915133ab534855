"""Rare functions of images and classes, upsampling layers of one mode, borders of one value or along one axis."""

from typing import Any

from .... import functional as F
from ....errors import ShapeError
from ....functional.conv import pair
from ....functional.cross_entropy import OneHot
from ....nn.layer import Layer
from ....nn.pad import ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from ....nn.resize import Upsample
from ....tensor import Tensor


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """1 at the class and 0 elsewhere, in int64: (...) -> (..., num_classes), the largest class + 1 unless given.

    Raises TypeError unless the classes are int64, ValueError for one that is not in 0 .. num_classes - 1.
    """
    if tensor.dtype != "int64":
        raise TypeError(f"one_hot: expected classes as int64, got {tensor.dtype}; use .long()")
    if not tensor.numel() and num_classes < 1:
        raise ValueError(f"one_hot: an empty tensor {tensor.shape} needs num_classes")
    low, high = (int(tensor.min()), int(tensor.max())) if tensor.numel() else (0, 0)
    classes = high + 1 if num_classes == -1 else int(num_classes)
    if not 0 <= low <= high < classes:
        raise ValueError(f"one_hot: classes from {low} to {high}, expected 0 to {classes - 1}")
    return OneHot.apply(tensor, classes=classes, axis=-1, ignore_index=-1, dtype="int64")


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Tensor:
    """The largest in each of adaptive_avg_pool2d's rectangles: (N, C, H, W) -> (N, C, *output_size).

    Raises ValueError for return_indices, which is not covered.
    """
    if return_indices:
        raise ValueError("adaptive_max_pool2d: return_indices=True is not covered; leave it out")
    if len(getattr(input, "shape", ())) not in (3, 4):
        given = getattr(input, "shape", input)
        raise ShapeError(f"adaptive_max_pool2d: expected images (N, C, H, W) or (C, H, W), got {given}")
    for dim, cells in zip((-2, -1), pair(output_size), strict=True):
        if cells is not None:
            n, rows = input.shape[dim], input.transpose(0, dim)
            parts = [rows[i * n // cells : -(-(i + 1) * n // cells)].max(0).values for i in range(cells)]
            input = F.stack(parts, 0).transpose(0, dim)
    return input


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) -> (..., C r^2, H, W): the inverse of pixel_shuffle. Raises ShapeError if r does not fit."""
    r, (*front, c, h, w) = downscale_factor, input.shape
    if h % r or w % r:
        raise ShapeError(f"pixel_unshuffle: height and width of {input.shape} must be multiples of {r}")
    pixels = input.reshape(-1, c, h // r, r, w // r, r).permute(0, 1, 3, 5, 2, 4)
    return pixels.reshape(*front, c * r * r, h // r, w // r)


class AdaptiveMaxPool2d(Layer):
    """adaptive_max_pool2d"""

    function = adaptive_max_pool2d


class PixelUnshuffle(Layer):
    """pixel_unshuffle"""

    function = pixel_unshuffle


class UpsamplingNearest2d(Upsample):
    """Upsample with mode 'nearest'."""

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor)


class UpsamplingBilinear2d(Upsample):
    """Upsample with mode 'bilinear', the outermost pixels staying in place."""

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor, "bilinear", align_corners=True)


class ConstantPad2d(ZeroPad2d):
    """A value around the image; negative numbers cut it."""

    def __init__(self, padding: int | tuple[int, ...], value: float):
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class CircularPad2d(ZeroPad2d):
    """The pixels of the other end, as if the image were on a ring."""

    mode = "circular"


class ZeroPad1d(ZeroPad2d):
    """Zeros around a sequence."""

    sides = 2


class ConstantPad1d(ConstantPad2d):
    """A value around a sequence."""

    sides = 2


class ReflectionPad1d(ReflectionPad2d):
    """The sequence mirrored about its ends, which are not repeated."""

    sides = 2


class ReplicationPad1d(ReplicationPad2d):
    """The ends of the sequence repeated."""

    sides = 2
