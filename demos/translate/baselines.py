"""What needs no network: each baseline is fitted to the training pairs, and then draws from the input alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from demos.cartoonize.crops import Pair
from demos.cartoonize.evaluate import apply_affine, fit_affine
from stylize._cv2 import cv2
from stylize.degrade import find_holes

Draw = Callable[[np.ndarray], np.ndarray]
Baseline = tuple[str, Draw]  # its name in the table
Fit = Callable[[Sequence[Pair]], Baseline]

KERNELS = 3, 5, 7  # sides of the medians that are tried, pixels
RING, TELEA_RADIUS = 3, 5  # pixels around a hole


def affine(pairs: Sequence[Pair]) -> Baseline:
    """The affine map of colours that is best, in squares, on the training pairs."""
    matrix = fit_affine(list(pairs))
    return "best affine colour map", lambda image: apply_affine(matrix, image)


def median(pairs: Sequence[Pair]) -> Baseline:
    """The median of a square around each pixel, of the side that has the least L1 on the training pairs."""

    def error(side: int) -> float:
        return sum(float(cv2.absdiff(cv2.medianBlur(one, side), other).mean()) for one, other in pairs)

    side = min(KERNELS, key=error)
    return f"median filter, {side}x{side}", lambda image: cv2.medianBlur(image, side)


def mean_around(pairs: Sequence[Pair]) -> Baseline:
    """Each hole gets one colour, the mean of the pixels around it."""
    return "mean colour around", fill_with_mean


def telea(pairs: Sequence[Pair]) -> Baseline:
    """Holes are filled from the border inwards (Telea 2004)."""

    def fill(image: np.ndarray) -> np.ndarray:
        return cv2.inpaint(image, find_holes(image).astype(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA)

    return "Telea's inpainting", fill


def fill_with_mean(image: np.ndarray) -> np.ndarray:
    """The picture with each hole in the mean colour of a ring around it; holes that touch are one."""
    filled, holes = image.copy(), find_holes(image)
    count, labels = cv2.connectedComponents(holes.astype(np.uint8))
    window = np.ones((2 * RING + 1, 2 * RING + 1), np.uint8)
    for label in range(1, count):
        hole = labels == label
        ring = (cv2.dilate(hole.astype(np.uint8), window) > 0) & ~holes
        if ring.any():
            filled[hole] = np.rint(image[ring].mean(axis=0))
    return filled
