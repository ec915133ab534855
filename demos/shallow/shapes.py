"""Pictures to tell apart: ten shapes, each of some grey, on grey crops of photos."""

from __future__ import annotations

import cv2
import numpy as np

from demos.shared.digits import SIDE, Digits

LARGER = 4  # shapes are drawn so many times as large
CONTRAST = 0.2  # least distance of a shape's grey from the mean of what it covers, in 0..1


def star(corners: int, inner: float = 1.0, turn: float = 0.0) -> np.ndarray:
    """(corners, 2) on a circle of radius 1, from the top on, every second one at `inner`."""
    angles = 2.0 * np.pi * (np.arange(corners) + turn) / corners - np.pi / 2.0
    return np.where(np.arange(corners) % 2, inner, 1.0)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])


def heart() -> np.ndarray:
    t = np.linspace(0.0, 2.0 * np.pi, 60)
    y = 13.0 * np.cos(t) - 5.0 * np.cos(2.0 * t) - 2.0 * np.cos(3.0 * t) - np.cos(4.0 * t)
    return np.column_stack([16.0 * np.sin(t) ** 3, -y]) / 16.0


def crescent() -> np.ndarray:
    """Most of a circle, and back along one that is moved to the right and narrower."""
    there, back = np.linspace(2.2, -2.2, 30), np.linspace(-1.6, 1.6, 30)
    outer = np.column_stack([-np.cos(there), -np.sin(there)])
    return np.concatenate([outer, np.column_stack([-0.8 * np.cos(back) - 0.6, -np.sin(back)])])


A = 0.35  # half of the width of a bar
CORNER = [(-A, -1), (A, -1), (A, -A)]  # of the cross, and three quarters of a turn of it follow
SHAPES = {
    "circle": star(60),
    "triangle": star(3),
    "square": 1.1 * star(4, turn=0.5),
    "diamond": star(4) * (0.7, 1.1),
    "hexagon": star(6),
    "star": star(10, inner=0.45),
    "cross": np.concatenate([np.array(CORNER) @ np.linalg.matrix_power([[0, 1], [-1, 0]], k) for k in range(4)]),
    "arrow": np.array([(0, -1), (0.9, 0), (A, 0), (A, 1), (-A, 1), (-A, 0), (-0.9, 0)]),
    "heart": heart(),
    "crescent": crescent(),
}


def draw_shapes(each: int, photos: list[np.ndarray], rng: np.random.Generator) -> Digits:
    """So many of each shape on grey crops of the photos, in turn: picture i has class i % 10."""
    labels = np.arange(each * len(SHAPES)) % len(SHAPES)
    greys = [cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY) for photo in photos]
    outlines = list(SHAPES.values())
    return Digits(np.stack([on_photo(outlines[label], greys, rng) for label in labels])[:, None], labels)


def on_photo(outline: np.ndarray, greys: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """(28, 28): a shape, turned any way, slanted, scaled and moved, filled with a grey, on a crop of a photo."""
    grey = greys[rng.integers(len(greys))]
    top, left = (rng.integers(side - SIDE + 1) for side in grey.shape)
    background = grey[top : top + SIDE, left : left + SIDE]
    turn, slant = rng.uniform(-np.pi, np.pi), rng.uniform(-0.2, 0.2)
    size = rng.uniform(7.0, 11.0, 2)
    matrix = np.array([[np.cos(turn), slant - np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size
    points = LARGER * (outline @ matrix.T + SIDE / 2.0 + rng.uniform(-2.0, 2.0, 2))
    ink = np.zeros((LARGER * SIDE, LARGER * SIDE), np.float32)
    cv2.fillPoly(ink, [np.rint(points).astype(np.int32)], 1.0)
    ink = cv2.resize(ink, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return background + ink * (unlike(float((background * ink).sum() / ink.sum()), rng) - background)


def unlike(grey: float, rng: np.random.Generator) -> np.float32:
    """A random grey in 0..1, at least CONTRAST away from this one."""
    while True:
        other = rng.random(dtype=np.float32)
        if abs(other - grey) >= CONTRAST:
            return other
