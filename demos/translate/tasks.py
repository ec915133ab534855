"""Tasks that need no download: photos are damaged, and the pairs teach how to undo it (or, for day2night, to do it)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demos.cartoonize.crops import Pair, Photo
from demos.shared.program import UserError
from demos.translate.baselines import Fit, affine, mean_around, median, telea
from demos.translate.pairs import Pairs, hold_out, large_enough, middle
from stylize import ImageError, find_images, read_image, resize_short_side
from stylize.console import say
from stylize.degrade import HOLE, grey, holes, night, noise, rain, sketch
from stylize.split import perceptual_hash

SHORT_SIDE = 384  # photos are shrunk to this, pixels
SMALLEST = 0.5  # and for training at random to a share of it, so that damage of more than one size is learnt
ENOUGH = 60  # training pairs; of fewer photos there are several versions each


@dataclass(frozen=True)
class Task:
    """Pairs are (damaged, photo), or the other way round; `baselines` are what the network has to beat.

    hole   the colour of what is missing, if the rest is as it should be and may stay
    """

    damage: Callable[[Photo, np.random.Generator], Photo]
    baselines: Sequence[Fit]
    damaged_is_target: bool = False
    hole: tuple[int, int, int] | None = None

    def pair(self, photo: Photo, rng: np.random.Generator) -> Pair:
        """Input and target."""
        damaged = self.damage(photo, rng)
        return (photo, damaged) if self.damaged_is_target else (damaged, photo)


TASKS = {
    "colorize": Task(grey, [affine]),
    "derain": Task(rain, [affine, median]),
    "denoise": Task(noise, [median]),
    "inpaint": Task(holes, [mean_around, telea], hole=HOLE),
    "sketch": Task(sketch, [affine]),
    "day2night": Task(night, [affine], damaged_is_target=True),
}


def pairs_of_photos(task: str, sources: Sequence[Path], size: int, seed: int) -> Pairs:
    """The pairs of a task from photos with room for a crop of `size`, a fifth of the photos held out.

    Raises UserError for fewer than two photos that can be used.
    """
    photos, pair = read_photos(sources, size), TASKS[task].pair
    held_out = hold_out({name: perceptual_hash(photo) for name, photo in photos.items()}, seed)
    versions = -(-ENOUGH // (len(photos) - len(held_out)))
    train, test = [], []
    for name, photo in photos.items():
        rng = np.random.default_rng((seed, int(name, 16)))
        if name in held_out:
            test.append(middle(pair(photo, rng)))
        else:
            train += [pair(shrunk(photo, size, rng), rng) for _ in range(versions)]
    return Pairs(task, train, test, TASKS[task].baselines, TASKS[task].hole)


def read_photos(sources: Sequence[Path], size: int) -> dict[str, Photo]:
    """SHA-256 of the file -> photo, at most SHORT_SIDE pixels high or wide. What cannot be used is told."""
    photos: dict[str, Photo] = {}
    names: dict[str, Path] = {}
    for file in find_images(sources):
        try:
            photo = read_image(file)
        except ImageError as error:
            say("translate", f"skipped {error}")
            continue
        name = hashlib.sha256(file.read_bytes()).hexdigest()
        photos[name], names[name] = resize_short_side(photo, min(SHORT_SIDE, *photo.shape[:2])), file
    if not photos:
        raise UserError(f"no photos in {', '.join(map(str, sources))}; give image files or folders that hold some")
    fit = large_enough({str(names[name]): min(photo.shape[:2]) for name, photo in photos.items()}, size)
    return {name: photo for name, photo in photos.items() if str(names[name]) in fit}


def shrunk(photo: Photo, size: int, rng: np.random.Generator) -> Photo:
    """The photo with a share of its size, at random between SMALLEST and 1, but room for a crop of `size`."""
    whole = min(photo.shape[:2])
    return resize_short_side(photo, round(rng.uniform(max(size, SMALLEST * whole), whole)))
