"""What the captioner is compared with: cut the row into digits by rules, and read each with LeNet-5."""

from __future__ import annotations

import cv2
import numpy as np

from demos.shared.digits import SIDE, load_lenet5
from demos.shared.images import in_batches

SMALLEST = 20  # pixels; a smaller piece is noise
BOX = 20  # pixels; MNIST's digits are scaled to this, and put with their centre of mass in the middle


def read_pieces(rows: np.ndarray, device: str) -> list[str]:
    """What is read in each of the rows (N, 1, H, W): its pieces of connected ink, those that are too wide cut evenly.

    A piece much wider than high holds several digits that touch: as many as times it is three quarters as wide as the
    row's highest piece is high.
    """
    pieces = [cut(row[0]) for row in rows]
    found = in_batches(load_lenet5(device=device), np.stack([p for row in pieces for p in row])[:, None], device)
    labels = iter(found.argmax(1))
    return ["".join(str(next(labels)) for _ in row) for row in pieces]


def cut(row: np.ndarray) -> list[np.ndarray]:
    """The digits in a row (H, W), from left to right, each as MNIST has them: (28, 28) in 0..1."""
    smooth = cv2.GaussianBlur(row, (3, 3), 0)
    grey = np.rint(255.0 * smooth).astype(np.uint8)
    mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    _, marks, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = [k for k in np.argsort(boxes[:, cv2.CC_STAT_LEFT]) if k and boxes[k, cv2.CC_STAT_AREA] >= SMALLEST]
    tallest = max((boxes[k, cv2.CC_STAT_HEIGHT] for k in large), default=1)
    paper = np.median(row)
    ink = ((row - paper) / max(row.max() - paper, 1e-6)).clip(0.0, 1.0)
    digits = []
    for k in large:
        left, top, width, height = boxes[k, :4]
        parts = max(1, round(width / (0.75 * tallest)))
        piece = np.where(marks == k, ink, 0.0).astype(np.float32)[top : top + height, left : left + width]
        digits += [as_in_mnist(part) for part in np.array_split(piece, parts, axis=1)]
    return digits


def as_in_mnist(piece: np.ndarray) -> np.ndarray:
    """The piece scaled to BOX pixels at most, its centre of mass in the middle of (28, 28)."""
    scale = BOX / max(piece.shape)
    moments = cv2.moments(piece)
    mass = max(moments["m00"], 1e-6)
    x, y = moments["m10"] / mass, moments["m01"] / mass
    middle = (SIDE - 1) / 2
    matrix = np.array([[scale, 0.0, middle - scale * x], [0.0, scale, middle - scale * y]])
    return cv2.warpAffine(piece, matrix, (SIDE, SIDE))
