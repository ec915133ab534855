"""How good is a trained generator on photos it never saw, and how fast, compared with the OpenCV style it learnt?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from demos.cartoonize.crops import grid
from demos.cartoonize.evaluate import compare
from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import load_generator
from demos.shared.program import UserError
from nnlite.plot import image_grid
from stylize import find_images, read_image, resize_short_side, stylize
from stylize.console import counted
from stylize.registry import REFERENCE_SIDE

Picture = np.ndarray  # (H, W, 3) uint8
NAMES = {"generated": "generated", "untouched": "the untouched photo", "affine": "best affine colour map"}
COLUMNS = {"untouched": "photo", "generated": "generated"}


def judge_on_unseen(model: Path, sources: list[Path], out: Path, device: str) -> dict:
    """The figures of a generator on those of the photos that were held out from its training; a picture in `out`.

    Frames a second of the generator and of the style are those of the same photos, at the size trained at.
    Raises UserError if none of the photos was held out, CheckpointError for a model that cannot be loaded.
    """
    generator, about = load_generator(model)
    if about.translation:
        raise UserError(
            f"{model} learnt the translation {about.translation}, not a style that could be drawn to judge it"
        )
    generator.to(device)
    unseen = about.test_photos
    files = [file for file in find_images(sources) if hashlib.sha256(file.read_bytes()).hexdigest() in unseen]
    if not files:
        raise UserError(f"none of the photos is among the {len(unseen)} that were held out when {model} was trained")
    photos = [resize_short_side(read_image(file), about.short_side) for file in files]
    cartoons, style_rate = _timed(lambda photo: stylize(photo, about.style, about.strokes / REFERENCE_SIDE), photos)
    generated, generator_rate = _timed(lambda photo: draw(photo, generator, device), photos)
    out.mkdir(parents=True, exist_ok=True)
    drawn = {"generated": generated, "untouched": photos}
    figures = compare_drawings(drawn, cartoons, about.judged_size, out / "judged.png")
    return figures | {"generator_fps": round(generator_rate, 2), "style_fps": round(style_rate, 2)}


def compare_drawings(
    drawn: dict[str, list[Picture]],
    cartoons: list[Picture],
    size: int,
    picture: Path,
    columns: dict[str, str] = COLUMNS,
) -> dict:
    """Figures of every kind of drawing against the cartoons, over all whole crops of a size, and a picture of six.

    drawn     kind -> images, among them "untouched", the photos
    columns   the kinds that the picture shows next to the cartoons, and their titles
    """
    crops = {kind: _cut(images, size) for kind, images in drawn.items()}
    photos, targets = crops["untouched"], _cut(cartoons, size)
    figures: dict = {kind: compare(images, photos, targets) for kind, images in crops.items()}
    rows = list(zip(*(crops[kind] for kind in columns), targets, strict=True))
    image_grid(rows[:: max(1, len(rows) // 6)][:6], picture, titles=(*columns.values(), "target"))
    return figures | {"test_photos": len(cartoons), "test_crops": len(photos)}


def table(figures: dict, names: dict[str, str] = NAMES) -> str:
    """The figures of the kinds of drawing in `names` as lines of text."""
    crops, photos = counted(figures["test_crops"], "crop"), counted(figures["test_photos"], "photo")
    lines = [f"{crops} of {photos} never seen in training:", ""]
    lines.append(f"{'':28}{'L1':>8}{'PSNR':>8}{'SSIM':>8}{'ink F1':>8}")
    for kind in (kind for kind in names if kind in figures):
        f = figures[kind]
        lines.append(f"{names[kind]:28}{f['l1']:8.4f}{f['psnr']:8.2f}{f['ssim']:8.3f}{f['ink_f1']:8.2f}")
    return "\n".join(lines)


def _cut(images: list[Picture], size: int) -> list[Picture]:
    return [crop for image in images for crop in grid(image, size)]


def _timed(draw_one: Callable[[Picture], Picture], photos: list[Picture]) -> tuple[list[Picture], float]:
    """What is drawn of each photo, and how many are drawn in a second."""
    draw_one(photos[0])  # the first call pays for what later ones find ready
    started = time.perf_counter()
    drawn = [draw_one(photo) for photo in photos]
    return drawn, len(photos) / (time.perf_counter() - started)
