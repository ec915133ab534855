"""What a kind of scene is, and boxes on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from models.detection import Found

Scene = tuple[np.ndarray, np.ndarray, np.ndarray]  # image (3, H, W) in [-1, 1], boxes (M, 4), labels (M,), -1: no box
Compose = Callable[[tuple, np.random.Generator], Scene]  # a transform for the loader, whatever comes in


class Kind(NamedTuple):
    """A kind of scenes: the names of what is on them, scenes to learn from, others held out, and what to compare with.

    baseline   finds things in an image (H, W, 3), uint8, without having learnt from scenes
    """

    names: Sequence[str]
    train: Compose
    held_out: Compose
    baseline: Callable[[np.ndarray], Found]
    baseline_name: str


def box_around(mask: np.ndarray) -> np.ndarray:
    """The smallest box (4,) that holds all of a mask (H, W): left, top, right, bottom."""
    (top, bottom), (left, right) = (np.flatnonzero(mask.any(axis))[[0, -1]] for axis in (1, 0))
    return np.array([left, top, right + 1, bottom + 1], np.float32)


def in_common(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that a box (4,) shares with each of others (K, 4), as a share of the smaller of the two."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    areas = [np.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (box, others)]
    return sides.clip(0).prod(1) / np.minimum(*areas).clip(1e-9)
