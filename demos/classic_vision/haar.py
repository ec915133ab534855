"""Haar features (Viola & Jones 2001): differences of sums over rectangles, each read at a few corners of a table.

The integral image holds at (y, x) the sum of all pixels above and to the left. The sum over any rectangle is then

    I[bottom, right] - I[top, right] - I[bottom, left] + I[top, left]

however large it is. A feature is a grid of equal blocks whose sums are added and subtracted; neighbours share corners,
so that it takes 6, 8 or 9 of them. Dividing by the standard deviation of the window takes out contrast.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SIDE = 28  # of a window, pixels
PATTERNS = (  # of blocks; each sums to 0, so that brightness does not matter
    np.array([[1, -1]]),
    np.array([[1], [-1]]),
    np.array([[1, -2, 1]]),
    np.array([[1], [-2], [1]]),
    np.array([[1, -1], [-1, 1]]),
)
FAINT = 0.02  # least deviation that is divided by, of 0..1


class Feature(NamedTuple):
    """Blocks of height x width pixels, laid out as a pattern whose corner is at (top, left) of a window."""

    pattern: int
    top: int
    left: int
    height: int
    width: int


class Windows(NamedTuple):
    """Windows of SIDE pixels: a table (rows, stride) flattened, where in it each begins, and its deviation (n,)."""

    table: np.ndarray
    stride: int
    starts: np.ndarray
    deviation: np.ndarray

    def take(self, which: np.ndarray) -> Windows:
        return self._replace(starts=self.starts[which], deviation=self.deviation[which])


def integral_image(images: np.ndarray) -> np.ndarray:
    """(..., H, W) -> (..., H + 1, W + 1) float64: the sum of the pixels above and to the left; the first are 0."""
    sums = images.astype(np.float64).cumsum(-2).cumsum(-1)
    return np.pad(sums, [(0, 0)] * (images.ndim - 2) + [(1, 0), (1, 0)])


def windows_of(images: np.ndarray) -> Windows:
    """Images (n, SIDE, SIDE) in 0..1, each a window."""
    starts = np.arange(len(images)) * (SIDE + 1) ** 2
    return _windows(images, starts, SIDE + 1)


def windows_in(page: np.ndarray, step: int) -> tuple[Windows, np.ndarray]:
    """The windows of a page (H, W), `step` pixels apart, which share one table, and their corners (n, 2) x and y."""
    tops, lefts = (np.arange(0, side - SIDE + 1, step) for side in page.shape)
    y, x = (grid.ravel() for grid in np.meshgrid(tops, lefts, indexing="ij"))
    stride = page.shape[1] + 1
    return _windows(page, y * stride + x, stride), np.column_stack([x, y])


def _windows(images: np.ndarray, starts: np.ndarray, stride: int) -> Windows:
    bottom = SIDE * stride
    corners = starts[:, None] + [0, SIDE, bottom, bottom + SIDE]
    sums, squares = (integral_image(x).ravel() for x in (images, images.astype(np.float64) ** 2))
    mean, mean_square = (table[corners] @ [1, -1, -1, 1] / SIDE**2 for table in (sums, squares))
    return Windows(sums, stride, starts, np.sqrt(np.maximum(mean_square - mean**2, FAINT**2)))


def all_features(step: int = 2) -> list[Feature]:
    """Every feature that fits in a window, with places and sides that are multiples of `step`."""
    found = []
    for kind, pattern in enumerate(PATTERNS):
        rows, columns = pattern.shape
        for height in range(step, SIDE // rows + 1, step):
            for width in range(step, SIDE // columns + 1, step):
                tops, lefts = (range(0, SIDE - n + 1, step) for n in (rows * height, columns * width))
                found += [Feature(kind, top, left, height, width) for top in tops for left in lefts]
    return found


def evaluate(features: list[Feature], windows: Windows) -> np.ndarray:
    """(features, windows) float32: the mean of a window's pixels under each feature, in its standard deviations."""
    values = np.zeros((len(features), len(windows.starts)))
    for value, feature in zip(values, features, strict=True):
        pattern = PATTERNS[feature.pattern]
        weights = np.diff(np.diff(np.pad(pattern, 1), axis=0), axis=1)  # of the corners
        for (i, j), weight in np.ndenumerate(weights):
            if weight:
                y, x = feature.top + i * feature.height, feature.left + j * feature.width
                value += weight * windows.table[windows.starts + (y * windows.stride + x)]
    return (values / (SIDE**2 * windows.deviation)).astype(np.float32)
