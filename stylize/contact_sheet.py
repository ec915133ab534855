"""A picture of a paired dataset at a glance: some pairs of every split, those with something wrong first."""

from pathlib import Path

import numpy as np

from ._cv2 import cv2
from .images import ImageError, read_image, resize, write_image
from .layouts import Pair, Report

COLUMNS, ROWS = 3, 8
WIDTH, HEIGHT, CAPTION, GAP = 400, 200, 22, 8  # of a pair, in pixels
RED, BLACK, WHITE, GREY = (200, 30, 30), (0, 0, 0), 255, 224


def draw_contact_sheet(report: Report, path: str | Path, command: str | None = None) -> None:
    """Write the sheet, with the mark of a command if one is given. A pair with a fault has a red caption.

    Raises FileError if the sheet cannot be written.
    """
    found = [name for names in (*report.findings.values(), *report.hints.values()) for name in names]
    marked = {name for names in found for name in names.split(" = ")}
    chosen = _choose(report, marked)
    cells = [_cell(pair, pair.name in marked) for pair in chosen]
    empty = np.full((CAPTION + HEIGHT, WIDTH, 3), WHITE, np.uint8)
    cells += [empty] * (-len(cells) % COLUMNS)
    cells = [np.pad(cell, ((GAP, GAP), (GAP, GAP), (0, 0)), constant_values=WHITE) for cell in cells]
    rows = [np.hstack(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    write_image(path, np.vstack(rows), command=command)


def _choose(report: Report, marked: set[str]) -> list[Pair]:
    """Marked pairs, at most half of the sheet, then as many of every split, evenly from its whole length."""
    room = COLUMNS * ROWS
    chosen = [pair for pair in report.pairs if pair.name in marked][: room // 2]
    sound = [[pair for pair in report.pairs if pair.split == split and pair not in chosen] for split in report.splits]
    for place, pairs in enumerate(sorted(sound, key=len)):  # what a small split leaves, the larger ones share
        share = (room - len(chosen)) // (len(sound) - place)
        wanted = np.linspace(0, len(pairs) - 1, min(share, len(pairs))).astype(int)
        chosen += [pairs[i] for i in wanted]
    return sorted(chosen, key=lambda pair: (pair.name not in marked, report.pairs.index(pair)))


def _cell(pair: Pair, marked: bool) -> np.ndarray:
    cell = np.full((CAPTION + HEIGHT, WIDTH, 3), WHITE, np.uint8)
    name = pair.name.encode("ascii", "replace").decode()  # OpenCV's letters are ASCII
    shown = name if len(name) <= 52 else f"{name[:30]}...{name[-19:]}"
    cv2.putText(cell, shown, (2, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, RED if marked else BLACK, 1, cv2.LINE_AA)
    cell[CAPTION:] = GREY
    try:
        pictures = [read_image(path) for path in pair.paths]
    except ImageError:
        return cell
    width = WIDTH // len(pictures)
    for i, picture in enumerate(pictures):
        height, wide = picture.shape[:2]
        zoom = min(width / wide, HEIGHT / height)
        small = resize(picture, max(1, round(wide * zoom)), max(1, round(height * zoom)))
        # two pictures meet in the middle, as the halves of one do
        left = width - small.shape[1] if i < len(pictures) - 1 else width * i
        left = left if len(pictures) > 1 else (WIDTH - small.shape[1]) // 2
        cell[CAPTION : CAPTION + small.shape[0], left : left + small.shape[1]] = small
    return cell
