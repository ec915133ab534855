"""What may be done to a photo before it is drawn: small steps, image -> image, that combine.

Each is a function of an image, RGB, uint8, (H, W, 3), and has a text form for the command line:

    scale=0.5           resize by a factor
    crop=square         cut the largest square from the middle; crop=640x480: that many pixels
    rotate=10           turn by degrees, counterclockwise, and cut the empty corners off
    brightness=1.2      multiply every value
    contrast=1.2        multiply every value's distance from the photo's mean grey
    grey                three equal channels
    remove-background   white around the subject in the middle (GrabCut)

A number may be a range, rotate=-10..10; then each photo gets a number of its own from it.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import cos, floor, radians, sin

import numpy as np

from ._cv2 import cv2
from .filters import luma, to_float
from .images import MINIMUM_SIDE, ImageError, over_white, resize, resize_short_side
from .limits import photo_limits
from .smoothing import guided_filter

SUBJECT_SIDE = 160  # short side, in pixels, at which the subject is told from the background
Range = tuple[float, float]


@dataclass(frozen=True)
class Step:
    """A step and its argument: none, a number, a range that a number is still to be drawn from, or a size."""

    name: str
    argument: float | Range | str | None = None

    def drawn(self, rng: np.random.Generator) -> "Step":
        """The step with one number from its range, of three decimals, so that its text form is exact; others stay."""
        if not isinstance(self.argument, tuple):
            return self
        return replace(self, argument=round(float(rng.uniform(*self.argument)), 3))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Do it. Raises ImageError if the photo does not allow it or less than MINIMUM_SIDE pixels remain."""
        if isinstance(self.argument, tuple):
            raise ValueError(f"{self}: a range is for datasets, where each photo gets a number from it; give a number")
        function = STEPS[self.name].function
        done = function(image) if self.argument is None else function(image, self.argument)
        height, width = done.shape[:2]
        if min(height, width) < MINIMUM_SIDE:
            raise ImageError(f"{self} leaves {width} x {height} pixels; a side needs {MINIMUM_SIDE}")
        return done

    def __str__(self) -> str:
        if self.argument is None:
            return self.name
        if isinstance(self.argument, tuple):
            return f"{self.name}={self.argument[0]:g}..{self.argument[1]:g}"
        return f"{self.name}={self.argument}" if isinstance(self.argument, str) else f"{self.name}={self.argument:g}"


def parse_steps(texts: Iterable[str]) -> tuple[Step, ...]:
    """["rotate=-10..10", "grey"] -> the steps. Raises ValueError: unknown step (the message suggests the nearest),
    an argument missing, superfluous or out of range."""
    return tuple(_parse(text) for text in texts)


def preprocess(image: np.ndarray, steps: Sequence[Step]) -> np.ndarray:
    """The steps, one after the other. Raises ImageError as they do, ValueError for a range not drawn from yet."""
    with photo_limits():
        for step in steps:
            image = step(image)
    return image


def scale(image: np.ndarray, factor: float) -> np.ndarray:
    """Both sides times `factor`."""
    height, width = image.shape[:2]
    return resize(image, max(1, round(width * factor)), max(1, round(height * factor)))


def crop(image: np.ndarray, size: str) -> np.ndarray:
    """The middle of the image: "square", as large as it can be, or "WIDTHxHEIGHT" pixels."""
    height, width = image.shape[:2]
    if size == "square":
        w = h = min(height, width)
    else:
        w, h = map(int, size.split("x"))
    if w > width or h > height:
        raise ImageError(f"{width} x {height} pixels are too few for crop={size}")
    top, left = (height - h) // 2, (width - w) // 2
    return image[top : top + h, left : left + w].copy()


