"""Convolution with kernels that people wrote, before networks learnt theirs: smoothing, sharpening, edges.

A layer of a network does the same: six kernels, stacked to a weight (6, 1, 5, 5), are one convolution to six maps.
Like every deep-learning library and OpenCV's filter2D, nnlite's conv2d computes the correlation

    y[i, j] = sum over u, v of k[u, v] x[i + u - 2, j + v - 2]

and not the mathematicians' convolution, whose kernel is turned by 180 degrees. Beyond the border, x is 0.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

import nnlite
from demos.cartoonize.crops import centre
from nnlite.nn import functional as F
from nnlite.plot import image_grid

SOBEL = np.outer([1, 2, 1], [-1, 0, 1])
BINOMIAL = np.array([1, 4, 6, 4, 1])
KERNELS = {  # 3x3 kernels get a rim of zeros
    "mean": np.full((5, 5), 1 / 25),
    "Gaussian": np.outer(BINOMIAL, BINOMIAL) / 256,
    "sharper": np.pad([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1),
    "Sobel, across": np.pad(SOBEL, 1),
    "Sobel, down": np.pad(SOBEL.T, 1),
    "Laplace": np.pad([[0, 1, 0], [1, -4, 1], [0, 1, 0]], 1),
}
SHOWN = 192  # pixels of a side
SIGNED = ("Sobel, across", "Sobel, down", "Laplace")  # their sum is 0: drawn with grey for 0


def compare(grey: np.ndarray, picture: Path) -> float:
    """Draw what the kernels make of the middle of a photo (H, W) uint8.

    Returns the largest difference between conv2d and filter2D, in levels of 0..255.
    """
    kernels = np.stack(list(KERNELS.values())).astype(np.float32)
    ours = by_nnlite(grey, kernels)
    theirs = by_opencv(grey, kernels)
    across, down = (ours[list(KERNELS).index(name)] for name in ("Sobel, across", "Sobel, down"))
    maps = [128.0 + 0.5 * y if name in SIGNED else y for name, y in zip(KERNELS, ours, strict=True)]
    maps = [grey, *maps, np.hypot(across, down)]
    maps = [centre(np.rint(np.clip(y, 0, 255)).astype(np.uint8), SHOWN) for y in maps]
    cells = [np.repeat(y[:, :, None], 3, axis=2) for y in maps]
    image_grid([cells], picture, titles=("photo", *KERNELS, "Sobel, length"), scale=1)
    return float(np.abs(ours - theirs).max())


def by_nnlite(grey: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """(H, W) with kernels (n, k, k), k odd -> (n, H, W), as one layer with n maps."""
    x, weight = (nnlite.tensor(array.astype(np.float32)) for array in (grey[None, None], kernels[:, None]))
    return F.conv2d(x, weight, padding=kernels.shape[-1] // 2).numpy()[0]


def by_opencv(grey: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """The same by filter2D, kernel by kernel."""
    return np.stack([cv2.filter2D(grey, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in kernels])
