"""Small paired datasets in the layouts that people have."""

from functools import cache

import numpy as np

from stylize import find_images, read_image, resize_short_side, write_image

from .runner import PHOTOS

LAYOUTS = ["{split}/{name}", "{split}{side}/{name}", "{split}/{side}/{name}", "{side}/{split}/{name}"]
SIDE_BY_SIDE, TWO_FOLDERS = LAYOUTS[:2]


@cache
def small_photos():
    """Eight photos, 48 pixels high, 64 wide."""
    photos = [resize_short_side(read_image(path), 64) for path in find_images([PHOTOS])[:8]]
    return [photo[:48, :64] for photo in photos]


def negatives():
    """Pairs: each photo, and its negative."""
    return [(photo, 255 - photo) for photo in small_photos()]


def place(folder, layout, split, name, one, other):
    """Write a pair where the layout says."""
    if "{side}" in layout:
        pictures = {layout.format(split=split, side=side, name=name): x for side, x in (("A", one), ("B", other))}
    else:
        pictures = {layout.format(split=split, name=name): np.hstack([one, other])}
    for path, picture in pictures.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / path, picture)


def fill(folder, layout, pairs, splits=("train", "test")):
    """Six pairs for the first split, two for the second."""
    for number, pair in enumerate(pairs):
        place(folder, layout, splits[number >= 6], f"{number}.png", *pair)
