"""The classic style: the recipe of countless tutorials, kept as the baseline that toon is measured by."""

from dataclasses import dataclass

import numpy as np

from ._cv2 import cv2
from .filters import bilateral, odd, reduced
from .parameters import Parameters, ranged
from .registry import register

WIDEST_MEDIAN = 361  # pixels; cv2.medianBlur counts half of the window's pixels in 16 bits


@dataclass(frozen=True)
class Classic(Parameters):
    """Parameters of the classic style. Lengths are pixels at a short side of 512."""

    paint_passes: int = ranged(7, 0, 20, "bilateral passes at a quarter of the size")
    grey_median: float = ranged(7.0, 1, 31, "side of the median window that cleans the grey image")
    line_block: float = ranged(9.0, 3, 99, "side of the window whose mean a pixel is compared with")
    line_offset: float = ranged(2.0, 0, 50, "levels below that mean at which a pixel turns black")


@register("classic", Classic())
def classic(image: np.ndarray, scale: float, p: Classic) -> np.ndarray:
    """Smooth colours (pyramid, bilateral) with black wherever a pixel is darker than its surroundings.

    Its known faults are its character: specks in foliage, halos, and black noise on flat ground.
    """
    height, width = image.shape[:2]
    reduction = max(scale, 1)  # colours this soft need no more detail than there is at scale 1
    small = cv2.pyrDown(cv2.pyrDown(reduced(image, reduction)))
    for _ in range(p.paint_passes):
        small = bilateral(small, 9 * scale / reduction, 9, 7 * scale / reduction)
    colours = cv2.resize(cv2.pyrUp(cv2.pyrUp(small)), (width, height), interpolation=cv2.INTER_LINEAR)
    grey = cv2.medianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), min(odd(p.grey_median * scale), WIDEST_MEDIAN))
    lines = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, odd(p.line_block * scale), p.line_offset
    )
    return cv2.bitwise_and(colours, colours, mask=lines)
