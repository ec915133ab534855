"""Photos of any size through a trained generator.

The generator draws strokes of a fixed width in pixels, so the size at which it works decides how bold they look. A
large photo is shrunk to `scale` times the short side the generator was trained at, cartoonised there, and enlarged
to its own size again. Beyond one tile the work is done in overlapping tiles: the generator's output is weighed down
towards each tile's edge and averaged, so no seam shows and memory stays the same for any size. In eval mode batch
norm uses its running statistics, so a tile's colours do not depend on what else is in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from demos.cartoonize.recipe import load_generator
from demos.common import UserError, to_image, to_network
from nnlite import Tensor, nn, no_grad
from stylize.images import (
    WRITABLE,
    ImageError,
    find_images,
    read_image_and_alpha,
    resize,
    resize_short_side,
    write_image,
)

TILE, OVERLAP = 512, 64  # pixels


def apply_to_files(sources: list[Path], model: Path, out: Path, scale: float, device: str) -> int:
    """Cartoonise every photo among `sources` into `out`; the exit status: 0, or 1 if one could not be used.

    Raises UserError when none could, CheckpointError for a model that cannot be loaded.
    """
    generator, metadata = load_generator(model)
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
            write_image(target, cartoonize(rgb, generator, int(metadata["short_side"]), scale, device), alpha)
        except ImageError as error:
            failed += 1
            print(f"skipped {error}", file=sys.stderr)
    if failed == len(photos):
        raise UserError(f"none of the {failed} photos could be used")
    print(f"{len(photos) - failed} cartoons in {out}" + (f", {failed} skipped" if failed else ""))
    return 1 if failed else 0


def cartoonize(rgb: np.ndarray, generator: nn.Module, short_side: int, scale: float, device: str) -> np.ndarray:
    """The cartoon of an (H, W, 3) uint8 photo, in its own size; see the head of this file for `scale`."""
    height, width = rgb.shape[:2]
    working = resize_short_side(rgb, min(height, width, round(scale * short_side)))
    return resize(draw(working, generator, device), width, height)


def draw(rgb: np.ndarray, generator: nn.Module, device: str, tile: int = TILE, overlap: int = OVERLAP) -> np.ndarray:
    """The generator's image of an (H, W, 3) uint8 photo at this very size, tile by tile."""
    height, width = rgb.shape[:2]
    multiple = generator.multiple
    tile = max(tile, multiple)
    # The border is mirrored outwards until the sides are multiples of what the generator can take.
    sides = [-(-max(side, multiple) // multiple) * multiple for side in (height, width)]
    padded = np.pad(rgb, ((0, sides[0] - height), (0, sides[1] - width), (0, 0)), mode="symmetric")
    total = np.zeros((3, *sides), np.float32)
    weight = np.zeros(sides, np.float32)
    with no_grad():
        for rows in _stretches(sides[0], tile, overlap, multiple):
            for columns in _stretches(sides[1], tile, overlap, multiple):
                x = Tensor(to_network(padded[rows, columns])[None]).to(device)
                ramp = np.minimum.outer(_ramp(rows, overlap), _ramp(columns, overlap))
                total[:, rows, columns] += generator(x).cpu().numpy()[0] * ramp
                weight[rows, columns] += ramp
    return to_image(total / weight)[:height, :width]


def _stretches(length: int, tile: int, overlap: int, multiple: int) -> Iterator[slice]:
    """Overlapping stretches of at most `tile` that cover 0..length, each beginning at a multiple.

    A network with strides sees its input in a grid; tiles on that grid agree where they overlap.
    """
    step = max(multiple, (tile - overlap) // multiple * multiple)
    start = 0
    while start + tile < length:
        yield slice(start, start + tile)
        start += step
    yield slice(start, length)


def _ramp(stretch: slice, overlap: int) -> np.ndarray:
    """Weights of a tile along one axis: rising over the overlap from the edge, then flat."""
    n = stretch.stop - stretch.start
    from_edge = np.minimum(np.arange(n), np.arange(n)[::-1]) + 1.0
    return np.minimum(from_edge / max(overlap, 1), 1.0).astype(np.float32)


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
