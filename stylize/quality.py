"""How good is a cartoon? Measures that a style can be held to, each a number with a meaning.

A cartoon should lose texture (total variation, flat share), keep shapes (edge recall, SSIM), be drawn
rather than dirty (ink, specks), and be steady (noise gain, crop error). None of this sees beauty: look at
the pictures.

`photo` and `cartoon` are RGB, uint8, (H, W, 3), of one size; lengths are meant for a short side of 512
pixels. L is the lightness of CIE L*a*b*, 0..100.
"""

from collections.abc import Callable

import numpy as np

from ._cv2 import cv2
from .filters import gaussian

Style = Callable[[np.ndarray], np.ndarray]  # its stroke scale fixed, so that a crop is drawn like its photo


def measure(style: Style, photo: np.ndarray) -> dict[str, float]:
    """All measures of a style on one photo, by name, in the order in which they stand below."""
    cartoon = style(photo)
    return {
        "total variation": tv_ratio(photo, cartoon),
        "flat share": flat_share(cartoon),
        "edge recall": edge_recall(photo, cartoon),
        "SSIM of L": ssim_l(photo, cartoon),
        "ink %": ink_percent(photo, cartoon),
        "specks/MP": specks_per_megapixel(cartoon),
        "noise gain": noise_gain(style, photo),
        "crop error": crop_error(style, photo),
    }


def lightness(rgb: np.ndarray) -> np.ndarray:
    """L of CIE L*a*b*, (H, W) float32, 0..100."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]


def tv_ratio(photo: np.ndarray, cartoon: np.ndarray) -> float:
    """Total variation of the cartoon's L over the photo's, sum |dL/dx| + |dL/dy|. 1: as busy as the photo."""

    def variation(rgb: np.ndarray) -> float:
        light = lightness(rgb)
        return float(np.abs(np.diff(light, axis=0)).sum() + np.abs(np.diff(light, axis=1)).sum())

    return variation(cartoon) / max(variation(photo), 1e-9)


def flat_share(rgb: np.ndarray) -> float:
    """Share of pixels, 0..1, where |grad L| < 0.6 a pixel (central differences): areas of one tone."""
    dy, dx = np.gradient(lightness(rgb))
    return float((np.hypot(dx, dy) < 0.6).mean())


def edges(rgb: np.ndarray) -> np.ndarray:
    """Canny edges (Canny 1986) of the grey image blurred at sigma 2, as a boolean (H, W)."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return cv2.Canny(np.rint(gaussian(grey.astype(np.float32), 2)).astype(np.uint8), 20, 50) > 0


def edge_recall(photo: np.ndarray, cartoon: np.ndarray) -> float:
    """Share of the photo's edges, 0..1, that the cartoon has within 2 pixels; 1 if the photo has no edges."""
    wanted = edges(photo)
    near = cv2.dilate(edges(cartoon).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(near[wanted].mean()) if wanted.any() else 1.0


def ssim_l(photo: np.ndarray, cartoon: np.ndarray) -> float:
    """Structural similarity (Wang 2004) of the two L, their mean; 11x11 Gaussian, sigma 1.5, range 100."""
    x, y = lightness(photo), lightness(cartoon)

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(image, (11, 11), 1.5)

    c1, c2 = (0.01 * 100) ** 2, (0.03 * 100) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    return float((((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean())


def ink(photo: np.ndarray, cartoon: np.ndarray) -> np.ndarray:
    """Where the cartoon is inked, boolean (H, W): dark (L < 25), and at least 15 darker than the photo."""
    drawn = lightness(cartoon)
    return (drawn < 25) & (lightness(photo) - drawn >= 15)


def ink_percent(photo: np.ndarray, cartoon: np.ndarray) -> float:
    """Percentage of inked pixels, 0..100."""
    return 100 * float(ink(photo, cartoon).mean())


def specks_per_megapixel(rgb: np.ndarray) -> float:
    """Isolated dots in a million pixels: 8-connected regions of at most 12 pixels, dark on light or light
    on dark, in the picture cut into dark and light at L = 30."""
    dark = (lightness(rgb) < 30).astype(np.uint8)
    dots = 0
    for mask in (dark, 1 - dark):
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        dots += int((stats[1:, cv2.CC_STAT_AREA] <= 12).sum())
    return dots / dark.size * 1e6


def noise_gain(style: Style, photo: np.ndarray, seed: int = 0) -> float:
    """How far apart a style draws two noisy copies of a photo (sigma 3), over how far apart they are."""
    rng = np.random.default_rng(seed)

    def noisy() -> np.ndarray:
        return np.clip(np.rint(photo + rng.normal(0, 3, photo.shape)), 0, 255).astype(np.uint8)

    one, two = noisy(), noisy()
    return mean_difference(style(one), style(two)) / mean_difference(one, two)


def crop_error(style: Style, photo: np.ndarray, margin: int = 24) -> float:
    """|style(photo) cropped - style(photo cropped)|, mean in levels (0..255), for the middle half of each
    side. The outer `margin` pixels, where the crop lacks its neighbourhood, do not count."""
    height, width = photo.shape[:2]
    rows, columns = slice(height // 4, height * 3 // 4), slice(width // 4, width * 3 // 4)
    inner = slice(margin, -margin)
    whole, part = style(photo)[rows, columns], style(photo[rows, columns])
    return mean_difference(whole[inner, inner], part[inner, inner])


def mean_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of two uint8 images, in levels."""
    return float(np.abs(a.astype(np.int16) - b).mean())
