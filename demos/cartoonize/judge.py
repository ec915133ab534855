"""How good is a trained generator on photos it never saw, and how fast, compared with the OpenCV style it learnt?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from demos.cartoonize.crops import grid
from demos.cartoonize.evaluate import cartoonness, compare, way
from demos.cartoonize.tiles import draw
from demos.cartoonize.two_sample import FEWEST, SIDE, two_sample_test
from demos.cartoonize.weights import load_generator
from demos.shared.program import UserError
from nnlite.plot import image_grid
from stylize import find_images, read_image, resize_short_side, stylize
from stylize.console import counted
from stylize.registry import REFERENCE_SIDE

Picture = np.ndarray  # (H, W, 3) uint8
NAMES = {"generated": "generated", "untouched": "the untouched photo", "affine": "best affine colour map"}
COLUMNS = {"untouched": "photo", "generated": "generated"}
ROWS = 3  # of a sheet of whole photos
LEGEND = """way: 0 % is the photo, 100 % the target. specks: dots in a million pixels.
edges: share of the photo's that are kept. SSIM L: likeness to the photo in lightness."""


def judge_on_unseen(model: Path, sources: list[Path], out: Path, device: str) -> dict:
    """The figures of a generator on those of the photos that were held out from its training; pictures in `out`.

    "two_sample" among them is {} if the photos are too few for that test.
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
    draw_sheets(photos, generated, cartoons, out)
    figures["two_sample"] = two_sample_test(photos, generated, cartoons, device=device)
    return figures | {"generator_fps": round(generator_rate, 2), "style_fps": round(style_rate, 2)}


def compare_drawings(
    drawn: dict[str, list[Picture]],
    cartoons: list[Picture],
    size: int,
    picture: Path,
    columns: dict[str, str] = COLUMNS,
) -> dict:
    """Figures of every kind of drawing against the cartoons, and a picture of six crops.

    drawn     kind -> images, among them "untouched", the photos
    columns   the kinds that the picture shows next to the cartoons, and their titles

    L1, PSNR, SSIM and ink F1 are means over all whole crops of `size`, the others over whole images. "target" has the
    others of the cartoons. "l1_ratio" is L1 over that of the photos. A way is 0 for the photos and 1 for the cartoons;
    None if these do not differ.
    """
    crops = {kind: _cut(images, size) for kind, images in drawn.items()}
    photos, targets = crops["untouched"], _cut(cartoons, size)
    figures: dict = {
        kind: compare(crops[kind], photos, targets) | cartoonness(images, drawn["untouched"])
        for kind, images in drawn.items()
    }
    begin, end = figures["untouched"], cartoonness(cartoons, drawn["untouched"])
    for each in figures.values():
        each["l1_ratio"] = each["l1"] / begin["l1"] if begin["l1"] else None
    figures["target"] = end
    for each in figures.values():
        each |= {f"{name}_way": way(each[name], begin[name], end[name]) for name in ("flat_share", "ink_percent")}
    rows = list(zip(*(crops[kind] for kind in columns), targets, strict=True))
    image_grid(rows[:: max(1, len(rows) // 6)][:6], picture, titles=(*columns.values(), "target"))
    return figures | {"test_photos": len(cartoons), "test_crops": len(photos)}


def draw_sheets(photos: list[Picture], generated: list[Picture], cartoons: list[Picture], out: Path) -> None:
    """Write sheet-1.jpg, sheet-2.jpg ... with all pictures whole, pixel for pixel; the wide ones first."""
    rows = sorted(zip(photos, generated, cartoons, strict=True), key=lambda row: row[0].shape[0] / row[0].shape[1])
    for number, start in enumerate(range(0, len(rows), ROWS), start=1):
        shown = rows[start : start + ROWS]
        height, width = (max(row[0].shape[axis] for row in shown) for axis in (0, 1))
        framed = [[_on_white(image, height, width) for image in row] for row in shown]
        image_grid(framed, out / f"sheet-{number}.jpg", titles=("photo", "generated", "target"), scale=1)


def table(figures: dict, names: dict[str, str] = NAMES) -> str:
    """The figures of the kinds of drawing in `names`, and of the target, as lines of text."""
    crops, photos = counted(figures["test_crops"], "crop"), counted(figures["test_photos"], "photo")
    kinds = {kind: figures[kind] for kind in names if kind in figures}
    lines = [f"{crops} of {photos} never seen in training:", ""]
    lines.append(f"{'How near to the target?':24}{'L1':>8}{'PSNR':>8}{'SSIM':>8}{'ink F1':>8}{'L1 / photo':>12}")
    for kind, f in kinds.items():
        row = f"{f['l1']:8.4f}{f['psnr']:8.2f}{f['ssim']:8.3f}{f['ink_f1']:8.2f}{_percent(f['l1_ratio']):>12}"
        lines.append(f"{names[kind]:24}{row}")
    titles = f"{'flat share':>12}{'way':>7}{'ink %':>7}{'way':>7}{'specks':>8}{'edges':>7}{'SSIM L':>8}"
    lines += ["", f"{'How much of a cartoon?':24}{titles}"]
    for kind, f in (kinds | {"target": figures["target"]}).items():
        flat = f"{f['flat_share']:12.2f}{_percent(f['flat_share_way']):>7}"
        ink = f"{f['ink_percent']:7.2f}{_percent(f['ink_percent_way']):>7}"
        rest = f"{f['specks_per_megapixel']:8.0f}{f['edge_recall']:7.2f}{f['ssim_l']:8.2f}"
        lines.append(f"{names.get(kind, 'the target'):24}{flat}{ink}{rest}")
    return "\n".join([*lines, "", LEGEND])


def describe_two_sample(accuracies: dict[str, float]) -> str:
    """What the two-sample test found, as lines of text."""
    if not accuracies:
        return f"The two-sample test needs at least {FEWEST} held-out photos of {SIDE}x{SIDE} pixels or more."
    words = {"photo": "surely different", "generated": "50 %: no difference found", "target": "surely the same"}
    lines = ["A small classifier tells crops of pictures it never saw apart. It is right in"]
    return "\n".join(lines + [f"{a:8.1%}  {kind} or target?  ({words[kind]})" for kind, a in accuracies.items()])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _on_white(image: Picture, height: int, width: int) -> Picture:
    """With a margin on the right and below it, up to this size."""
    missing = (height - image.shape[0], width - image.shape[1])
    return np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=255)


def _cut(images: list[Picture], size: int) -> list[Picture]:
    return [crop for image in images for crop in grid(image, size)]


def _timed(draw_one: Callable[[Picture], Picture], photos: list[Picture]) -> tuple[list[Picture], float]:
    """What is drawn of each photo, and how many are drawn in a second."""
    draw_one(photos[0])  # the first call pays for what later ones find ready
    started = time.perf_counter()
    drawn = [draw_one(photo) for photo in photos]
    return drawn, len(photos) / (time.perf_counter() - started)
