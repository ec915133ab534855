"""Following a piece of a scene from frame to frame: a template, a template that is renewed, and optical flow.

A template from the first frame does not drift, but fits worse and worse as the scene turns, grows and darkens, until
another place fits better. Renewed from each frame, it fits well, but every small error stays in it and they add up: it
drifts. Optical flow (Lucas & Kanade 1981) follows points by the slope of the brightness around them, to fractions of a
pixel, but from frame to frame too, and it drifts as well. The clip is a photo under a camera whose motion is known, and
so is the true path.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from demos.classic_vision.changes import Change
from demos.classic_vision.templates import SIDE, find, piece
from nnlite.plot import drawing, image_grid

FRAMES = 120
SIZE = (240, 200)  # width and height of a frame, pixels
SWAY = (40.0, 25.0)  # how far the camera moves, pixels across and down
TURN, GROWTH, DARKEST, NOISE = 60.0, 1.6, 0.5, 4.0  # degrees, scale and light in the last frame, levels of 0..255
LOST = 10.0  # pixels off, from where on a tracker counts as having lost its piece
SHOWN = 5  # frames, evenly over the clip
COLOURS = {"template": (255, 90, 60), "template, renewed": (60, 160, 255), "optical flow": (70, 220, 90)}


def compare(photo: np.ndarray, place: np.ndarray, out: Path) -> dict[str, dict[str, float]]:
    """Follow the place (x, y) of a photo (H, W) uint8; draws frames with the three found, and their drift.

    Returns for each its mean error and that of the last frame, in pixels, and the share of frames in which it is lost.
    """
    frames, true = make_clip(photo, place, np.random.default_rng(0))
    start = np.rint(true[0]).astype(int)
    paths = {
        "template": by_template(frames, start, renewed=False),
        "template, renewed": by_template(frames, start, renewed=True),
        "optical flow": by_flow(frames, start),
    }
    errors = {name: np.linalg.norm(path - true, axis=1) for name, path in paths.items()}
    draw_frames(frames, paths, out / "tracking.png")
    draw_drift(errors, out / "drift.png")
    return {
        name: {"mean": float(error.mean()), "last": float(error[-1]), "lost": float((error > LOST).mean())}
        for name, error in errors.items()
    }


def make_clip(photo: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Frames (H, W) uint8 of a camera that sways over the photo, turns, comes nearer, and gets less light.

    And the true path (frames, 2) of the place (x, y), which the camera starts on.
    """
    frames, path = [], []
    for t in np.linspace(0.0, 1.0, FRAMES):
        sway = np.array(SWAY) * np.sin([3 * np.pi * t, 4 * np.pi * t])
        change = Change(TURN * t, GROWTH**t)
        matrix = change.matrix(photo)
        matrix[:, 2] += np.array(SIZE) / 2 + sway - matrix @ (*place, 1.0)
        frame = cv2.warpAffine(photo, matrix, SIZE, borderMode=cv2.BORDER_REFLECT) * (1 - (1 - DARKEST) * t)
        noisy = frame + NOISE * rng.standard_normal(frame.shape)
        frames.append(np.rint(np.clip(noisy, 0, 255)).astype(np.uint8))
        path.append(matrix @ (*place, 1.0))
    return frames, np.array(path)


def by_template(frames: list[np.ndarray], start: np.ndarray, renewed: bool) -> np.ndarray:
    """The path (frames, 2) of where the template fits best; renewed, it is cut out of each frame where it was found."""
    template, path = piece(frames[0], start), [start]
    for frame in frames[1:]:
        path.append(find(template, frame))
        if renewed:
            template = piece(frame, path[-1])
    return np.array(path, np.float64)


def by_flow(frames: list[np.ndarray], start: np.ndarray) -> np.ndarray:
    """The path (frames, 2) of the piece by the turn, growth and shift that most of its corners follow.

    The corners are sought again in each frame, and stay put where there are too few of them.
    """
    path = [start.astype(np.float64)]
    for before, after in pairwise(frames):
        here = path[-1]
        inside = np.zeros_like(before)
        left, top = np.maximum(np.rint(here).astype(int) - SIDE // 2, 0)
        inside[top : top + SIDE, left : left + SIDE] = 255
        points = cv2.goodFeaturesToTrack(before, 40, 0.02, 4, mask=inside)
        motion = None
        if points is not None:
            moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None)
            kept = found[:, 0] == 1
            if kept.sum() >= 2:
                motion, _ = cv2.estimateAffinePartial2D(points[kept], moved[kept], method=cv2.RANSAC)
        path.append(here if motion is None else motion @ (*here, 1.0))
    return np.array(path)


def draw_frames(frames: list[np.ndarray], paths: dict[str, np.ndarray], picture: Path) -> None:
    """Some of the frames with a box of a colour of its own for each tracker."""
    cells, shown = [], np.linspace(0, len(frames) - 1, SHOWN).astype(int)
    for t in shown:
        cell = cv2.cvtColor(frames[t], cv2.COLOR_GRAY2RGB)
        for i, (name, path) in enumerate(paths.items()):
            half = SIDE // 2 - 4 * i  # one inside the other where they agree
            middle = np.rint(path[t]).astype(int)
            cv2.rectangle(cell, (middle - half).tolist(), (middle + half).tolist(), COLOURS[name], 2)
        cells.append(cell)
    image_grid([cells], picture, titles=[f"frame {t}" for t in shown], scale=1)


def draw_drift(errors: dict[str, np.ndarray], picture: Path) -> None:
    """How far off each is, frame by frame."""
    with drawing(picture, 7.0, 3.6) as figure:
        axes = figure.subplots()
        for name, error in errors.items():
            axes.plot(error, label=name, color=np.array(COLOURS[name]) / 255.0)
        axes.set(xlabel="frame", ylabel="pixels from the true path", yscale="symlog")
        axes.grid(alpha=0.3)
        axes.legend()
