"""How much a drawn video flickers (stylize/temporal.py), and what steadying it costs.

    python -m benchmarks.flicker VIDEO... [--style NAME]

1 is the flicker of the video itself. Times are medians over the frames; "style alone" is the part of a frame's time
that drawing took. A cut is given as the first frame of the new shot, counted from 0.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import markdown, number
from benchmarks.measure import cores
from demos.shared.program import run_program
from stylize import styles, stylize
from stylize.console import Parser, path_argument
from stylize.temporal import TEMPORAL, Draw, FrameDrawer, flicker
from stylize.video_reader import VideoReader

COLUMNS = {"video": 16, "temporal": 8, "flicker": 7, "ms a frame": 10, "style alone": 11, "cuts": 20}


def main() -> None:
    parser = Parser(prog="python -m benchmarks.flicker", description="Flicker of drawn videos.")
    parser.add_argument("videos", nargs="+", type=path_argument, metavar="VIDEO")
    parser.add_argument("--style", choices=styles(), default="toon", help="default toon")
    arguments = parser.parse_args()
    print(f"{arguments.style}, {cores()} cores")
    for line in markdown(COLUMNS, table(arguments.videos, partial(stylize, style=arguments.style))):
        print(line, flush=True)


def table(videos: Iterable[Path], draw: Draw) -> Iterator[list[str]]:
    """A row for each video and each way to treat its past."""
    for path in videos:
        with VideoReader(path) as video:
            frames = list(video)
        for temporal in TEMPORAL:
            row = figures(frames, draw, temporal)
            times = number(row["ms a frame"]), number(row["style alone"])
            yield [path.name, temporal, f"{row['flicker']:.2f}", *times, " ".join(map(str, row["cuts"])) or "none"]


def figures(frames: list[np.ndarray], draw: Draw, temporal: str) -> dict[str, Any]:
    """A video's flicker once drawn, its cuts, and the milliseconds a frame took, in all and in `draw`."""
    whole: list[float] = []
    inside: list[float] = []
    drawer = FrameDrawer(timed(draw, inside), temporal)
    drawings = [*map(timed(drawer, whole), frames)]
    times = {"ms a frame": 1e3 * float(np.median(whole)), "style alone": 1e3 * float(np.median(inside))}
    return {"flicker": flicker(frames, drawings), "cuts": drawer.cuts, **times}


def timed(draw: Draw, seconds: list[float]) -> Draw:
    """`draw`, which then appends to `seconds` how long it took."""

    def measured(frame: np.ndarray) -> np.ndarray:
        start = time.perf_counter()
        drawing = draw(frame)
        seconds.append(time.perf_counter() - start)
        return drawing

    return measured


if __name__ == "__main__":
    run_program("benchmarks.flicker", main)
