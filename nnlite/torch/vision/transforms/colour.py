"""Transforms of colours."""

from collections.abc import Sequence
from typing import Any

from . import chance
from . import functional as F

Range = float | Sequence[float]


class Grayscale:
    """An image without colour, with 1 channel or 3 equal ones."""

    def __init__(self, num_output_channels: int = 1):
        self.num_output_channels = num_output_channels

    def __call__(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, self.num_output_channels)


class RandomGrayscale:
    """Remove the colour with probability p; the number of channels stays."""

    def __init__(self, p: float = 0.1):
        self.p = chance.probability(p, "RandomGrayscale")

    def __call__(self, img: Any) -> Any:
        channels = len(img.getbands()) if hasattr(img, "getbands") else img.shape[-3]
        return F.rgb_to_grayscale(img, channels) if chance.happens(self.p) else img


class ColorJitter:
    """Brightness, contrast, saturation and hue of a Pillow image changed at random, in random order.

    The first three are multiplied by a factor between 1 - x (at least 0) and 1 + x, or between the two numbers given;
    the hue moves by a fraction of the circle between -hue and hue, at most half of it.
    """

    def __init__(self, brightness: Range = 0, contrast: Range = 0, saturation: Range = 0, hue: Range = 0):
        self.brightness = _limits("brightness", brightness)
        self.contrast = _limits("contrast", contrast)
        self.saturation = _limits("saturation", saturation)
        self.hue = _limits("hue", hue, middle=0.0, least=-0.5, most=0.5)

    def __call__(self, img: Any) -> Any:
        changes = (
            (F.adjust_brightness, self.brightness),
            (F.adjust_contrast, self.contrast),
            (F.adjust_saturation, self.saturation),
            (F.adjust_hue, self.hue),
        )
        for change, limits in (changes[i] for i in chance.order(len(changes))):
            if limits is not None:
                img = change(img, chance.uniform(*limits))
        return img


def _limits(name, value, middle=1.0, least=0.0, most=float("inf")):
    """(least, most) factor; None for what changes nothing."""
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"ColorJitter: {name} is not negative, got {value}")
        value = middle - value, middle + value
        if name != "hue":
            value = max(value[0], 0.0), value[1]
    low, high = value
    if not least <= low <= high <= most:
        raise ValueError(f"ColorJitter: {name} lies between {least} and {most}, got {tuple(value)}")
    return None if low == high == middle else (low, high)
