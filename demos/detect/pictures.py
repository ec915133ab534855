"""Scenes with boxes drawn on them, to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.detection import Found

LARGER = 4  # a scene in the picture
SURE = 0.5  # the score from which on a find is drawn
COLOURS = [
    (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189),
    (140, 86, 75), (227, 119, 194), (110, 110, 110), (160, 160, 20), (23, 170, 190),
]  # fmt: skip


def with_boxes(image: np.ndarray, found: Found, names: Sequence[str], scores: bool = True) -> np.ndarray:
    """An image (H, W, 3), uint8, enlarged, with a box around each find, its name, and its score in per cent."""
    picture = cv2.resize(image, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
    for box, score, label in zip(*found, strict=True):
        if score >= SURE:
            text = f"{names[label]} {100.0 * score:.0f}" if scores else names[label]
            _draw(picture, np.rint(LARGER * box).astype(int).tolist(), text, COLOURS[label % len(COLOURS)])
    return picture


def _draw(picture, box, text, colour):
    left, top, right, bottom = box
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, 2)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    left, top = min(left, picture.shape[1] - width - 4), max(top, height + 6)
    cv2.rectangle(picture, (left - 1, top - height - 6), (left + width + 3, top), colour, cv2.FILLED)
    where = (left + 1, top - 4)
    cv2.putText(picture, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
