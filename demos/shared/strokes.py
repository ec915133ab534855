"""Slant and thickness of handwriting: measured on images, without learning, and changed by hand with OpenCV.

Both are those of Morpho-MNIST (Castro et al. 2019), except that thickness needs no skeleton here. Images are
(N, 1, H, W) in 0..1, 0 is paper and 1 ink.
"""

from __future__ import annotations

import cv2
import numpy as np

FINER = 4  # times as many pixels along each side where strokes are measured: they are only two or three wide


def slant(images: np.ndarray) -> np.ndarray:
    """(N,): how far strokes lean to the right, in pixels for each pixel up; 0 for blank paper.

    It is the slope of the line through the ink that predicts x from the height y best: cov(x, y) / var(y), where each
    pixel weighs as much as it has ink. A shear x -> x + s y adds exactly s to it.
    """
    ink = images[:, 0].astype(np.float64)
    up, right = np.mgrid[ink.shape[1] - 1 : -1 : -1, : ink.shape[2]].astype(np.float64)
    total = ink.sum((1, 2), keepdims=True).clip(1e-9)
    x, y = (where - (ink * where).sum((1, 2), keepdims=True) / total for where in (right, up))
    return (ink * x * y).sum((1, 2)) / (ink * y * y).sum((1, 2)).clip(1e-9)


def thickness(images: np.ndarray) -> np.ndarray:
    """(N,): the width of strokes in pixels; 0 for blank paper.

    Across a long stroke of width w, the distance to the paper rises from 0 to w / 2 and falls again, so it is w / 4 on
    average: the width is four times the mean distance to the paper, over all the ink.
    """
    return np.array([_mean_depth(image[0]) for image in images]) * 4.0


def _mean_depth(image: np.ndarray) -> float:
    ink = _finer(image)
    if not ink.any():
        return 0.0
    return float(_depth(ink)[ink > 0].mean()) / FINER


def _finer(image: np.ndarray) -> np.ndarray:
    """Where ink covers more than a half, with FINER times as many pixels a side: 0 or 1."""
    return (cv2.resize(image, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC) > 0.5).astype(np.uint8)


def _depth(mask: np.ndarray) -> np.ndarray:
    """How deep in the mask the middle of each pixel is; the edge is half a pixel from the nearest one outside."""
    return (cv2.distanceTransform(mask, cv2.DIST_L2, 5) - 0.5).clip(0.0)


def shear(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The images with `by` (N,) added to their slant; their ink stays where it is on average."""
    return np.stack([_shear(image[0], float(more))[None] for image, more in zip(images, by, strict=True)])


def _shear(image: np.ndarray, by: float) -> np.ndarray:
    middle = float((image.sum(1) * np.arange(len(image))).sum() / max(image.sum(), 1e-9))
    matrix = np.array([[1.0, by, -by * middle], [0.0, 1.0, 0.0]])  # where each pixel comes from; rows count downwards
    return cv2.warpAffine(image, matrix, image.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def thicken(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The images with strokes wider by `by` (N,) pixels, or thinner where it is negative: half of it on either side."""
    return np.stack([_thicken(image[0], float(more))[None] for image, more in zip(images, by, strict=True)])


def _thicken(image: np.ndarray, by: float) -> np.ndarray:
    ink = _finer(image)
    outside = _depth(1 - ink) - _depth(ink)  # how far from the edge, negative within the ink
    wider = (outside < FINER * by / 2.0).astype(np.float32)
    return cv2.resize(wider, image.shape[::-1], interpolation=cv2.INTER_AREA)
