"""How a Pix2Pix step grows with batch, image size and width, here and in PyTorch.

    python -m benchmarks.growth [--device gpu] [--rounds N] [--json FILE] [--out DIR]

Each sweep changes one of the three and keeps the others small. k is the growth since the line above: the figure went
with x^k, so a doubling multiplied it by 2^k; the last line of a sweep tells how it ends. Memory is what a step needs on
top of the started library. DIR (benchmarks/ if not given) gets growth.png, in which k is the slope.
"""

from __future__ import annotations

import os

os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")  # before PyTorch's first import

from collections.abc import Iterator
from math import log
from pathlib import Path

from benchmarks.figures import command_line, keep, markdown, marked, number, parse
from benchmarks.gpu import Failures, measure, require_gpu
from benchmarks.measure import LIBRARIES, alternate, describe_machine, library, peak_memory, summary
from benchmarks.works import pix2pix
from demos.shared.program import run_program
from nnlite.plot import lines
from stylize.console import path_argument
from stylize.files import check_place, check_target

PROGRAM = "benchmarks.growth"
TITLE = "Growth of a Pix2Pix step"
LEGEND = (
    "nnlite / PyTorch; medians, and the memory that a step needs on top of the started library. "
    "k is the growth since the line above: the figure went with x^k."
)
COLUMNS = {"sweep": 6, "batch": 5, "size": 5, "width": 5, "ms": 15, "k of ms": 13, "MB": 13, "k of MB": 13}
BASE = {"batch": 4, "size": 64, "width": 32}
SWEEPS = {"batch": (1, 2, 4, 8, 16, 32, 64), "size": (64, 128, 256, 512), "width": (8, 16, 32, 64)}


def main() -> int:
    parser = command_line(PROGRAM, "How the time and memory of a Pix2Pix step grow.", rounds=5)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument(
        "--out", type=path_argument, metavar="DIR", default=Path(__file__).parent, help="default: benchmarks"
    )
    arguments = parse(parser)
    picture = arguments.out / "growth.png"
    check_place(picture)
    check_target(picture, PROGRAM, overwrite=arguments.overwrite)
    if arguments.device == "gpu":
        require_gpu()
    machine, failures, rows = describe_machine(), Failures(), []
    print(machine)

    def table() -> Iterator[list[str]]:
        for row in keep(points(arguments.device, arguments.rounds, failures), arguments, machine):
            rows.append(row)
            yield cells(row)

    for line in markdown(COLUMNS, table()):
        print(line, flush=True)
    with marked(picture, PROGRAM) as path:
        draw(rows, path)
    return 1 if failures.count else 0


def points(device: str, rounds: int, failures: Failures) -> Iterator[dict]:
    """A row for each point of each sweep."""
    for sweep, values in SWEEPS.items():
        before = None
        for value in values:
            sizes = BASE | {sweep: value}
            row = on_cpu(sizes, rounds) if device == "cpu" else on_gpu(sizes, rounds, failures)
            for figure in ("ms", "step_mb"):
                for lib in LIBRARIES:
                    row[f"{lib}_{figure}_k"] = exponent(before, row, sweep, f"{lib}_{figure}")
            yield {"sweep": sweep, **row}
            before = row


def on_cpu(sizes: dict[str, int], rounds: int) -> dict:
    """The figures of one point."""
    times = alternate({lib: pix2pix(library(lib), **sizes)[1] for lib in LIBRARIES}, rounds)
    row = {"work": "pix2pix", "device": "cpu", **sizes, **summary(times)}
    for lib in LIBRARIES:
        peak, start = peak_memory(lib, "pix2pix", **sizes)
        row |= {f"{lib}_peak_mb": peak, f"{lib}_step_mb": peak - start}
    return row


def on_gpu(sizes: dict[str, int], rounds: int, failures: Failures) -> dict:
    """The figures of one point; nnlite's step is captured, PyTorch's eager."""
    row = measure("pix2pix", sizes, rounds, "cuda", failures, LIBRARIES)
    return row | {f"{lib}_step_mb": row[f"{lib}_peak_mb"] for lib in LIBRARIES}


def exponent(before: dict | None, row: dict, x: str, y: str) -> float | None:
    """k where y went with x^k between two rows; None where one of them was not measured."""
    if before is None or not before[y] or not row[y]:
        return None
    return log(row[y] / before[y]) / log(row[x] / before[x])


def cells(row: dict) -> list[str]:
    """A row of the table."""
    pairs = [
        " / ".join(number(row[f"{lib}_{figure}"], digits) for lib in LIBRARIES)
        for figure, digits in (("ms", 0), ("ms_k", 2), ("step_mb", 0), ("step_mb_k", 2))
    ]
    return [row["sweep"], *(str(row[name]) for name in BASE), *pairs]


def draw(rows: list[dict], path: Path) -> None:
    """Time above memory, a column for each sweep."""

    def panel(sweep, figure):
        curves = {}
        for lib, label in zip(LIBRARIES, ("nnlite", "PyTorch"), strict=True):
            measured = [row for row in rows if row["sweep"] == sweep and row[f"{lib}_{figure}"]]
            curves[label] = [row[sweep] for row in measured], [row[f"{lib}_{figure}"] for row in measured]
        return curves

    panels = [[panel(sweep, figure) for sweep in SWEEPS] for figure in ("ms", "step_mb")]
    lines(panels, path, list(SWEEPS), ("ms a step", "MB a step"))


if __name__ == "__main__":
    run_program("growth", main)
