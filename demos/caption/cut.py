"""What the captioner is compared with: cut the row into digits by rules, and read each with LeNet-5."""

from __future__ import annotations

import cv2
import numpy as np

from demos.shared.digits import SIDE, load_lenet5
from demos.shared.images import in_batches

SMALLEST = 20  # pixels; a smaller piece is noise
WIDE = 0.75  # of the height of the row's highest digit is the width of a digit, by which wide pieces are cut
BOX = 20  # pixels; MNIST's digits are scaled to this, and put with their centre of mass in the middle


def read_pieces(rows: np.ndarray, device: str) -> list[str]:
    """What is read in each of the rows (N, 1, H, W): in one piece of connected ink after the other."""
    pieces = [cut(row[0]) for row in rows]
    found = in_batches(load_lenet5(device=device), np.stack([p for row in pieces for p in row])[:, None], device)
    labels = iter(found.argmax(1))
    return ["".join(str(next(labels)) for _ in row) for row in pieces]


def cut(row: np.ndarray) -> list[np.ndarray]:
    """The digits in a row (H, W), from left to right, each as MNIST has them: (28, 28) in 0..1.

    They are pieces of connected ink. Pieces above each other are one digit, such as a 5 whose bar does not touch it. A
    piece that is too wide for one digit is several that touch, and cut evenly.
    """
    smooth = cv2.GaussianBlur(row, (3, 3), 0)
    grey = np.rint(255.0 * smooth).astype(np.uint8)
    mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    paper = np.median(row)
    ink = ((row - paper) / max(row.max() - paper, 1e-6)).clip(0.0, 1.0)
    pieces = [np.where(piece, ink, 0.0).astype(np.float32) for piece in pieces_of(mask)]
    tallest = max((np.ptp(np.nonzero(piece)[0]) + 1 for piece in pieces), default=1)
    digits = []
    for piece in pieces:
        left, top, width, height = cv2.boundingRect((piece > 0).astype(np.uint8))
        parts = max(1, round(width / (WIDE * tallest)))
        inside = piece[top : top + height, left : left + width]
        digits += [as_in_mnist(part) for part in np.array_split(inside, parts, axis=1)]
    return digits


def pieces_of(mask: np.ndarray) -> list[np.ndarray]:
    """The pieces of connected ink as masks, from left to right; one is added to the last if it is mostly above it."""
    _, marks, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    pieces: list[np.ndarray] = []
    end = 0  # of the last piece
    for k in np.argsort(boxes[:, cv2.CC_STAT_LEFT]):
        left, _, width, _, area = boxes[k]
        if k == 0 or area < SMALLEST:  # the paper, and dust
            continue
        if pieces and end - left > width / 2:
            pieces[-1] |= marks == k
        else:
            pieces.append(marks == k)
        end = max(end, left + width)
    return pieces


def as_in_mnist(piece: np.ndarray) -> np.ndarray:
    """The piece scaled to BOX pixels at most, its centre of mass in the middle of (28, 28)."""
    scale = BOX / max(piece.shape)
    moments = cv2.moments(piece)
    mass = max(moments["m00"], 1e-6)
    x, y = moments["m10"] / mass, moments["m01"] / mass
    middle = (SIDE - 1) / 2
    matrix = np.array([[scale, 0.0, middle - scale * x], [0.0, scale, middle - scale * y]])
    return cv2.warpAffine(piece, matrix, (SIDE, SIDE))
