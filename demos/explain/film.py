"""Figures as the frames of an animated GIF, which every browser and code host plays."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from nnlite.files import atomic_path

COLOURS = 64  # drawings have few, and the file is a third as large as with 256


def write_film(figures: Iterable[Any], path: Path, seconds: float = 1.0, last: float = 3.0) -> int:
    """Write figures of one size as a GIF that repeats: `seconds` each, `last` for the last. Returns their number."""
    frames = [_picture(figure) for figure in figures]
    with atomic_path(path) as temporary:
        frames[0].save(
            temporary,
            "GIF",
            save_all=True,
            append_images=frames[1:],
            duration=[round(1000 * seconds)] * (len(frames) - 1) + [round(1000 * last)],
            loop=0,
            optimize=True,
        )
    return len(frames)


def _picture(figure: Any) -> Image.Image:
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return Image.open(png).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def numbers(text: str) -> list[list[float]]:
    """The type of an argument that is a table of numbers: "1 2; 3 4" has two rows."""
    rows = [[float(word) for word in row.replace(",", " ").split()] for row in text.split(";")]
    if not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError
    return rows


def spread(frames: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of the frames, evenly spread, the first and the last among them."""
    if len(frames) <= most:
        return list(frames)
    return [frames[round(i * (len(frames) - 1) / (most - 1))] for i in range(most)]
