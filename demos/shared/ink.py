"""Digits drawn on photos: what the demos of segmentation and detection make their images of."""

from __future__ import annotations

import cv2
import numpy as np

from demos.shared.options import BUNDLED
from stylize import find_images, read_image, resize_short_side

SHORT_SIDE = 256  # of a photo, pixels
CONTRAST = 0.4  # least distance of the ink's colour from the background's mean, RGB in 0..1


def load_photos() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The bundled photos, (H, W, 3) in 0..1: those to train on, and each fifth, held out."""
    photos = [resize_short_side(read_image(path), SHORT_SIDE) / np.float32(255.0) for path in find_images([BUNDLED])]
    held_out = photos[::5]
    del photos[::5]
    return photos, held_out


def random_crop(photos: list[np.ndarray], side: int, rng: np.random.Generator) -> np.ndarray:
    """A view (side, side, 3) of a random part of a random photo."""
    photo = photos[rng.integers(len(photos))]
    top, left = (rng.integers(n - side + 1) for n in photo.shape[:2])
    return photo[top : top + side, left : left + side]


def placed(digit: np.ndarray, side: int, larger: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """The ink (side, side) in 0..1 of a digit (1, 28, 28), enlarged at random between two limits, somewhere inside."""
    scale = rng.uniform(*larger)
    x, y = rng.uniform(0.0, side - scale * digit.shape[-1], 2)
    return cv2.warpAffine(digit[0], np.array([[scale, 0.0, x], [0.0, scale, y]]), (side, side))


def unlike(colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random colour, RGB in 0..1, at least CONTRAST away from this one."""
    while True:
        other = rng.random(3, np.float32)
        if np.linalg.norm(other - colour) >= CONTRAST:
            return other
