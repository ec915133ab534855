"""Pages with digits and pieces of photos, for a detector to search, and their windows that hold no digit."""

from __future__ import annotations

import numpy as np

from demos.classic_vision.haar import SIDE

CELLS, CELL = 8, 40  # cells along a side of a page, and pixels along a side of a cell
DIGITS = 0.5  # of the cells; the others hold a piece of a photo
APART = 6  # pixels from a digit's place, across or down, from where on a window does not hold it


def make_page(images: np.ndarray, photos: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A page (H, W) in 0..1, with digits (N, 28, 28) and photos (H, W) uint8; the corners (n, 2) x, y of its digits."""
    page, places = np.zeros((CELLS * CELL, CELLS * CELL), np.float32), []
    for top in range(0, len(page), CELL):
        for left in range(0, len(page), CELL):
            if rng.random() < DIGITS:
                y, x = np.array([top, left]) + rng.integers(0, CELL - SIDE + 1, 2)
                page[y : y + SIDE, x : x + SIDE] = images[rng.integers(len(images))]
                places.append((x, y))
            else:
                photo = photos[rng.integers(len(photos))]
                y, x = (rng.integers(0, side - CELL + 1) for side in photo.shape)
                page[top : top + CELL, left : left + CELL] = photo[y : y + CELL, x : x + CELL] / 255.0
    return page, np.array(places).reshape(-1, 2)


def distance(corners: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n, 2) and (m, 2) -> (n, m): the larger of the distances across and down, pixels."""
    return np.abs(corners[:, None] - places).max(-1)


def without_digit(page: np.ndarray, places: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n windows (n, SIDE, SIDE) of the page: pieces of photos, digits cut off, and both; none is blank."""
    corners = rng.integers(0, len(page) - SIDE + 1, (4 * n, 2))
    if len(places):
        corners = corners[distance(corners, places).min(1) >= APART]
    x, y = corners.T
    found = np.lib.stride_tricks.sliding_window_view(page, (SIDE, SIDE))[y, x]
    return found[found.max((1, 2)) > 0.1][:n]
