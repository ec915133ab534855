"""Brightness, contrast, saturation and hue of Pillow images; grey images of both kinds."""

from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from nnlite import ShapeError, Tensor

GREY = (0.2989, 0.587, 0.114)  # how bright red, green and blue look


def adjust_brightness(img: Image.Image, brightness_factor: float) -> Image.Image:
    """0 is black, 1 the image itself, 2 twice as bright."""
    return _enhanced(ImageEnhance.Brightness, "brightness", img, brightness_factor)


def adjust_contrast(img: Image.Image, contrast_factor: float) -> Image.Image:
    """0 is a plain grey, 1 the image itself, 2 twice the contrast."""
    return _enhanced(ImageEnhance.Contrast, "contrast", img, contrast_factor)


def adjust_saturation(img: Image.Image, saturation_factor: float) -> Image.Image:
    """0 is black and white, 1 the image itself, 2 twice as colourful."""
    return _enhanced(ImageEnhance.Color, "saturation", img, saturation_factor)


def adjust_hue(img: Image.Image, hue_factor: float) -> Image.Image:
    """All colours moved along the circle of hues, by -1/2 to 1/2 of it. Grey images stay as they are."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor lies between -0.5 and 0.5, got {hue_factor}")
    _check_pillows("hue", img)
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    moved = (np.asarray(hue, np.int32) + int(hue_factor * 255)) % 256
    return Image.merge("HSV", (Image.fromarray(moved.astype(np.uint8)), saturation, value)).convert(img.mode)


def to_grayscale(img: Image.Image, num_output_channels: int = 1) -> Image.Image:
    """A Pillow image without colour, with 1 channel or 3 equal ones."""
    _check_pillows("to_grayscale", img)
    return rgb_to_grayscale(img, num_output_channels)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """0.2989 red + 0.587 green + 0.114 blue, in 1 channel or 3 equal ones."""
    if num_output_channels not in (1, 3):
        raise ValueError(f"rgb_to_grayscale: num_output_channels is 1 or 3, got {num_output_channels}")
    if isinstance(img, Image.Image):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else Image.merge("RGB", (grey,) * 3)
    if not isinstance(img, Tensor) or img.ndim < 3 or img.shape[-3] not in (1, 3):
        raise ShapeError(f"rgb_to_grayscale: expected an image of 1 or 3 channels, got {getattr(img, 'shape', img)}")
    array = img.cpu().numpy()
    if img.shape[-3] == 3:
        red, green, blue = (array[..., c, :, :] for c in range(3))
        array = (GREY[0] * red + GREY[1] * green + GREY[2] * blue).astype(img.dtype)[..., None, :, :]
    return Tensor(np.repeat(array, num_output_channels, axis=-3)).to(img.device)


def _enhanced(kind, name, img, factor):
    if factor < 0:
        raise ValueError(f"adjust_{name}: the factor is not negative, got {factor}")
    _check_pillows(name, img)
    return kind(img).enhance(factor)


def _check_pillows(name, img):
    if not isinstance(img, Image.Image):
        raise NotImplementedError(f"{name}: of Pillow images only, got {type(img).__name__}; put it before ToTensor")
