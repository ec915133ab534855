"""Anchors: boxes of a few sizes and shapes at every place of an image, and boxes described relative to others.

Boxes are arrays (K, 4): left, top, right, bottom, in pixels. A box is described relative to another one, of centre
(xa, ya), width wa and height ha, by four numbers whose size does not depend on the box's (Girshick et al. 2014):

    (x - xa) / wa / .1,    (y - ya) / ha / .1,    log(w / wa) / .2,    log(h / ha) / .2

The divisors bring typical numbers to a size of about 1, which a network learns best.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

import nnlite
from nnlite.metrics import iou

SCALES = (14.0, 24.0, 40.0)  # square roots of the anchors' areas, pixels
RATIOS = (0.5, 1.0, 2.0)  # heights by widths
KINDS = len(SCALES) * len(RATIOS)  # anchors at a place
SPREAD = np.array([0.1, 0.1, 0.2, 0.2], np.float32)
LARGEST = 4.0  # logarithm of the most that a box may be larger than its anchor


def anchors_on(size: Sequence[int], stride: int) -> np.ndarray:
    """The anchors (height * width * KINDS, 4) around the places of a map of this (height, width), row by row.

    The places are `stride` pixels apart, and the first is half as far from the border.
    """
    kinds = [(s / np.sqrt(ratio) / 2, s * np.sqrt(ratio) / 2) for s, ratio in itertools.product(SCALES, RATIOS)]
    half = np.array(kinds, np.float32)
    y, x = np.meshgrid(*((np.arange(n) + 0.5) * stride for n in size), indexing="ij")
    middle = np.stack([x, y], axis=2).astype(np.float32)[:, :, None]
    return np.concatenate([middle - half, middle + half], axis=3).reshape(-1, 4)


def encode(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """The four numbers (K, 4) that describe each box relative to its anchor."""
    (middle, size), (middle_a, size_a) = map(_middle_and_size, (boxes, anchors))
    return np.concatenate([(middle - middle_a) / size_a, np.log(size / size_a)], axis=1) / SPREAD


def decode(numbers: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """The boxes (K, 4) that these numbers describe."""
    numbers = numbers * SPREAD
    middle_a, size_a = _middle_and_size(anchors)
    middle, size = middle_a + numbers[:, :2] * size_a, size_a * np.exp(np.minimum(numbers[:, 2:], LARGEST))
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)


def match(boxes: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The true box (M, 4) that each box overlaps most, as a number (K,), and by how much (K,): their IoU.

    Each true box gets the box that overlaps it most, however little; that counts as 1. With nothing there, all are 0.
    """
    if not len(truth):
        return np.zeros(len(boxes), int), np.zeros(len(boxes), np.float32)
    overlap = iou(boxes, truth)
    number, most, best = overlap.argmax(1), overlap.max(1), overlap.argmax(0)
    number[best], most[best] = np.arange(len(truth)), 1.0
    return number, most


class Examples(NamedTuple):
    """Boxes of an image to learn from, as indices: on something (K,), on nothing (M,); and on which true box the former
    are (K,)."""

    positive: np.ndarray
    negative: np.ndarray
    number: np.ndarray


def choose(boxes: np.ndarray, truth: np.ndarray, positive: float, negative: float, most: int) -> Examples:
    """At most `most` random examples, no more than half of them positive.

    A box is positive if its IoU with a true box is at least `positive`, negative if it is below `negative` with all.
    """
    number, overlap = match(boxes, truth)
    on = _some(np.flatnonzero(overlap >= positive), most // 2)
    return Examples(on, _some(np.flatnonzero(overlap < negative), most - len(on)), number[on])


def _some(places, most):
    return places[nnlite.randperm(len(places)).numpy()[:most]]


def _middle_and_size(boxes):
    return (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
