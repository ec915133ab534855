"""How far apart two images are. Images are arrays (H, W) or (H, W, C) with values in 0..1."""

import math

import numpy as np

from ..errors import ShapeError


def l1(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference."""
    _check("l1", a, b)
    return float(np.abs(np.asarray(a, np.float64) - b).mean())


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB: 10 log10(1 / mean squared difference); infinite for equal images."""
    _check("psnr", a, b)
    mse = float(((np.asarray(a, np.float64) - b) ** 2).mean())
    return math.inf if mse == 0 else -10.0 * math.log10(mse)


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004), mean over channels and all whole windows.

    (2 ma mb + c1)(2 vab + c2) / ((ma^2 + mb^2 + c1)(va + vb + c2)) with means m, variances v and covariance vab in
    an 11x11 Gaussian window of sigma 1.5, c1 = 0.01^2, c2 = 0.03^2. 1 for equal images. Raises ShapeError for
    images smaller than the window.
    """
    _check("ssim", a, b)
    if min(a.shape[:2]) < 11:
        raise ShapeError(f"ssim: the window has 11x11 pixels, the images are {a.shape[:2]}")
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    ma, mb = _blur(a), _blur(b)
    va, vb, vab = _blur(a * a) - ma * ma, _blur(b * b) - mb * mb, _blur(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    return float((((2 * ma * mb + c1) * (2 * vab + c2)) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())


def _blur(image):
    """Weighted mean in the Gaussian window, at the positions where the whole window fits: one axis, then the other."""
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        image = np.lib.stride_tricks.sliding_window_view(image, 11, axis=axis) @ kernel
    return image


def _check(name, a, b):
    if a.shape != b.shape or a.ndim not in (2, 3):
        raise ShapeError(f"{name}: expected two images of one shape (H, W) or (H, W, C), got {a.shape} and {b.shape}")
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        raise TypeError(f"{name}: expected values in 0..1, got {a.dtype} and {b.dtype}; divide bytes by 255.0")
