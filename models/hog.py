"""Histograms of oriented gradients (HOG; Dalal & Triggs 2005): an image described by where it has edges, and which.

1. Gradients by the kernel [-1, 0, 1], across and down: length and direction. A direction and its opposite are the same,
   so that an edge from dark to bright looks like one from bright to dark.
2. The image is cut into square cells. In each, every pixel votes for its direction with the length of its gradient; the
   vote is shared between the two nearest of `bins` directions.
3. Histograms of 2x2 neighbouring cells make a block, which is divided by its norm: light and contrast drop out. What is
   above 0.2 is cut off, so that no single edge counts for all, and the norm is divided by again. Blocks overlap.

The paper also shares votes between neighbouring cells.
"""

from __future__ import annotations

import numpy as np

BINS = 9  # of 20 degrees
CUT, SMALL = 0.2, 1e-3  # the second keeps plain blocks from being divided by 0


def hog(images: np.ndarray, cell: int = 7, bins: int = BINS) -> np.ndarray:
    """Grey images (N, H, W) in 0..1 -> (N, blocks * 4 * bins) in 0..1, blocks (H / cell - 1) (W / cell - 1).

    Raises ValueError unless both sides are multiples of `cell`, and at least two of them.
    """
    histograms = cells(images, cell, bins)
    blocks = np.lib.stride_tricks.sliding_window_view(histograms, (2, 2), (1, 2))  # (N, rows, columns, bins, 2, 2)
    vectors = blocks.reshape(*blocks.shape[:3], -1)
    return normalised(np.minimum(normalised(vectors), CUT)).reshape(len(images), -1)


def cells(images: np.ndarray, cell: int, bins: int = BINS) -> np.ndarray:
    """(N, H, W) -> (N, H / cell, W / cell, bins): the histogram of each cell. Bin k is for gradients of k pi / bins."""
    n, height, width = images.shape
    if height % cell or width % cell or min(height, width) < 2 * cell:
        raise ValueError(
            f"hog: the sides of images must be multiples of cell = {cell}, two at least, got {images.shape}"
        )
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    length, place = np.hypot(across, down), np.arctan2(down, across) * (bins / np.pi)  # in bins
    below = np.floor(place)
    share = place - below
    histograms = np.empty((n, height // cell, width // cell, bins), images.dtype)
    for k in range(bins):
        votes = length * ((1.0 - share) * (below % bins == k) + share * ((below + 1) % bins == k))
        histograms[..., k] = votes.reshape(n, height // cell, cell, width // cell, cell).sum((2, 4))
    return histograms


def normalised(vectors: np.ndarray) -> np.ndarray:
    """v / sqrt(|v|^2 + SMALL^2), along the last axis."""
    return vectors / np.sqrt((vectors**2).sum(-1, keepdims=True) + SMALL**2)
