"""What a longer training leads to: photos drawn with the project's weights, before a short training begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos.cartoonize.apply import load_drawing
from demos.cartoonize.crops import centre
from demos.cartoonize.recipe import shipped_styles
from nnlite.plot import image_grid
from stylize import ImageError, find_images, read_image, resize_short_side, write_image

MOST = 18  # photos
LARGEST = 512  # short side of a cartoon, pixels; larger ones would keep the user waiting
CELL = 384  # side of the squares in the picture, pixels
PAIRS = 3  # in a row of it


def draw_preview(style: str, sources: list[Path], out: Path, device: str) -> Path | None:
    """Write shipped.jpg, photos next to their cartoons, and the cartoons into shipped/. Returns the picture's path.

    None if there are no weights for the style, or no photo can be read: making the pairs will say why.
    """
    if style not in shipped_styles():
        return None
    draw_one = load_drawing(shipped_styles()[style], 1.0, device)
    cells = []
    for number, file in enumerate(find_images(sources)[:MOST], start=1):
        try:
            photo = read_image(file)
        except ImageError:
            continue
        photo = resize_short_side(photo, min(LARGEST, *photo.shape[:2]))
        cartoon = draw_one(photo)
        (out / "shipped").mkdir(exist_ok=True)
        write_image(out / "shipped" / f"{number:02}-{file.stem}.jpg", cartoon)
        cells += [centre(resize_short_side(image, CELL), CELL) for image in (photo, cartoon)]
    if not cells:
        return None
    columns = min(2 * PAIRS, len(cells))
    blank = [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [(cells + blank)[i : i + columns] for i in range(0, len(cells), columns)]
    image_grid(rows, out / "shipped.jpg", titles=("photo", "cartoon") * (columns // 2), scale=1)
    return out / "shipped.jpg"