def rotate(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turn counterclockwise about the middle. Quarter turns are exact. Any other angle leaves empty corners, so what
    is kept is the largest upright rectangle without any: at 10 degrees, three quarters of a 4:3 photo."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(image, int(degrees // 90)))
    height, width = image.shape[:2]
    w, h = (floor(side) for side in largest_upright(width, height, degrees))
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    turn[:, 2] += (w - width) / 2, (h - height) / 2  # the middle goes to the middle
    return cv2.warpAffine(image, turn, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def largest_upright(width: float, height: float, degrees: float) -> tuple[float, float]:
    """(width, height) of the largest upright rectangle inside a width x height rectangle turned about its middle.

    Either all its four corners touch the four sides of the turned one, or (a long strip turned far) two opposite
    corners touch the two long sides half way along.
    """
    s, c = abs(sin(radians(degrees))), abs(cos(radians(degrees)))
    long, short = max(width, height), min(width, height)
    if short <= 2 * s * c * long or abs(s - c) < 1e-9:
        w, h = (short / 2 / s, short / 2 / c)
        return (w, h) if width >= height else (h, w)
    return (width * c - height * s) / (c * c - s * s), (height * c - width * s) / (c * c - s * s)


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """factor * value."""
    return cv2.convertScaleAbs(image, alpha=factor)


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """mean + factor * (value - mean), mean being that of the grey image: 0 all grey, 1 as it was."""
    mean = float(luma(image).mean())
    levels = mean + factor * (np.arange(256) - mean)
    return cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def grey(image: np.ndarray) -> np.ndarray:
    """Luma, in three equal channels."""
    return cv2.cvtColor(luma(image), cv2.COLOR_GRAY2RGB)


def remove_background(image: np.ndarray) -> np.ndarray:
    """White around the subject, which is taken to be in the middle. Raises ImageError if nothing stands out.

    GrabCut (Rother, Kolmogorov & Blake 2004): colour models of subject and background, and a cut along edges between
    them, in turn. It starts from an ellipse, probably subject; the rim of the photo is background, except for the
    lower one, where portraits are cut off.
    """
    small = resize_short_side(image, min(SUBJECT_SIDE, *image.shape[:2]))
    height, width = small.shape[:2]
    mask = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width * 3 // 8, height * 7 // 16), 0, 0, 360, cv2.GC_PR_FGD, -1)
    rim = max(1, min(height, width) // 32)
    mask[:rim] = mask[:, :rim] = mask[:, -rim:] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # its colour models start from a k-means with random centres
    cv2.grabCut(small, mask, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    subject = _without_islands((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD))
    if not 0.02 < subject.mean() < 0.98:
        raise ImageError("no subject stands out from the background; leave remove-background out")
    alpha = guided_filter(subject.astype(np.float32), to_float(luma(image)), 2, 1e-3)  # finds the outline again
    return over_white(image, np.rint(255 * np.clip(2 * alpha - 0.5, 0, 1)).astype(np.uint8))


def _without_islands(mask: np.ndarray) -> np.ndarray:
    """Only the regions of at least a tenth of the largest one's area."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    areas[0] = 0  # what is not in the mask
    return (areas >= max(1, areas.max() / 10))[labels]


@dataclass(frozen=True)
class _Kind:
    function: Callable[..., np.ndarray]
    range: Range | None = None  # of its number
    pattern: str | None = None  # of its text, if its argument is no number
    example: str = ""


STEPS = {
    "scale": _Kind(scale, range=(0.01, 8), example="0.5"),
    "crop": _Kind(crop, pattern=r"square|[1-9]\d*x[1-9]\d*", example="square or crop=640x480"),
    "rotate": _Kind(rotate, range=(-360, 360), example="90"),
    "brightness": _Kind(brightness, range=(0.05, 8), example="1.2"),
    "contrast": _Kind(contrast, range=(0, 8), example="1.2"),
    "grey": _Kind(grey),
    "remove-background": _Kind(remove_background),
}


def _parse(text: str) -> Step:
    name, equals, argument = text.partition("=")
    if name not in STEPS:
        near = difflib.get_close_matches(name, STEPS, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no step {name!r}; the steps are {', '.join(STEPS)}{hint}")
    kind = STEPS[name]
    if kind.pattern:
        if not re.fullmatch(kind.pattern, argument):
            raise ValueError(f"the step {name} is given as {name}={kind.example}, got {text!r}")
        return Step(name, argument)
    if kind.range:
        return Step(name, _parse_number(text, argument, kind.range, kind.example))
    if equals:
        raise ValueError(f"the step {name} takes no argument, got {text!r}")
    return Step(name)


def _parse_number(text: str, argument: str, allowed: Range, example: str) -> float | Range:
    low, high = allowed
    first, dots, last = argument.partition("..")
    try:
        numbers = [float(first), float(last)] if dots else [float(first)]
    except ValueError:
        numbers = []
    if not numbers or not low <= numbers[0] <= numbers[-1] <= high:  # NaN too compares as false
        name = text.partition("=")[0]
        needs = f"a number in {low:g}..{high:g}, such as {name}={example}, or a range LOW..HIGH"
        raise ValueError(f"{name} takes {needs}; got {text!r}")
    return (numbers[0], numbers[1]) if dots else numbers[0]
