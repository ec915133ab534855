"""What a drawing is made with: printed dots, strokes of graphite, the grain of paper.

All of it lies on the paper, not on the things drawn: its phase belongs to the picture's top left corner. Noise
is the same in every picture; it comes from a generator of its own with a fixed seed.
"""

from functools import lru_cache
from math import cos, pi, sin

import numpy as np

from ._cv2 import cv2
from .filters import LONGEST, remap

TILE = 512  # side of the tile of noise that is repeated over the picture


def halftone(coverage: np.ndarray, period: float, degrees: float = 45) -> np.ndarray:
    """Ink (H, W) in 0..1 printed as dots of one grid, their size following `coverage` (H, W) in 0..1.

    period: distance of neighbouring dots, in pixels; degrees: direction of the grid. The screen is the sum of
    two cosines, ranked so that all its values are equally frequent: the mean ink is the mean coverage, and at
    0.5 the dots touch and holes take over.
    """
    y, x = np.mgrid[: coverage.shape[0], : coverage.shape[1]].astype(np.float32)
    turn, wave = degrees * pi / 180, np.float32(2 * pi / period)
    across = x * np.float32(cos(turn)) + y * np.float32(sin(turn))
    along = y * np.float32(cos(turn)) - x * np.float32(sin(turn))
    screen = np.cos(wave * across) + np.cos(wave * along)
    return cut(coverage, _ranked(screen), 0.25)


def _ranked(screen: np.ndarray) -> np.ndarray:
    """Sums of two cosines, -2..2 -> the share of sums that are larger."""
    phase = np.cos(2 * pi * (np.arange(256) + 0.5) / 256)
    sums = np.sort((phase[:, None] + phase).ravel())
    values = np.linspace(-2, 2, 1025)
    shares = 1 - np.searchsorted(sums, values) / sums.size
    return np.interp(screen, values, shares).astype(np.float32)


def cut(coverage: np.ndarray, screen: np.ndarray, soft: float) -> np.ndarray:
    """Ink where `coverage` (0..1) exceeds a screen of values spread evenly over 0..1; the mean ink is the coverage.

    soft: width of the ramp from paper to ink, at most 1. Near 0 and 1 part of the ramp lies outside the range of
    the screen; there the threshold is moved so that the mean is kept, 0 stays paper and 1 is solid.
    """
    near_0 = np.sqrt(2 * soft * coverage) - soft / 2  # solves (t + soft / 2)^2 / (2 soft) = coverage
    near_1 = 1 + soft / 2 - np.sqrt(2 * soft * (1 - coverage))
    threshold = np.where(coverage < soft / 2, near_0, np.where(coverage > 1 - soft / 2, near_1, coverage))
    return np.clip((threshold - screen) / soft + 0.5, 0, 1)


def hatching(tone: np.ndarray, length: float, breadth: float) -> np.ndarray:
    """Strokes whose mean brightness is `tone` (H, W) in 0..1: (H, W) in 0..1.

    Down to a tone of 0.55 they run one way; what is darker is made by a second layer across the first, and then a
    third. length, breadth: of a stroke, in pixels. The layers are independent, so their brightnesses multiply.
    """
    drawn, rest = np.ones_like(tone), tone
    for layer, degrees in enumerate((-50, 35, -20)):
        share = np.maximum(rest, 0.55) if layer < 2 else rest
        drawn *= 1 - cut(1 - share, noise(tone.shape, length, breadth, degrees, seed=layer), 1)
        rest = rest / share
    return drawn


def noise(shape: tuple[int, ...], length: float, breadth: float, degrees: float = 0, seed: int = 0) -> np.ndarray:
    """Smooth noise, (H, W) float32, its values evenly spread over 0..1: streaks in one direction, or grain.

    length, breadth: standard deviations along and across the direction `degrees`, in pixels.
    """
    turn = degrees * pi / 180
    x, y = np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32)[:, None]
    along, across = (x * cos(turn) + y * sin(turn)) / breadth, (y * cos(turn) - x * sin(turn)) / breadth
    tile = _tile(min(length / breadth, TILE / 8), seed)
    return remap(tile, _wrapped(along), _wrapped(across), border=cv2.BORDER_WRAP)


def _wrapped(places: np.ndarray) -> np.ndarray:
    """The same places on the repeated tile, within the range of cv2.remap."""
    return np.fmod(places, TILE) if np.abs(places).max() > LONGEST else places


@lru_cache(maxsize=16)
def _tile(stretch: float, seed: int) -> np.ndarray:
    """Noise whose standard deviations are `stretch` pixels to the right and 1 downwards; its ends meet."""
    white = np.random.default_rng(seed).standard_normal((TILE, TILE)).astype(np.float32)
    margin = TILE // 2
    wrapped = cv2.copyMakeBorder(white, margin, margin, margin, margin, cv2.BORDER_WRAP)
    tile = cv2.GaussianBlur(wrapped, (0, 0), sigmaX=stretch, sigmaY=1)[margin:-margin, margin:-margin]
    # From a normal variable to its rank: the logistic curve is within 0.01 of the normal distribution.
    return 1 / (1 + np.exp(-1.702 * (tile - tile.mean()) / tile.std()))
