"""Figures, and the command lines that ask for them: rows as JSON, and the same rows as a table in Markdown."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from demos.shared.program import UserError
from stylize.console import Parser, path_argument
from stylize.files import add_overwrite, atomic_path, check_place, check_target
from stylize.marks import write_mark


def command_line(program: str, description: str, rounds: int) -> argparse.ArgumentParser:
    """A parser with what all benchmarks take."""
    parser = Parser(prog=f"python -m {program}", description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"timed turns of each library (default {rounds})")
    parser.add_argument("--json", type=path_argument, metavar="FILE", help="write the figures there too, as they come")
    add_overwrite(parser)
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments, and in `command` what was asked. Raises UserError for what would fail only after minutes."""
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        raise UserError(f"--rounds must be at least 1, got {arguments.rounds}")
    program = parser.prog.removeprefix("python -m ")
    if arguments.json:
        own = arguments.overwrite or wrote_figures(program, arguments.json)
        check_place(arguments.json)
        check_target(arguments.json, program, overwrite=own)
    asked = []
    for name, value in vars(arguments).items():  # where the figures go is nobody else's business
        if value != parser.get_default(name) and not isinstance(value, Path) and name != "overwrite":
            asked += [f"--{name}", *(value if isinstance(value, list) else [str(value)])]
    arguments.command = f"{parser.prog} {shlex.join(asked)}".rstrip()
    return arguments


def wrote_figures(program: str, path: Path) -> bool:
    """Whether this program wrote the figures in a file."""
    try:
        rows = json.loads(path.read_text())
        return all(row["command"].startswith(f"python -m {program}") for row in rows) and len(rows) > 0
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


@contextmanager
def marked(path: Path, program: str) -> Iterator[Path]:
    """A temporary path for a picture; at the end of the block it gets the program's mark and its own name."""
    with atomic_path(path) as temporary:
        yield temporary
        write_mark(temporary, program)


def keep(rows: Iterable[dict[str, Any]], arguments: argparse.Namespace, machine: str) -> Iterator[dict[str, Any]]:
    """Pass the rows on, each with the command and machine it comes from; after each, --json's file holds all so far."""
    kept = []
    for row in rows:
        kept.append({**row, "command": arguments.command, "machine": machine})
        if arguments.json:
            with atomic_path(arguments.json) as temporary:
                temporary.write_text(json.dumps(kept, indent=2) + "\n")
        yield kept[-1]


def markdown(columns: Mapping[str, int], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, line by line, for the terminal and for GitHub. `columns` are the names, and widths for the terminal."""
    widths = list(columns.values())
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    for first, *others in chain((columns, rule), lines):
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield f"| {' | '.join(cells)} |"


def number(value: float | None, digits: int = 0) -> str:
    """The number for a cell, below ten with two figures at least; a dash for one that was not measured."""
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if digits or abs(value) >= 10 else f"{value:.2g}"
