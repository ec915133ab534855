"""A palette of few colours, fitted to one picture, and the picture in that palette's colours alone."""

import numpy as np

from ._cv2 import cv2
from .filters import gaussian, resize

CELL = 4.0  # side of a cell of the histogram, in units of Lab
HUES_BEFORE_TONES = np.array([0.7, 1, 1])  # what a unit of L, a, b counts
ROUNDS = 20  # of k-means; the centres hardly move after ten


def fit_palette(lab: np.ndarray, colours: int) -> np.ndarray:
    """At most `colours` colours that stand for a picture: (k, 3) float32, from dark to light.

    lab: (..., 3) float, CIE L*a*b*. k-means (Lloyd 1957) on the colours' histogram. A cell of the histogram
    counts by the square root of its pixels, so that small things in a colour of their own, such as a cat's
    eyes, keep it. The first centres are the heaviest cell, then time and again the cell with the largest
    weight * squared distance from its nearest centre (k-means++ without its dice). So the same picture always
    gives the same palette, with no random numbers that another thread could disturb.
    """
    cells, weights = _histogram(lab.reshape(-1, 3))
    cells *= HUES_BEFORE_TONES
    centres = cells[[weights.argmax()]]
    while len(centres) < colours:
        error = weights * _squared_distances(cells, centres).min(axis=1)
        if error.max() == 0:  # fewer colours than asked for
            break
        centres = np.vstack([centres, cells[error.argmax()]])
    for _ in range(ROUNDS):
        nearest = _squared_distances(cells, centres).argmin(axis=1)
        total = np.bincount(nearest, weights, len(centres))
        sums = np.stack([np.bincount(nearest, weights * plane, len(centres)) for plane in cells.T], axis=1)
        occupied = total > 0
        centres[occupied] = sums[occupied] / total[occupied, None]
    centres /= HUES_BEFORE_TONES
    return centres[np.lexsort(centres.T[::-1])].astype(np.float32)


def _histogram(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean colour of each occupied cell, (n, 3) float64, and its weight, (n,)."""
    cells = np.floor((pixels + np.array([0, 128, 128])) / CELL).astype(np.int64)
    side = int(256 / CELL) + 1
    codes = (cells[:, 0] * side + cells[:, 1]) * side + cells[:, 2]
    counts = np.bincount(codes)
    occupied = counts > 0
    sums = np.stack([np.bincount(codes, plane)[occupied] for plane in pixels.T], axis=1)
    return sums / counts[occupied, None], np.sqrt(counts[occupied])


def _squared_distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return ((points[:, None] - centres) ** 2).sum(axis=2)


def paint_by_palette(lab: np.ndarray, palette: np.ndarray, sigma: float, width: int, height: int) -> np.ndarray:
    """Give every pixel the palette colour that most of its neighbours are nearest to: (h, w, 3) -> (height, width, 3).

    The vote is Gaussian, with `sigma` in pixels of `lab`: it takes away specks and smooths borders. Where two
    colours draw, they mix, over about half that width. Votes are smooth and can be enlarged; so the borders of a
    large result are as clean as those of a small one.
    """
    nearest = _nearest(lab, palette)
    total, *planes = (np.zeros((height, width), np.float32) for _ in range(4))
    for i, colour in enumerate(palette.tolist()):
        vote = resize(gaussian((nearest == i).astype(np.float32), sigma), width, height)
        for _ in range(3):  # to the 8th power
            vote = vote * vote
        total += vote
        for plane, part in zip(planes, colour, strict=True):
            plane += part * vote
    return cv2.merge([plane / total for plane in planes])


def _nearest(lab: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Index of the nearest palette colour, (H, W) uint8: colour by colour, so that memory stays small."""
    nearest = np.zeros(lab.shape[:2], np.uint8)
    shortest = np.full(lab.shape[:2], np.inf, np.float32)
    planes = cv2.split(lab)
    for i, colour in enumerate(palette):
        distance = sum((plane - part) ** 2 for plane, part in zip(planes, colour, strict=True))
        nearer = distance < shortest
        nearest[nearer] = i
        np.minimum(shortest, distance, out=shortest)
    return nearest
