"""How near do enlarged photos come to the originals, and how sharp are they? Images are (H, W, 3) uint8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demos.super_resolution.photos import Pair, window
from models.srgan import SCALE
from nnlite import metrics

BORDER = 4  # pixels that do not count, as is the custom
SIDE = 32  # of a detail that is shown, in pixels of the small photo

Detail = tuple[int, int]  # where it begins in the small photo


def compare(images: Sequence[np.ndarray], originals: Sequence[np.ndarray]) -> dict[str, float]:
    """Mean over photos of PSNR and SSIM over the three colours, and of the sharpness as a share of the original's."""
    scaled = [(inner(image), inner(original)) for image, original in zip(images, originals, strict=True)]
    measures = {"psnr": metrics.psnr, "ssim": metrics.ssim, "sharpness": lambda a, b: sharpness(a) / sharpness(b)}
    return {name: float(np.mean([measure(*pair) for pair in scaled])) for name, measure in measures.items()}


def psnr(images: Sequence[np.ndarray], originals: Sequence[np.ndarray]) -> float:
    """The first of these figures."""
    return float(np.mean([metrics.psnr(inner(a), inner(b)) for a, b in zip(images, originals, strict=True)]))


def inner(image: np.ndarray) -> np.ndarray:
    """Without the border, in 0..1."""
    return image[BORDER:-BORDER, BORDER:-BORDER] / 255.0


def sharpness(image: np.ndarray) -> float:
    """Mean length of the gradient of the grey image: from pixel to pixel, how much does it change?"""
    return float(np.hypot(*np.gradient(image.mean(2))).mean())


def richest(original: np.ndarray) -> Detail:
    """The detail, of those side by side from the top left corner on, that changes most from pixel to pixel."""
    height, width = (side // SCALE for side in original.shape[:2])
    corners = [(y, x) for y in range(0, height - SIDE + 1, SIDE) for x in range(0, width - SIDE + 1, SIDE)]
    return max(corners, key=lambda corner: sharpness(window(original, *corner, SIDE, SCALE)))


def details(pairs: Sequence[Pair], *columns: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """A row for each pair, of its richest detail: small with pixels repeated, the images of the columns, original."""
    rows = []
    for (small, original), *images in zip(pairs, *columns, strict=True):
        repeated = small.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        corner = richest(original)
        rows.append([window(image, *corner, SIDE, SCALE) for image in (repeated, *images, original)])
    return rows


def table(figures: dict[str, dict[str, float]]) -> str:
    """The figures of each kind of image, under their names, as lines of text."""
    lines = [f"{'':24}{'PSNR':>8}{'SSIM':>8}{'sharpness':>11}"]
    for name, f in figures.items():
        lines.append(f"{name:24}{f['psnr']:8.2f}{f['ssim']:8.3f}{f['sharpness']:11.2f}")
    return "\n".join(lines)
