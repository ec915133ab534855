"""Photos made worse on purpose: pairs to learn from, without a download. What undoes the damage is left to learn.

Each function takes a photo, RGB, uint8, (H, W, 3), and a random generator, and returns a picture of the same shape.
The same photo and seed give the same picture. Lengths are shares of the photo's short side, so the damage looks the
same at every size; only noise belongs to pixels.
"""

import numpy as np

from ._cv2 import cv2
from .filters import gaussian, luma, to_float, to_uint8
from .registry import stylize

HOLE = (255, 0, 255)  # magenta, which photos hardly have: a hole is seen as one
RAIN = 0.9  # grey level of a streak, 0..1
VEIL = 0.75  # and of the mist behind
MOONLIGHT = np.array([0.30, 0.37, 0.52], np.float32)  # what is left of red, green and blue
LAMPLIGHT = np.array([1.0, 0.8, 0.45], np.float32)


def grey(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The luma (Rec. 601) in all three channels. Nothing here is random."""
    return cv2.cvtColor(luma(photo), cv2.COLOR_GRAY2RGB)


def rain(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bright streaks that fall in one direction, more or less, and a thin veil of mist.

    The direction is up to 30 degrees off the vertical; a streak is off it by about 3 degrees, .02 to .12 long, and
    covers .25 to .85 of what is behind it. It is .0025 wide, but at least a pixel.
    """
    height, width = photo.shape[:2]
    side = min(height, width)
    cover = np.zeros((height, width), np.uint8)
    slant = rng.uniform(-30, 30)
    for _ in range(round(rng.uniform(150, 500) * height * width / side**2)):
        x, y, length = rng.uniform(0, width), rng.uniform(0, height), side * rng.uniform(0.02, 0.12)
        angle = np.radians(slant + rng.normal(0, 3))
        ends = np.array([[x, y], [x + length * np.sin(angle), y + length * np.cos(angle)]])
        _draw_streak(cover, ends, int(255 * rng.uniform(0.25, 0.85)), max(1, round(0.0025 * side)))
    share = to_float(cover)[..., None]
    veil = rng.uniform(0.05, 0.25)
    misty = (1 - veil) * to_float(photo) + veil * VEIL
    return to_uint8((1 - share) * misty + share * RAIN)


def noise(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise, independent in each pixel and colour, of a standard deviation of 10 to 40 levels."""
    sigma = rng.uniform(10, 40)
    noisy = photo + rng.normal(0, sigma, photo.shape)
    return np.rint(noisy.clip(0, 255)).astype(np.uint8)


def holes(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scribbles and rectangles painted over in the colour HOLE, so that the picture itself says what is missing.

    Six to twelve scribbles of four strokes each, .008 to .02 wide, and two to five rectangles of .03 to .08 a side.
    """
    height, width = photo.shape[:2]
    side = min(height, width)
    torn = photo.copy()
    for _ in range(rng.integers(6, 13)):
        start, moves = rng.uniform(0, (width, height)), rng.normal(0, 0.2 * side, (4, 2))
        corners = np.rint(start + np.vstack([np.zeros(2), moves.cumsum(axis=0)])).astype(np.int32)
        cv2.polylines(torn, [corners], False, HOLE, max(1, round(rng.uniform(0.008, 0.02) * side)))
    for _ in range(rng.integers(2, 6)):
        left, top = (int(rng.uniform(0, length)) for length in (width, height))
        w, h = (max(1, round(rng.uniform(0.03, 0.08) * side)) for _ in range(2))
        torn[top : top + h, left : left + w] = HOLE
    return torn


def find_holes(torn: np.ndarray) -> np.ndarray:
    """Where a picture has the colour HOLE, boolean, (H, W)."""
    return (torn == HOLE).all(axis=2)


def sketch(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lines and hatching in graphite: the style pencil. Nothing here is random."""
    return stylize(photo, "pencil")


def night(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same place at night: dark, bluish, paler and a little noisy, with a glow around small bright things.

    Shadows sink further than lights, by a power of 1.4. What is clearly brighter than what lies .04 around it is taken
    for a lamp or a window, and glows as far.
    """
    day, reach = to_float(photo), 0.04 * min(photo.shape[:2])
    light = to_float(luma(photo))
    pale = 0.6 * day + 0.4 * light[..., None]
    lamps = np.maximum(light - gaussian(light, reach) - 0.15, 0)
    glow = 1.5 * lamps + 3 * gaussian(lamps, reach)
    dark = pale**1.4 * MOONLIGHT + glow[..., None] * LAMPLIGHT
    return to_uint8(dark + rng.normal(0, 0.012, photo.shape).astype(np.float32))


def _draw_streak(cover: np.ndarray, ends: np.ndarray, level: int, width: int) -> None:
    """A smooth line between two points, x and y, that need not lie on whole pixels."""
    bits = 4  # of a pixel's fraction
    start, end = (tuple(map(int, np.rint(point * 2**bits))) for point in ends)
    cv2.line(cover, start, end, level, width, cv2.LINE_AA, bits)
