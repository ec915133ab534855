"""Photos of any size through a trained generator.

The generator draws strokes of a fixed width in pixels, so the size at which it works decides how bold they look. A
large photo is shrunk to `scale` times the short side for which these strokes are meant, cartoonised there (tiles.py),
and enlarged to its own size again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import load_generator
from demos.common import UserError
from nnlite import nn
from stylize.folders import find_images
from stylize.formats import WRITABLE
from stylize.images import ImageError, read_image_and_alpha, resize, resize_short_side, write_image


def apply_to_files(sources: list[Path], model: Path, out: Path, scale: float, device: str) -> int:
    """Cartoonise every photo among `sources` into `out`; the exit status: 0, or 1 if one could not be used.

    Raises UserError when none could, CheckpointError for a model that cannot be loaded.
    """
    generator, about = load_generator(model)
    generator.to(device)
    out.mkdir(parents=True, exist_ok=True)
    photos = [(photo, source) for source in sources for photo in find_images([source])]
    if not photos:
        raise UserError(f"no photos in {', '.join(map(str, sources))}; give image files or folders that hold some")
    taken = {photo.resolve() for photo, _ in photos}
    failed = 0
    for photo, source in tqdm(photos, desc="cartoons", unit="photo", disable=None):
        target = _free_name(out, photo, source, taken)
        try:
            rgb, alpha = read_image_and_alpha(photo)
            write_image(target, cartoonize(rgb, generator, about.strokes, scale, device), alpha)
        except ImageError as error:
            failed += 1
            print(f"skipped {error}", file=sys.stderr)
    if failed == len(photos):
        raise UserError(f"none of the {failed} photos could be used")
    done = len(photos) - failed
    print(f"{done} cartoon{'s' if done > 1 else ''} in {out}" + (f", {failed} skipped" if failed else ""))
    return 1 if failed else 0


def cartoonize(rgb: np.ndarray, generator: nn.Module, strokes: int, scale: float, device: str) -> np.ndarray:
    """The cartoon of an (H, W, 3) uint8 photo, in its own size; see the head of this file for `scale`."""
    height, width = rgb.shape[:2]
    working = resize_short_side(rgb, min(height, width, round(scale * strokes)))
    return resize(draw(working, generator, device), width, height)


def _free_name(out: Path, photo: Path, source: Path, taken: set[Path]) -> Path:
    """Where the cartoon goes: `out`, the photo's place under its source, its name; never onto a photo or each other."""
    place = photo.relative_to(source) if source.is_dir() else Path(photo.name)
    suffix = photo.suffix if photo.suffix.lower() in WRITABLE else ".png"
    target = (out / place).with_suffix(suffix)
    number = 1
    while target.resolve() in taken:
        number += 1
        target = (out / place).with_name(f"{place.stem}-{number}{suffix}")
    taken.add(target.resolve())
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
