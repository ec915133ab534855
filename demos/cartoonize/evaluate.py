"""How good is a generator on photographs it never saw?

A cartoon keeps its photo recognisable, so the untouched photo already scores high, and the best affine change of
its colours scores higher. Both are measured too; only what beats them has learnt to draw. The ink
figure asks for the lines themselves. How much of a cartoon a picture is, wherever its strokes lie, is measured with
`stylize.quality`: a generator may be near its target and still have the texture of a photo.
"""

from __future__ import annotations

import numpy as np

from demos.cartoonize.crops import Pair
from nnlite import metrics
from stylize import quality

DARK, DARKER = 0.35, 0.15  # ink is darker than the first, and darker than the photo by the second (luma, 0..1)


def compare(images: list[np.ndarray], photos: list[np.ndarray], cartoons: list[np.ndarray]) -> dict[str, float]:
    """Mean over the crops of L1, PSNR and SSIM against the cartoon, and the F1 of the ink lines of all of them."""
    scaled = [(image / 255.0, cartoon / 255.0) for image, cartoon in zip(images, cartoons, strict=True)]
    measures = {"l1": metrics.l1, "psnr": metrics.psnr, "ssim": metrics.ssim}
    figures = {name: float(np.mean([measure(a, b) for a, b in scaled])) for name, measure in measures.items()}
    return figures | {"ink_f1": ink_f1(images, photos, cartoons)}


def cartoonness(images: list[np.ndarray], photos: list[np.ndarray]) -> dict[str, float]:
    """Means over whole pictures of what `stylize.quality` measures: how flat, inked and clean, how like the photo."""
    pairs = list(zip(photos, images, strict=True))
    measures = {
        "flat_share": [quality.flat_share(image) for image in images],
        "ink_percent": [quality.ink_percent(photo, image) for photo, image in pairs],
        "specks_per_megapixel": [quality.specks_per_megapixel(image) for image in images],
        "edge_recall": [quality.edge_recall(photo, image) for photo, image in pairs],
        "ssim_l": [quality.ssim_l(photo, image) for photo, image in pairs],
    }
    return {name: float(np.mean(values)) for name, values in measures.items()}


def way(reached: float, photo: float, target: float) -> float | None:
    """(reached - photo) / (target - photo): 0 is where the photo is, 1 the target. None if these two are equal."""
    return (reached - photo) / (target - photo) if target != photo else None


def ink_f1(images: list[np.ndarray], photos: list[np.ndarray], cartoons: list[np.ndarray]) -> float:
    """F1 of ink pixels: 2 precision recall / (precision + recall), a pixel counting as found within 1 px.

    Ink is what is dark in the drawing and was not in the photo. Over all crops together, so that a crop without
    lines does not count as a failure. 0 if there is no ink at all.
    """
    right = drawn = found = wanted = 0
    for image, photo, cartoon in zip(images, photos, cartoons, strict=True):
        mine, theirs = ink(image, photo), ink(cartoon, photo)
        right, drawn = right + (mine & _dilate(theirs)).sum(), drawn + mine.sum()
        found, wanted = found + (theirs & _dilate(mine)).sum(), wanted + theirs.sum()
    precision, recall = right / max(drawn, 1), found / max(wanted, 1)
    return float(2 * precision * recall / (precision + recall)) if right and found else 0.0


def ink(image: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """(H, W) bool: luma (Rec. 601, 0..1) below DARK and more than DARKER below the photo's."""
    luma, before = (x @ np.array([0.299, 0.587, 0.114]) / 255.0 for x in (image, photo))
    return (luma < DARK) & (luma < before - DARKER)


def fit_affine(pairs: list[Pair]) -> np.ndarray:
    """The (4, 3) matrix M for which [r, g, b, 1] M is nearest, in squares, to the cartoon's colour over all pixels."""
    normal, right = np.zeros((4, 4)), np.zeros((4, 3))
    for photo, cartoon in pairs:
        x = _with_one(photo)
        normal += x.T @ x
        right += x.T @ (cartoon.reshape(-1, 3) / 255.0)
    return np.linalg.solve(normal + 1e-9 * np.eye(4), right)


def apply_affine(matrix: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The photo with its colours mapped by `fit_affine`'s matrix."""
    return np.rint((_with_one(photo) @ matrix * 255.0).clip(0, 255)).astype(np.uint8).reshape(photo.shape)


def _with_one(photo):
    flat = photo.reshape(-1, 3) / 255.0
    return np.hstack([flat, np.ones((len(flat), 1))])


def _dilate(mask):
    """A pixel is set if any of the nine around it is."""
    padded = np.pad(mask, 1)
    h, w = mask.shape
    return np.any([padded[i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=0)
