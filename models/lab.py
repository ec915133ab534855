"""Colours in CIE L*a*b*, where a step of lightness looks equally large everywhere, and tones of lightness.

sRGB numbers are linearised (IEC 61966-2-1), mixed to X, Y and Z under daylight (D65), and compressed like the eye does:
L = 116 f(Y) - 16,  a = 500 (f(X) - f(Y)),  b = 200 (f(Y) - f(Z)),  f(t) = t^(1/3), a line near 0 (CIE 1976).
Here all three are divided by 100, so L lies in 0..1. Images are (N, 3, H, W), sRGB in [-1, 1].
"""

from __future__ import annotations

import numpy as np

import nnlite
from nnlite import Tensor
from nnlite.nn import functional as F

XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
XYZ /= XYZ.sum(axis=1, keepdims=True)  # white is (1, 1, 1)
LAB = np.array([[0.0, 1.16, 0.0], [5.0, -5.0, 0.0], [0.0, 2.0, -2.0]])
KNEE, SLOPE = 6 / 29, (29 / 6) ** 2 / 3  # f is a line below t = KNEE^3


def rgb_to_lab(image: Tensor) -> Tensor:
    """sRGB in [-1, 1] to L, a, b, each divided by 100."""
    rgb = 0.5 * image + 0.5
    bent = ((rgb.clip(min=0.04045) + 0.055) / 1.055) ** 2.4
    linear = nnlite.where(rgb <= 0.04045, rgb / 12.92, bent)
    xyz = mix(linear, XYZ)
    f = nnlite.where(xyz <= KNEE**3, SLOPE * xyz + 4 / 29, xyz.clip(min=KNEE**3) ** (1 / 3))
    return mix(f, LAB) - offset(f)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Back again. What no screen can show leaves [-1, 1]."""
    f = mix(lab + offset(lab), np.linalg.inv(LAB))
    linear = mix(nnlite.where(f <= KNEE, (f - 4 / 29) / SLOPE, f**3), np.linalg.inv(XYZ))
    bent = 1.055 * linear.clip(min=0.0031308) ** (1 / 2.4) - 0.055
    return 2.0 * nnlite.where(linear <= 0.0031308, 12.92 * linear, bent) - 1.0


def offset(image: Tensor) -> Tensor:
    """What L has been lowered by, next to 116 f(Y); for an image of this dtype and device."""
    return nnlite.tensor([0.16, 0.0, 0.0], dtype=image.dtype, device=image.device).reshape(1, 3, 1, 1)


def mix(image: Tensor, matrix: np.ndarray) -> Tensor:
    """Each pixel's colour times a matrix: a 1x1 convolution with fixed weights."""
    weight = nnlite.tensor(matrix[:, :, None, None], dtype=image.dtype, device=image.device)
    return F.conv2d(image, weight)


def tones(light: Tensor, hardness: Tensor, steps: int) -> Tensor:
    """L (N, 1, H, W) in 0..1 in `steps` equal steps joined by tanh curves (Winnemoeller 2006).

        y = b + (width / 2) tanh(h u) / tanh(h),    u = 2 (L - b) / width in -1..1,    width = 1 / steps

    b is the nearest border between two steps. The larger the hardness h > 0 of a pixel, the flatter the steps; near 0
    the curve is the identity. b moves by jumps, so it passes no gradient on.
    """
    width = 1.0 / steps
    border = (light.detach() / width).round() * width
    return border + width / 2 * (hardness * (light - border) * (2 / width)).tanh() / hardness.tanh()
