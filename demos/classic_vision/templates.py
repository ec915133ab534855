"""Template matching: lay a piece of a photo over every place of an image, and take the place where it fits best.

It fits as well as the two are correlated, each minus its own mean: brightness and contrast do not matter, noise little.
But pixels are compared with those at the same place. Turn or scale the image, and they are others.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from demos.classic_vision.changes import CHANGES
from nnlite.plot import image_grid

SIDE = 48  # of a piece, pixels
REACH = 48  # of its middle from that of the photo, across and down, at most: it is inside whatever the change
PLAIN = 15.0  # a piece with a smaller standard deviation, in levels of 0..255, is too plain for anybody to find
TOLERANCE = 5.0  # pixels; nearer, a place is found
GREEN, RED = (0, 255, 0), (255, 0, 0)


def choose(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The middle (x, y) of a piece of the photo (H, W) that is not plain; the least plain of 100 if all are."""
    height, width = photo.shape
    tries = np.array([width // 2, height // 2]) + rng.integers(-REACH, REACH + 1, (100, 2))
    spread = np.array([piece(photo, middle).std() for middle in tries])
    return tries[np.argmax(spread >= PLAIN) if (spread >= PLAIN).any() else spread.argmax()]


def piece(photo: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE) around the pixel `middle` (x, y)."""
    left, top = middle - SIDE // 2
    return photo[top : top + SIDE, left : left + SIDE]


def find(template: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The middle (x, y) of where the template (SIDE, SIDE) fits best."""
    fit = cv2.matchTemplate(image, template, cv2.TM_CCOEFF_NORMED)
    return np.array(cv2.minMaxLoc(fit)[3]) + SIDE // 2


def near(place: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.linalg.norm(place - other) <= TOLERANCE)


def draw(photo: np.ndarray, middle: np.ndarray, changed: dict[str, np.ndarray], picture: Path) -> None:
    """The photo with its piece framed, and changed photos with where that is found, in red if that is wrong."""
    cells = [framed(photo, middle, GREEN)]
    for name, image in changed.items():
        found = find(piece(photo, middle), image)
        true = CHANGES[name].matrix(photo) @ (*middle, 1.0)
        cells.append(framed(image, found, GREEN if near(found, true) else RED))
    height, width = photo.shape
    cells = [np.pad(c, ((0, height - len(c)), (0, width - c.shape[1]), (0, 0)), constant_values=255) for c in cells]
    image_grid([cells], picture, titles=("template", *changed), scale=1)


def framed(grey: np.ndarray, middle: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The image (H, W) in colour, with a frame where a piece is."""
    corner = middle - SIDE // 2
    rgb = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    return cv2.rectangle(rgb, corner.tolist(), (corner + SIDE).tolist(), colour, 2)
