"""Photos of any size through a trained generator.

The generator draws strokes of a fixed width in pixels, so the size at which it works decides how bold they look. A
large photo is shrunk to `scale` times the short side for which these strokes are meant, and cartoonised there
(tiles.py). A painter then paints the photo at its own size (full_size.py); what other generators draw is enlarged. A
translation (demos.translate) works at the photo's own size.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import numpy as np
from tqdm import tqdm

from demos.cartoonize.full_size import paint_full_size
from demos.cartoonize.tiles import draw, draw_inside
from demos.cartoonize.weights import load_generator
from demos.shared.program import UserError
from models.painter import Painter
from nnlite import nn
from stylize._cv2 import cv2
from stylize.console import counted, one_line, say
from stylize.files import FileError, check_target, own_name, real_path
from stylize.folders import survey
from stylize.formats import WRITABLE
from stylize.images import MAX_MEGAPIXELS, read_picture, resize, resize_short_side, write_image
from stylize.marks import mark_for

GREY = 3  # levels by which the channels of a grey photo may differ, as compression and colour profiles leave them


def apply_to_files(
    sources: list[Path],
    model: Path,
    out: Path,
    scale: float,
    device: str,
    overwrite: bool = False,
    max_megapixels: float = MAX_MEGAPIXELS,
    program: str = "cartoonize",
    result: str = "cartoon",
) -> int:
    """Draw every photo among `sources` into `out`. Returns the exit status: 0, or 1 if something was left out.

    Pictures in `out`, and others of ours in the folders, do not count as photos. `program` is the demo whose mark the
    pictures get, `result` what its messages call one. Raises UserError if no photo could be used, CheckpointError for a
    model that cannot be loaded.
    """
    command = f"demos.{program} apply"
    found = survey(sources, output=out)
    for note in found.notes:
        say(program, note)
    if found.cartoons:
        say(program, f"left out {counted(found.cartoons, result)} drawn before; to draw one again, name its file")
    if not found.images:
        raise UserError(f"no photos in {', '.join(map(str, sources))}; give image files or folders that hold some")
    draw_one = load_drawing(model, scale, device)
    make_folder(out)
    failed, photos = 0, {real_path(photo) for photo in found.images}
    for photo, name in tqdm(name_cartoons(found.places, out).items(), desc=f"{result}s", unit="photo", disable=None):
        mark = mark_for(command, photo)
        try:
            make_folder(name.parent)
            target = own_name(name, command, mark, photos)
            check_target(target, mark, overwrite=overwrite)
            picture = read_picture(photo, max_megapixels)
            for note in picture.notes:
                say(program, f"{photo}: {note}")
            write_image(target, draw_one(picture.rgb), picture.alpha, mark)
        except FileError as error:
            failed += 1
            say(program, f"skipped {error}")
        except Exception as error:  # whatever goes wrong with one photo, the others are still drawn
            failed += 1
            say(program, f"skipped {photo}: {type(error).__name__} {error}")
    if failed == len(found.images):
        raise UserError(f"none of the {failed} photos could be used")
    done = counted(len(found.images) - failed, result)
    print(one_line(f"{done} in {out}" + (f", {failed} skipped" if failed else "")))
    return 1 if failed or found.notes else 0


def load_drawing(model: Path, scale: float, device: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function that makes a picture of an (H, W, 3) uint8 photo, in its size, with the generator of a file."""
    generator, about = load_generator(model)
    generator.to(device)
    if about.translation:
        return lambda rgb: draw_inside(rgb, generator, about.hole, device)
    return lambda rgb: cartoonize(rgb, generator, about.strokes, scale, device)


def cartoonize(rgb: np.ndarray, generator: nn.Module, strokes: int, scale: float, device: str) -> np.ndarray:
    """The cartoon of an (H, W, 3) uint8 photo, in its own size; see the top of this file for `scale`.

    The cartoon of a grey photo is made grey: the generator learnt from coloured photos and would tint it.
    """
    height, width = rgb.shape[:2]
    working = resize_short_side(rgb, min(height, width, round(scale * strokes)))
    if isinstance(generator, Painter) and working.shape != rgb.shape:
        cartoon = paint_full_size(rgb, working, generator, device)
    else:
        cartoon = resize(draw(working, generator, device), width, height)
    if np.ptp(rgb, axis=2).max() <= GREY:
        cartoon = cv2.cvtColor(cv2.cvtColor(cartoon, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cartoon


def name_cartoons(places: dict[Path, Path], out: Path) -> dict[Path, Path]:
    """The path of each photo's cartoon in `out`: same subfolder, same name, but never that of a photo or another
    cartoon.

    If a name is taken, a number is added. The names depend on the photos alone, so the next run gives the same ones.
    Photos that keep their names come before those whose format cannot be written, such as a.gif.
    """
    taken = {_name_anywhere(photo) for photo in places}
    names = {}
    for photo in sorted(places, key=lambda photo: (_ending(photo) != photo.suffix, places[photo], real_path(photo))):
        place = out / places[photo]
        target, number = place.with_suffix(_ending(photo)), 1
        while _name_anywhere(target) in taken:
            number += 1
            target = place.with_name(f"{place.stem}-{number}{_ending(photo)}")
        taken.add(_name_anywhere(target))
        names[photo] = target
    return {photo: names[photo] for photo in places}


def make_folder(folder: Path) -> None:
    """Make a folder for cartoons. Raises FileError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {folder} ({error.strerror}); choose another with --out") from error


def _ending(photo: Path) -> str:
    return photo.suffix if photo.suffix.lower() in WRITABLE else ".png"


def _name_anywhere(path: Path) -> str:
    """Equal for paths that some file system takes to be the same: links are followed, case and Unicode form ignored."""
    return normalize("NFC", str(real_path(path)).casefold())
