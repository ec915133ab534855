"""Transforms between Pillow images, arrays and tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnlite import Tensor

from . import functional as F


class ToTensor:
    """A Pillow image or array (H, W, C) as a tensor (C, H, W); bytes become floats in 0..1."""

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)


class PILToTensor:
    """A Pillow image as a tensor (C, H, W), its values unchanged."""

    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) as a Pillow image."""

    def __init__(self, mode: str | None = None):
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)


class ConvertImageDtype:
    """Values of another dtype, scaled so that white stays white: floats are in 0..1."""

    def __init__(self, dtype: Any = np.float32):
        self.dtype = dtype

    def __call__(self, image: Tensor) -> Tensor:
        return F.convert_image_dtype(image, self.dtype)


class Normalize:
    """(x - mean) / std, with a mean and std of each channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False):
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)
