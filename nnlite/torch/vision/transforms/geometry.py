"""Sizes, crops, flips and rotations, fixed or at random."""

import math
from collections.abc import Sequence
from typing import Any

from . import chance
from . import functional as F
from .functional import InterpolationMode
from .functional.geometry import Interpolation, borders, pair


class Resize:
    """Another size: (height, width), or that many pixels on the shorter side."""

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: Interpolation = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ):
        self.size, self.interpolation, self.max_size, self.antialias = size, interpolation, max_size, antialias

    def __call__(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop:
    """The middle of the image."""

    def __init__(self, size: int | Sequence[int]):
        self.size = pair(size)

    def __call__(self, img: Any) -> Any:
        return F.center_crop(img, self.size)


class Pad:
    """A border: one width, (left and right, top and bottom), or (left, top, right, bottom)."""

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant"):
        borders(padding)  # raises ValueError
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def __call__(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)


class RandomCrop:
    """A rectangle from anywhere in the image, after a border of `padding`.

    Raises ValueError for an image that is smaller, unless pad_if_needed.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ):
        self.size, self.padding, self.pad_if_needed = pair(size), padding, pad_if_needed
        self.fill, self.padding_mode = fill, padding_mode

    def __call__(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        height, width = self.size
        if self.pad_if_needed:
            w, h = F.get_image_size(img)
            missing = max(width - w, 0), max(height - h, 0)
            img = F.pad(img, missing, self.fill, self.padding_mode) if any(missing) else img
        w, h = F.get_image_size(img)
        if height > h or width > w:
            raise ValueError(
                f"RandomCrop: {height} x {width} pixels do not fit into an image of {h} x {w}; use pad_if_needed=True"
            )
        return F.crop(img, chance.below(h - height + 1), chance.below(w - width + 1), height, width)


class RandomResizedCrop:
    """A part of the image, of random area and proportions, in one size (Szegedy et al. 2015).

    scale       its share of the image's area, at least and at most
    ratio       its width / height, at least and at most, uniform in the logarithm
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Interpolation = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ):
        self.size, self.scale, self.ratio = pair(size), scale, ratio
        self.interpolation, self.antialias = interpolation, antialias

    def __call__(self, img: Any) -> Any:
        top, left, height, width = self._part(*F.get_image_size(img))
        return F.resized_crop(img, top, left, height, width, self.size, self.interpolation, self.antialias)

    def _part(self, width, height):
        """(top, left, height, width): the first of ten draws that fits, else the largest part that ratio allows."""
        for _ in range(10):
            area = width * height * chance.uniform(*self.scale)
            ratio = math.exp(chance.uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                return chance.below(height - h + 1), chance.below(width - w + 1), h, w
        w, h = width, height
        if width / height < min(self.ratio):
            h = round(width / min(self.ratio))
        elif width / height > max(self.ratio):
            w = round(height * max(self.ratio))
        return (height - h) // 2, (width - w) // 2, h, w


class RandomHorizontalFlip:
    """Left and right swapped with probability p."""

    flip = staticmethod(F.hflip)

    def __init__(self, p: float = 0.5):
        self.p = chance.probability(p, type(self).__name__)

    def __call__(self, img: Any) -> Any:
        return self.flip(img) if chance.happens(self.p) else img


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top and bottom swapped with probability p."""

    flip = staticmethod(F.vflip)


class RandomRotation:
    """A Pillow image rotated by an angle between -degrees and degrees, or between two, counter-clockwise."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Interpolation = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ):
        self.degrees = _angles("RandomRotation: degrees", degrees, (2,))
        self.interpolation, self.expand, self.center, self.fill = interpolation, expand, center, fill

    def __call__(self, img: Any) -> Any:
        angle = chance.uniform(*self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)


class RandomAffine:
    """A Pillow image rotated, moved, scaled and sheared, each at random.

    degrees     clockwise, between -degrees and degrees or between two
    translate   by at most these fractions of the width and of the height, either way, in whole pixels
    scale       between two factors
    shear       along x by between -shear and shear degrees or between two; four numbers: along x, along y
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Interpolation = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ):
        if translate is not None and not (len(translate) == 2 and all(0 <= share <= 1 for share in translate)):
            raise ValueError(f"RandomAffine: translate is two fractions in 0..1, got {translate}")
        if scale is not None and not 0 < min(scale):
            raise ValueError(f"RandomAffine: scale is two factors above 0, got {scale}")
        self.degrees, self.translate = _angles("RandomAffine: degrees", degrees, (2,)), translate or (0.0, 0.0)
        self.scale = scale or (1.0, 1.0)
        self.shear = (*_angles("RandomAffine: shear", 0.0 if shear is None else shear, (2, 4)), 0.0, 0.0)[:4]
        self.interpolation, self.fill, self.center = interpolation, fill, center

    def __call__(self, img: Any) -> Any:
        angle, scale = chance.uniform(*self.degrees), chance.uniform(*self.scale)
        furthest = [share * side for share, side in zip(self.translate, F.get_image_size(img), strict=True)]
        moved = [round(chance.uniform(-far, far)) for far in furthest]
        shear = chance.uniform(*self.shear[:2]), chance.uniform(*self.shear[2:])
        return F.affine(img, angle, moved, scale, shear, self.interpolation, self.fill, self.center)


def _angles(what, angles, lengths):
    """Least and greatest angles; one number a means -a and a."""
    if isinstance(angles, int | float):
        if angles < 0:
            raise ValueError(f"{what} is not negative, got {angles}; or give the least and the greatest")
        return -angles, angles
    if len(angles) not in lengths:
        raise ValueError(f"{what} is one angle, or {' or '.join(map(str, lengths))}, got {angles}")
    return tuple(angles)
