"""Smoothing that keeps edges: L0 gradient minimisation, and the guided filter, by which paint is enlarged.

Images are float32 in 0..1; both filters give the same bits on every call, for any number of threads.
"""

from collections.abc import Callable
from math import pi

import numpy as np

from ._cv2 import cv2
from .filters import BORDER, reduced, resize, to_float


def l0_smooth(rgb: np.ndarray, strength: float, growth: float = 2.0) -> np.ndarray:
    """L0 gradient minimisation (Xu 2011): the fewest steps that still show the image. (H, W, 3) -> the same.

        min over S of  sum (S - I)^2 + strength * #{pixels where grad S != 0}

    Half-quadratic splitting: gradients g with |g|^2 < strength / beta, summed over the channels, are set to
    0, and then S solves (1 - beta Laplace) S = I - beta div g. beta grows by `growth` from 2 strength to 1e5.
    Borders are mirrors, so a cosine transform makes that equation diagonal.

    It costs some 40 cosine transforms a channel; large images are better reduced first.
    """
    height, width = rgb.shape[:2]
    even = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)  # cv2.dct needs even sides
    channels = cv2.split(even)
    # With mirrored borders, cosines are the eigenvectors of minus the Laplacian; these are their eigenvalues.
    rows, columns = (2 - 2 * np.cos(pi * np.arange(n) / n) for n in even.shape[:2])
    laplacian = (rows[:, None] + columns).astype(np.float32)
    smooth, beta = channels, 2 * strength
    while beta < 1e5:
        gradients = [_forward_differences(channel) for channel in smooth]
        keep = sum(dx * dx + dy * dy for dx, dy in gradients) >= strength / beta
        inverse = 1 / (1 + beta * laplacian)
        smooth = [
            cv2.idct(cv2.dct(channel - beta * _divergence(dx * keep, dy * keep)) * inverse)
            for channel, (dx, dy) in zip(channels, gradients, strict=True)
        ]
        beta *= growth
    return cv2.merge(smooth)[:height, :width]


def _forward_differences(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """To the right and downwards; 0 at the last column and row."""
    dx, dy = np.zeros_like(plane), np.zeros_like(plane)
    np.subtract(plane[:, 1:], plane[:, :-1], out=dx[:, :-1])
    np.subtract(plane[1:], plane[:-1], out=dy[:-1])
    return dx, dy


def _divergence(dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Minus the adjoint of `_forward_differences`."""
    total = dx + dy
    total[:, 1:] -= dx[:, :-1]
    total[1:] -= dy[:-1]
    return total


def guided_filter(image: np.ndarray, guide: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """Guided filter (He 2010), each channel by the guide's own: the image, with edges where the guide has them.

        out = mean(a) guide + mean(b),    a = cov(guide, image) / (var(guide) + eps),    b = mean(image) - a mean(guide)

    with means over windows of side 2 radius + 1. eps is the variance below which the guide counts as flat.
    Guided by itself an image is smoothed: eps -> 0 keeps all of it, eps -> infinity leaves its mean of means.

    A guide larger than the image enlarges the image to its own size: a and b are smooth, so they are found at
    the small size and enlarged (He & Sun 2015), while the edges come from the large guide.
    """
    height, width = guide.shape[:2]
    small = resize(guide, image.shape[1], image.shape[0])

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x, (2 * radius + 1,) * 2, borderType=BORDER)

    mean_guide, mean_image = mean(small), mean(image)
    variance = mean(small * small) - mean_guide * mean_guide
    a = (mean(small * image) - mean_guide * mean_image) / (variance + eps)
    b = mean_image - a * mean_guide
    out = resize(mean(a), width, height) * guide
    out += resize(mean(b), width, height)
    return out


def paint_reduced(
    paint: Callable[[np.ndarray, float], np.ndarray], image: np.ndarray, scale: float, finest: float
) -> np.ndarray:
    """paint(image, scale) at a scale of at most `finest`: a larger image is reduced to that and painted, and the
    paint enlarged again, with the edges of the photo.

    image: uint8. paint: (image, scale) -> float in 0..1, of the same shape or one channel less.
    """
    reduction = scale / finest
    if reduction <= 1:
        return paint(image, scale)
    return np.clip(guided_filter(paint(reduced(image, reduction), finest), to_float(image), 1, 1e-4), 0, 1)
