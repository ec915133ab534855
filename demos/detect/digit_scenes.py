"""Scenes with one to six digits, of many sizes and colours and overlapping, on crops of photos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demos.shared.digits import Digits
from demos.shared.ink import placed, random_crop, unlike

SIDE = 96  # of a scene, pixels
MOST = 6  # digits
LARGER = (0.9, 1.8)  # than 28 pixels is a digit drawn, at least and at most
COVERED = 0.25  # the most that two boxes may have in common, as a share of the smaller one
INK = 0.3  # from which on a pixel belongs to the digit

Scene = tuple[np.ndarray, np.ndarray, np.ndarray]  # image (3, SIDE, SIDE) in [-1, 1], boxes (MOST, 4), labels (MOST,)


def digit_scenes(digits: Digits, photos: list[np.ndarray]) -> Callable[[tuple, np.random.Generator], Scene]:
    """A transform for the loader, which makes a new scene whatever comes in; the labels of missing digits are -1."""

    def compose(_: tuple, rng: np.random.Generator) -> Scene:
        image = random_crop(photos, SIDE, rng).copy()
        boxes, labels = np.zeros((MOST, 4), np.float32), np.full(MOST, -1)
        for k in range(rng.integers(1, MOST + 1)):
            chosen = rng.integers(len(digits))
            ink = placed(digits.images[chosen], SIDE, LARGER, rng)
            box = box_around(ink > INK)
            if k and (in_common(box, boxes[:k]) > COVERED).any():
                continue
            colour = unlike(image[ink > INK].mean(0), rng)
            image += ink[:, :, None] * (colour - image)
            boxes[k], labels[k] = box, digits.labels[chosen]
        return (2.0 * image - 1.0).transpose(2, 0, 1), boxes, labels

    return compose


def box_around(mask: np.ndarray) -> np.ndarray:
    """The smallest box (4,) that holds all of a mask (H, W): left, top, right, bottom."""
    (top, bottom), (left, right) = (np.flatnonzero(mask.any(axis))[[0, -1]] for axis in (1, 0))
    return np.array([left, top, right + 1, bottom + 1], np.float32)


def in_common(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that a box (4,) shares with each of others (K, 4), as a share of the smaller of the two."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    areas = [np.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (box, others)]
    return sides.clip(0).prod(1) / np.minimum(*areas).clip(1e-9)
