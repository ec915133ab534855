"""Pages with a flowchart: rectangles, diamonds and ellipses with something written in them, and arrows between."""

from __future__ import annotations

import cv2
import numpy as np

from demos.detect.scenes import Kind, Scene, box_around
from models.detection import Found

NAMES = ("rectangle", "diamond", "ellipse", "arrow")
ARROW = NAMES.index("arrow")
SIDE, CELLS = 128, 3  # of a page, pixels; rows and columns of symbols
CELL = SIDE / CELLS
SYMBOLS = (3, 6)  # on a page, at least and at most; there is an arrow between each and the next
MOST = 2 * SYMBOLS[1] - 1
FINER = 2  # lines are drawn as many times as large, and then shrunk
WORDS = ("a > 0", "x + 1", "i++", "end", "yes", "n = 1", "2 x", "sum", "go", "b = c")
GAP = 3.0  # the most by which the end of an outline misses its start, pixels
HEAD = 6.0  # length of the two lines at an arrow's end, pixels
INK = 0.3  # from which on a pixel belongs to a line
SHARES = (1.0, 0.5, np.pi / 4)  # of its box that a rectangle, a diamond and an ellipse fills
LINE = 2  # how thick it takes a line to be, pixels
SMALLEST = 60  # area inside of a symbol, square pixels: the inside of a letter is smaller

Lines = list[np.ndarray]  # points (K, 2) of each, pixels


def flowchart_scenes() -> Kind:
    """Pages drawn at random: those held out differ from those to learn from by their random numbers."""
    return Kind(NAMES, compose, compose, contours_named, "contours")


def compose(_: tuple, rng: np.random.Generator) -> Scene:
    """A walk over the page, from cell to neighbouring cell, with a symbol in each and an arrow for each step."""
    colour, thickness = rng.uniform(0.0, 0.35, 3), int(rng.integers(2, 5))
    middles = [(np.array(cell) + 0.5) * CELL + rng.uniform(-3.0, 3.0, 2) for cell in walk(rng)]
    halves = [rng.uniform((9.5, 7.0), (14.0, 12.0)) for _ in middles]  # of width and height
    kinds = rng.integers(ARROW, size=len(middles))
    marks = [(kind, symbol(kind, *where, rng)) for kind, *where in zip(kinds, middles, halves, strict=True)]
    marks += [(ARROW, arrow(*ends)) for ends in zip(middles, halves, middles[1:], halves[1:], strict=False)]
    inks = [drawn(lines, thickness) for _, lines in marks]
    boxes, labels = np.zeros((MOST, 4), np.float32), np.full(MOST, -1)
    boxes[: len(inks)] = [box_around(ink > INK) for ink in inks]
    labels[: len(inks)] = [kind for kind, _ in marks]
    inks += [written(WORDS[rng.integers(len(WORDS))], middle) for middle in middles]
    page, opaque = paper(rng), np.max(inks, axis=0)[:, :, None]
    image = (1.0 - opaque) * page + opaque * colour
    return (2.0 * image - 1.0).transpose(2, 0, 1).astype(np.float32), boxes, labels


def paper(rng: np.random.Generator) -> np.ndarray:
    """A bright page (SIDE, SIDE, 3) in 0..1, of some tint, in uneven light."""
    across = np.linspace(-0.5, 0.5, SIDE)
    light = 0.8 + rng.uniform(-0.3, 0.3) * across + rng.uniform(-0.3, 0.3) * across[:, None]
    tint = rng.uniform(0.85, 1.0, 3)
    return (light[:, :, None] * tint + rng.normal(0.0, 0.02, (SIDE, SIDE, 1))).clip(0.0, 1.0)


def walk(rng: np.random.Generator) -> list[tuple[int, int]]:
    """Cells, column and row, each next to the one before and none twice."""
    way = [(int(rng.integers(CELLS)), int(rng.integers(CELLS)))]
    for _ in range(rng.integers(SYMBOLS[0], SYMBOLS[1] + 1) - 1):
        x, y = way[-1]
        near = [(x + 1, y), (x, y + 1), (x - 1, y), (x, y - 1)]
        free = [cell for cell in near if cell not in way and 0 <= min(cell) and max(cell) < CELLS]
        if free:
            way.append(free[rng.integers(len(free))])
    return way


