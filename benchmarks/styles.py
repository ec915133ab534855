"""What the styles of `stylize` look like in figures, and how long they take, compared with cv2.stylization.

    python -m benchmarks.styles [--only TEXT] [--rounds N] [--json FILE]
    python -m benchmarks.styles --sheet docs/styles.jpg

Measures (stylize/quality.py): means over the bundled photos, drawn at their own size. Times: medians, one photo
enlarged or reduced to the size. (cv2.stylization damages pictures of more than some 5.6 megapixels without a
word; at these sizes it does not.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from benchmarks.figures import command_line, keep, markdown, number, parse
from benchmarks.measure import cores
from demos.shared.options import BUNDLED
from demos.shared.program import run_program
from stylize import default_scale, find_images, read_image, stylize, write_image
from stylize._cv2 import cv2
from stylize.console import path_argument
from stylize.files import check_place, check_target
from stylize.formats import WRITABLE
from stylize.quality import measure

PROGRAM = "benchmarks.styles"
ORDER = ["photo", "toon", "anime", "watercolor", "comic", "pencil", "classic", "cv2.stylization"]
SIZES = {"ms at 512x512": (512, 512), "ms at 1080p": (1920, 1080)}
DIGITS = {"specks/MP": 0, "ink %": 1, "crop error": 1}  # of a cell; two for all others
COLUMNS = {
    "style": 15, "total variation": 15, "flat share": 10, "edge recall": 11, "SSIM of L": 9, "ink %": 5,
    "specks/MP": 9, "noise gain": 10, "crop error": 10, **dict.fromkeys(SIZES, 13),
}  # fmt: skip


def main() -> None:
    parser = command_line(PROGRAM, "Measures and times of the styles.", rounds=5)
    parser.add_argument("--only", default="", metavar="TEXT", help="styles with this in their name")
    parser.add_argument(
        "--sheet", type=path_argument, metavar="FILE", help="only draw three photos in all styles, to this file"
    )
    arguments = parse(parser)
    if arguments.sheet:
        check_place(arguments.sheet, WRITABLE)
        check_target(arguments.sheet, PROGRAM, overwrite=arguments.overwrite)
        write_image(arguments.sheet, sheet(), command=PROGRAM)
        return
    machine = f"{date.today()}, {cores()} cores, OpenCV {cv2.__version__}, NumPy {np.__version__}"
    print(machine)
    photos = [read_image(path) for path in find_images([BUNDLED])]
    names = [name for name in ORDER if arguments.only in name]
    rows = keep((figures(name, photos, arguments.rounds) for name in names), arguments, machine)
    for line in markdown(COLUMNS, map(cells, rows)):
        print(line, flush=True)


def sheet() -> np.ndarray:
    """Three photos side by side, and below them each style with its name."""
    photos = [read_image(BUNDLED / name) for name in ("astronaut.jpg", "mountain-meadow.jpg", "coffee.jpg")]
    rows = []
    for name in ORDER[:-1]:
        tiles = [tile(photo, drawer(name, default_scale(photo))(photo)) for photo in photos]
        cv2.rectangle(tiles[0], (0, 0), (8 * len(name) + 12, 20), (255, 255, 255), -1)
        cv2.putText(tiles[0], name, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        rows.append(np.hstack(tiles))
    return np.vstack(rows)


def tile(photo: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The middle of a drawing, upper rather than lower, 4 : 3."""
    height, width = photo.shape[:2]
    w, h = min(width, height * 4 // 3), min(height, width * 3 // 4)
    left, top = (width - w) // 2, (height - h) // 8
    return cv2.resize(drawn[top : top + h, left : left + w], (272, 204), interpolation=cv2.INTER_AREA)


def cells(row: dict[str, Any]) -> list[str]:
    """A row of the table."""
    times = [number(row[size]) for size in SIZES]
    measures = [name for name in COLUMNS if name in row and name not in SIZES and name != "style"]
    return [row["style"], *(f"{row[name]:.{DIGITS.get(name, 2)}f}" for name in measures), *times]


def figures(name: str, photos: list[np.ndarray], rounds: int) -> dict[str, Any]:
    """The measures of a style and its times."""
    measured = [measure(drawer(name, default_scale(photo)), photo) for photo in photos]
    row = {"style": name} | {key: float(np.mean([each[key] for each in measured])) for key in measured[0]}
    for size, (width, height) in SIZES.items():
        photo = cv2.resize(photos[0], (width, height), interpolation=cv2.INTER_CUBIC)
        draw = drawer(name, default_scale(photo))
        row[size] = None if name == "photo" else milliseconds(partial(draw, photo), rounds)
    return row


def drawer(name: str, scale: float) -> Callable[[np.ndarray], np.ndarray]:
    """A style at a fixed stroke scale; "photo" changes nothing."""
    others = {"photo": np.copy, "cv2.stylization": cv2.stylization}
    return others.get(name, lambda image: stylize(image, name, scale))


def milliseconds(work: Callable[[], Any], rounds: int) -> float:
    """The median time of a call, after one that is not counted."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


if __name__ == "__main__":
    run_program("benchmarks.styles", main)
