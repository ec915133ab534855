"""Random changes of images that keep the label right, so that a few thousand images teach as much as many more.

    loader = DataLoader(samples, 64, transform=Augment(RandomAffine(degrees=10, scale=(0.9, 1.1)), RandomCrop(28, 2)))

A change is a function (image, rng) -> image of float arrays (C, H, W), which draws all that is random from rng. Names
and arguments are those of torchvision. Which changes are allowed depends on the images: a flipped cat is a cat, a
flipped 2 is not a 2.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class Augment:
    """A transform for DataLoader: changes, one after the other, of a sample's first array. Labels stay as they are."""

    def __init__(self, *changes: Change):
        self.changes = changes

    def __call__(self, sample: tuple[Any, ...], rng: np.random.Generator) -> tuple[Any, ...]:
        image, *others = sample
        for change in self.changes:
            image = change(image, rng)
        return (image, *others)


class RandomHorizontalFlip:
    """Left and right swapped with probability p."""

    axis = -1

    def __init__(self, p: float = 0.5):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{type(self).__name__}: p is a probability in 0..1, got {p!r}")
        self.p = p

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.flip(image, self.axis) if rng.random() < self.p else image


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top and bottom swapped with probability p."""

    axis = -2


class RandomCrop:
    """A square of `size` x `size` pixels, from anywhere in the image after `padding` pixels of 0 on each side.

    RandomCrop(28, padding=2) moves an image of 28x28 by up to two pixels each way. Raises ShapeError, when called, for
    an image that is smaller than the square.
    """

    def __init__(self, size: int, padding: int = 0):
        if size < 1 or padding < 0:
            raise ValueError(f"RandomCrop: expected size >= 1 and padding >= 0, got {size!r} and {padding!r}")
        self.size, self.padding = size, padding

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        p, size = self.padding, self.size
        image = np.pad(image, ((0, 0), (p, p), (p, p)))
        if min(image.shape[1:]) < size:
            raise ShapeError(
                f"RandomCrop: no {size} x {size} pixels in an image that is {image.shape} with its padding of {p}; "
                "pad more or crop less"
            )
        top, left = (rng.integers(side - size + 1) for side in image.shape[1:])
        return image[:, top : top + size, left : left + size]


class RandomAffine:
    """Turned about its centre by up to `degrees` either way, and enlarged by a factor between `scale` = (least, most).

    Both are drawn evenly. The size stays; pixels from outside the image are 0.
    """

    def __init__(self, degrees: float = 0.0, scale: tuple[float, float] = (1.0, 1.0)):
        if not 0.0 <= degrees < math.inf:
            raise ValueError(f"RandomAffine: degrees must not be negative, got {degrees!r}")
        if not 0.0 < scale[0] <= scale[1] < math.inf:
            raise ValueError(f"RandomAffine: scale is (least, most) with 0 < least <= most, got {scale!r}")
        self.degrees, self.scale = degrees, scale

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return affine(image, rng.uniform(-self.degrees, self.degrees), rng.uniform(*self.scale))


def affine(image: np.ndarray, degrees: float, scale: float) -> np.ndarray:
    """The image (C, H, W) turned counter-clockwise and enlarged about its middle; 0 where it has no pixels.

    Each pixel looks up where it comes from: turned back and divided by scale, as seen from the middle.
    """
    height, width = image.shape[1:]
    middle = (height - 1) / 2.0, (width - 1) / 2.0
    down, right = (np.arange(side) - m for side, m in zip((height, width), middle, strict=True))
    cos, sin = (f(math.radians(degrees)) / scale for f in (math.cos, math.sin))
    rows = cos * down[:, None] + sin * right
    columns = cos * right - sin * down[:, None]
    return bilinear(image, rows + middle[0], columns + middle[1])


def bilinear(image: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The image (C, H, W), as if continuous, at positions between pixels (both of one shape): (C, *that shape).

    With i = floor(row) and a = row - i, likewise j and b: (1-a)(1-b) x[i,j] + (1-a) b x[i,j+1] + a (1-b) x[i+1,j] +
    a b x[i+1,j+1]. Pixels outside the image are 0.
    """
    height, width = image.shape[1:]
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    # Positions far outside are moved to the border of zeros.
    rows, columns = np.clip(rows, -1, height) + 1, np.clip(columns, -1, width) + 1
    i, j = np.minimum(rows.astype(int), height), np.minimum(columns.astype(int), width)
    a, b = (rows - i).astype(image.dtype), (columns - j).astype(image.dtype)
    upper = (1 - b) * padded[:, i, j] + b * padded[:, i, j + 1]
    lower = (1 - b) * padded[:, i + 1, j] + b * padded[:, i + 1, j + 1]
    return (1 - a) * upper + a * lower