def symbol(kind: int, middle: np.ndarray, half: np.ndarray, rng: np.random.Generator) -> Lines:
    """The outline of a symbol as if drawn by hand: corners are off by up to a pixel, and the end may miss the start."""
    if NAMES[kind] == "ellipse":
        angle = np.linspace(0.0, 2.0 * np.pi, 49)
        points = middle + half * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        corners = {"rectangle": [(-1, -1), (1, -1), (1, 1), (-1, 1)], "diamond": [(-1, 0), (0, -1), (1, 0), (0, 1)]}
        points = middle + half * np.array(corners[NAMES[kind]]) + rng.uniform(-1.0, 1.0, (4, 2))
        points = points[[0, 1, 2, 3, 0]]
    end = points[-1] - points[-2]
    points[-1] -= end * min(1.0, rng.uniform(0.0, GAP) / np.linalg.norm(end))
    return [points]


def arrow(middle: np.ndarray, half: np.ndarray, next_middle: np.ndarray, next_half: np.ndarray) -> Lines:
    """From the side of one symbol to that of the next."""
    way = next_middle - middle
    side = np.where(np.abs(way) == np.abs(way).max(), np.sign(way), 0.0)
    start, end = middle + side * (half + 1.5), next_middle - side * (next_half + 1.5)
    back = (start - end) / np.linalg.norm(start - end)
    across = np.array([-back[1], back[0]])
    barbs = [end + HEAD * (back + slant * across) for slant in (-0.6, 0.6)]
    return [np.stack([start, end]), np.stack([barbs[0], end, barbs[1]])]


def drawn(lines: Lines, thickness: int) -> np.ndarray:
    """The ink (SIDE, SIDE) in 0..1 of lines so many halves of a pixel thick."""
    canvas = np.zeros((FINER * SIDE, FINER * SIDE), np.uint8)
    points = [np.rint(FINER * 16.0 * line).astype(np.int32) for line in lines]  # in sixteenths of a pixel, 2^-4
    cv2.polylines(canvas, points, False, 255, thickness, cv2.LINE_AA, shift=4)
    return cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255.0


def written(word: str, middle: np.ndarray) -> np.ndarray:
    """The ink (SIDE, SIDE) in 0..1 of a word around this place."""
    canvas = np.zeros((FINER * SIDE, FINER * SIDE), np.uint8)
    (width, height), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
    x, y = np.rint(FINER * middle + (-width / 2, height / 2)).astype(int).tolist()
    cv2.putText(canvas, word, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1, cv2.LINE_AA)
    return cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255.0


def contours_named(image: np.ndarray) -> Found:
    """Without learning: dark pixels are ink, and what ink encloses is a symbol, named by the share of its box it fills.

    A rectangle fills its box, an ellipse pi/4 of it, a diamond half. What is left of the ink, in one piece and large
    enough, is an arrow. Scores say how near the share is to one of the three. An image is uint8 (H, W, 3).
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 20)
    contours, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    boxes, scores, kinds = [], [], []
    for contour, (_, _, _, outside) in zip(contours, [] if tree is None else tree[0], strict=True):
        x, y, width, height = cv2.boundingRect(contour)  # of a hole, from ink to ink
        area = cv2.contourArea(contour)
        if outside >= 0 and area > SMALLEST:
            off = np.abs(area / ((width - 1) * (height - 1)) - np.array(SHARES))
            boxes.append((x - LINE, y - LINE, x + width + LINE, y + height + LINE))
            scores.append(1.0 - off.min())
            kinds.append(off.argmin())
    for left, top, right, bottom in boxes:
        ink[max(0, top - LINE) : bottom + LINE, max(0, left - LINE) : right + LINE] = 0
    for x, y, width, height, _ in cv2.connectedComponentsWithStats(ink)[2][1:].tolist():
        if max(width, height) > HEAD:
            boxes.append((x, y, x + width, y + height))
            scores.append(1.0)
            kinds.append(ARROW)
    return Found(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores), np.array(kinds, int))
