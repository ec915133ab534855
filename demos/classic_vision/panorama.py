"""A panorama: overlapping views of a scene, laid over one another by the homographies that their keypoints agree on.

A camera that turns on the spot, or one that looks at something flat, sees views that differ by a homography. Here the
scene is a photo and the views are cut out of it by known homographies, each in another light, so that the error of the
estimated ones is known. Where views overlap, each counts as much as it is far from its own border: no seam is left.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from demos.classic_vision import keypoints
from stylize import write_image

VIEW = (256, 256)  # width and height of a view, pixels
QUADS = (  # corners of the views in the photo, as shares of its width and height; the second is the one laid flat
    ((0.02, 0.10), (0.44, 0.04), (0.46, 0.93), (0.04, 0.86)),
    ((0.29, 0.06), (0.71, 0.06), (0.71, 0.94), (0.29, 0.94)),
    ((0.56, 0.03), (0.97, 0.11), (0.98, 0.88), (0.54, 0.95)),
)
LIGHTS = (0.75, 1.0, 0.85)
MIDDLE = 1
GAP = 8  # between the views and the panorama, pixels


def compare(photo: np.ndarray, picture: Path) -> dict[str, float]:
    """Views of a photo (H, W, 3) uint8 put together again; draws them and the panorama.

    Returns the mean and the largest error of the homographies, in pixels of the overlap.
    """
    true = view_matrices(photo)
    views = [take_view(photo, *how) for how in zip(true, LIGHTS, strict=True)]
    found = [to_middle(view, views[MIDDLE]) for view in views]
    errors = np.concatenate(
        [overlap_errors(found[i], true[MIDDLE] @ np.linalg.inv(true[i])) for i in range(len(views)) if i != MIDDLE]
    )
    draw(views, mosaic(views, found), picture)
    return {"mean error": float(errors.mean()), "largest error": float(errors.max())}


def view_matrices(photo: np.ndarray) -> list[np.ndarray]:
    """(3, 3) for each view: the place in the photo -> the place in the view."""
    size = np.float32(photo.shape[1::-1])
    return [cv2.getPerspectiveTransform(np.float32(quad) * size, corners(VIEW)) for quad in QUADS]


def corners(size: tuple[int, int]) -> np.ndarray:
    """(4, 2) float32: the corners of an image of this width and height, from the top left one on clockwise."""
    right, bottom = size[0] - 1, size[1] - 1
    return np.float32([(0, 0), (right, 0), (right, bottom), (0, bottom)])


def take_view(photo: np.ndarray, matrix: np.ndarray, light: float) -> np.ndarray:
    view = cv2.warpPerspective(photo, matrix, VIEW, flags=cv2.INTER_AREA)
    return np.rint(light * view).astype(np.uint8)


def to_middle(view: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """The homography (3, 3) from one view to the other. Raises ValueError if they do not agree on one."""
    a, b = (keypoints.features(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in (view, middle))
    homography = keypoints.agree(a, b).homography
    if homography is None:
        raise ValueError("two views have too few keypoints in common for a homography; let them overlap more")
    return homography


def move(places: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Where the homography puts places (n, 2)."""
    return cv2.perspectiveTransform(np.asarray(places, np.float64)[None], homography)[0]


def overlap_errors(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How far apart the homographies put each pixel that a view shares with the middle one."""
    pixels = np.stack(np.meshgrid(*map(np.arange, VIEW)), axis=-1).reshape(-1, 2)
    places = move(pixels, true)
    shared = ((places >= 0) & (places <= np.array(VIEW) - 1)).all(1)
    return np.linalg.norm(move(pixels[shared], found) - places[shared], axis=1)


def mosaic(views: list[np.ndarray], homographies: list[np.ndarray]) -> np.ndarray:
    """The views (H, W, 3) uint8 as seen from the middle one, in its light, on white."""
    outline = np.concatenate([move(corners(VIEW), homography) for homography in homographies])
    low, high = np.floor(outline.min(0)).astype(int), np.ceil(outline.max(0)).astype(int)
    shift = np.array([[1.0, 0.0, -low[0]], [0.0, 1.0, -low[1]], [0.0, 0.0, 1.0]])
    size = (high - low + 1).tolist()
    layers = [
        cv2.warpPerspective(view.astype(np.float32), shift @ homography, size)
        for view, homography in zip(views, homographies, strict=True)
    ]
    weights = [cv2.warpPerspective(far_from_border(), shift @ homography, size) for homography in homographies]
    layers = [
        layer * same_light(layer, layers[MIDDLE], weight, weights[MIDDLE])
        for layer, weight in zip(layers, weights, strict=True)
    ]
    total = sum(weights)[..., None]
    blended = sum(weight[..., None] * layer for weight, layer in zip(weights, layers, strict=True))
    return np.where(total > 0.5, np.rint(np.clip(blended / np.maximum(total, 0.5), 0, 255)), 255).astype(np.uint8)


def far_from_border() -> np.ndarray:
    """(H, W): how many pixels it is to the nearest border of a view, from 1 on."""
    x, y = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1.0 for n in VIEW)
    return np.minimum(y[:, None], x).astype(np.float32)


def same_light(layer: np.ndarray, middle: np.ndarray, weight: np.ndarray, of_middle: np.ndarray) -> float:
    """How many times brighter the middle layer is, where both are well inside."""
    both = (weight > 2.0) & (of_middle > 2.0)
    return float(middle[both].mean() / layer[both].mean())


def draw(views: list[np.ndarray], panorama: np.ndarray, picture: Path) -> None:
    """The views side by side, and under them the panorama, on white."""
    row = np.concatenate([np.pad(view, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for view in views], axis=1)
    width = max(row.shape[1], panorama.shape[1])
    rows = [np.pad(x, ((0, 0), (0, width - x.shape[1]), (0, 0)), constant_values=255) for x in (row, panorama)]
    write_image(picture, np.concatenate(rows))
