"""A page and a chart of the figures that the other programs left with --json.

    python -m benchmarks.results FILE... [--out DIR] [--overwrite]

RESULTS.md in DIR (benchmarks/ if not given) gets a table for each file, between two marks; text outside them is
kept. results.png shows the ratios of the training steps.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

from benchmarks.figures import markdown, marked
from benchmarks.works import WORKS
from demos.shared.program import UserError, run_program
from nnlite.plot import bars
from stylize.console import Parser, path_argument
from stylize.files import add_overwrite, atomic_path, check_place, check_target

BEGIN, END = "<!-- tables: python -m benchmarks.results -->", "<!-- end -->"
CHARTED = ("benchmarks.train_steps", "benchmarks.gpu")
CHART = "results.png"
PROGRAM = "benchmarks.results"


def main() -> None:
    parser = Parser(prog="python -m benchmarks.results", description="RESULTS.md and its chart.")
    parser.add_argument(
        "files", nargs="+", type=path_argument, metavar="FILE", help="written by another benchmark's --json"
    )
    parser.add_argument(
        "--out", type=path_argument, metavar="DIR", default=Path(__file__).parent, help="default: benchmarks"
    )
    add_overwrite(parser)
    arguments = parser.parse_args()
    page, chart = arguments.out / "RESULTS.md", arguments.out / CHART
    check_place(page)
    check_target(page, PROGRAM, arguments.files, overwrite=True)  # only the text between its marks is replaced
    runs = [read(file) for file in arguments.files]
    ratios = dict(ratio for rows in runs for ratio in charted(rows))
    if ratios:
        check_target(chart, PROGRAM, arguments.files, arguments.overwrite)
    parts = [f"![PyTorch's time / nnlite's]({CHART})"] if ratios else []
    parts += [part for rows in runs for part in section(rows)]
    text = page.read_text() if page.exists() else f"# What was measured\n\n{BEGIN}\n{END}\n"
    replaced, count = re.subn(f"{BEGIN}.*?{END}", lambda _: "\n\n".join([BEGIN, *parts, END]), text, flags=re.DOTALL)
    if count != 1:
        raise UserError(f"{page} must have the marks {BEGIN} and {END} once; the tables go between them")
    with atomic_path(page) as temporary:
        temporary.write_text(replaced)
    if ratios:
        with marked(chart, PROGRAM) as temporary:
            bars(ratios, temporary, "PyTorch's time / nnlite's (longer: nnlite is faster)", mark=1.0)


def read(file: Path) -> list[dict]:
    """The rows of one run. Raises UserError for anything else."""
    try:
        rows = json.loads(file.read_text())
        program(rows).cells(rows[0])
    except (ValueError, LookupError, TypeError, AttributeError, ImportError) as error:
        raise UserError(f"{file} holds no figures of a benchmark ({error}); write it with --json") from error
    return rows


def program(rows: list[dict]):
    """The module that measured these rows and knows how to show them."""
    return importlib.import_module(rows[0]["command"].split()[2])


def section(rows: list[dict]) -> Iterator[str]:
    """A run's heading, where its figures come from, and its table."""
    module = program(rows)
    yield f"## {module.TITLE}"
    yield fill(f"`{rows[0]['command']}`, {rows[0]['machine']}. {module.LEGEND}", 120, break_on_hyphens=False)
    yield "\n".join(markdown(module.COLUMNS, map(module.cells, rows)))


def charted(rows: list[dict]) -> Iterator[tuple[str, float]]:
    """The labels and lengths of a run's bars."""
    if program(rows).__name__ not in CHARTED:
        return
    for row in rows:
        if row["ratio"]:
            place = ", GPU" if row["device"] == "gpu" else ""
            yield f"{WORKS[row['work']].title}, batch {row['batch']}{place}", row["ratio"]


if __name__ == "__main__":
    run_program("results", main)
