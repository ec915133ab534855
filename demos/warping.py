"""Digits as another hand might have drawn them: turned, stretched, slanted, moved. 8,000 then teach like many more."""

from __future__ import annotations

import cv2
import numpy as np

TURN = np.deg2rad(12.0)
STRETCH = 0.12  # of the size, across and along
SLANT = 0.15  # pixels to the side for each pixel up
MOVE = 2.0  # pixels

Pair = tuple[np.ndarray, np.ndarray]  # input and target, both (1, 28, 28)


def warped(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A digit (1, 28, 28) under a random affine map: each kind of change is drawn evenly up to the limits above."""
    turn, slant = rng.uniform(-TURN, TURN), rng.uniform(-SLANT, SLANT)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag(rng.uniform(1.0 - STRETCH, 1.0 + STRETCH, 2))
    middle = np.full(2, (image.shape[-1] - 1) / 2.0)
    offset = middle - matrix @ middle + rng.uniform(-MOVE, MOVE, 2)
    return cv2.warpAffine(image[0], np.column_stack([matrix, offset]), image.shape[:0:-1])[None]


def warp_input(pair: Pair, rng: np.random.Generator) -> Pair:
    """The input alone is warped: the code that restores the original cannot depend on how it was warped."""
    image, target = pair
    return warped(image, rng), target
