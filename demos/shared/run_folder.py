"""The folder that a program writes into: whose it is, and what a training run keeps there.

It belongs to one program, and to one run at a time. The checkpoint is one file and holds everything, including the
losses of every step. Tables and pictures are for people and never read again, so they may be edited or removed.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.shared.program import UserError
from nnlite.plot import curves, image_grid

CHECKPOINT = "checkpoint.safetensors"
CLAIM = "run.json"  # which program the folder belongs to, and what it computes
UNFINISHED = ".nnlite-partial-"  # first part of the names of files that a killed run left unfinished
IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini"}  # left by file managers in folders that look empty

FORMAT = 2  # of a checkpoint; the first did not hold the learning rates that schedules begin with
Rows = list[dict[str, float]]  # each has a "step", and the same names as the first

_SAMPLE = re.compile(r"step-(\d+)\.png")


@contextmanager
def claim_folder(
    out: Path, program: str, computed: dict[str, Any] | None = None, resume: bool = False
) -> Iterator[None]:
    """Within the block the folder belongs to this run alone.

    A folder is accepted if it is new, empty, or its run.json names the same program; with `resume`, also if it has no
    run.json, as the caller has checked its checkpoint. It still belongs to the program when the block ends.

    program    as in run.json, such as "demos.gan"
    computed   options to note there, so that a run killed before its first checkpoint can begin again with them

    Raises UserError if the folder cannot be made, holds other files, or holds a training run and `resume` is not set;
    FileError if another run is using it.
    """
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from stylize.files import remove_leftovers, write_atomically
    from stylize.folder_lock import locked

    claim = {"program": program, "options": computed or {}}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {out} ({error.strerror}); choose another folder with --out") from error
    with locked(out):
        _refuse(out, program, resume)
        write_atomically(out / CLAIM, f"{json.dumps(claim, indent=2)}\n".encode())
        for folder in (out, out / "samples"):
            remove_leftovers(folder)
        yield


def read_claim(out: Path) -> dict[str, Any]:
    """The contents of run.json, "program" and "options"; {} if there is none, or it is not ours."""
    if not (out / CLAIM).is_file():
        return {}
    try:
        claim = json.loads((out / CLAIM).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    ours = isinstance(claim, dict) and isinstance(claim.get("program"), str) and isinstance(claim.get("options"), dict)
    return claim if ours else {}


def _refuse(out: Path, program: str, resume: bool) -> None:
    owner = read_claim(out).get("program")
    if owner is None and os.path.lexists(out / CLAIM):
        raise UserError(
            f"{out / CLAIM} was not written by {program}, or is damaged; move it away, or choose another --out"
        )
    if owner is None and not resume:
        others = sorted(p.name for p in out.iterdir() if p.name not in IGNORED and not p.name.startswith(UNFINISHED))
        if others:
            raise UserError(
                f"{out} holds files that {program} did not write, such as {others[0]}; choose another folder with --out"
            )
    elif owner not in (None, program):
        raise UserError(f"{out} holds a run of {owner}; choose another folder with --out")
    if not resume and (out / CHECKPOINT).exists():
        raise UserError(f"{out} already holds a training run; add --resume to go on, or choose another --out")


def save_checkpoint(
    path: Path, state: dict[str, Any], progress: dict[str, Any], losses: Rows, validations: Rows
) -> None:
    """Write a checkpoint, with the state of the random numbers. If that raises CheckpointError, the old one is kept."""
    tables = {"losses": _table(losses), "validations": _table(validations)}
    nnlite.save({"format": FORMAT, "model": state, "progress": progress, "rng": nnlite.get_rng_state(), **tables}, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What `save_checkpoint` was given, under the same names, and "rng".

    Raises CheckpointError for a file that is missing, damaged, or not a training checkpoint.
    """
    state = nnlite.load(path, checksum_required=True)
    progress = state.get("progress")
    whole = {"model", "rng", "losses", "validations"} <= state.keys()
    if not isinstance(progress, dict) or not whole or state.get("format") != FORMAT:
        raise nnlite.CheckpointError(f"{path} is not a training checkpoint, or is too old; start a new run")
    step, seconds = progress.get("step"), progress.get("seconds")
    try:
        sound = type(step) is int and step >= 0 and math.isfinite(seconds)
        for table in ("losses", "validations"):
            state[table] = [row for row in _rows(state[table]) if row["step"] <= step]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        sound = False
    if not sound or not isinstance(progress.get("computed"), dict):
        raise nnlite.CheckpointError(f"{path} is damaged: its record of the run makes no sense; start a new run")
    return state


def write_rows(path: Path, rows: Rows) -> None:
    """Write the rows as CSV, if there are any. Raises FileError."""
    from stylize.files import write_atomically

    if rows:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(path, text.getvalue().encode())


def write_figures(figures: dict[str, Any], out: Path) -> None:
    """Write metrics.json. Raises FileError."""
    from stylize.files import write_atomically

    write_atomically(out / "metrics.json", f"{json.dumps(figures, indent=2)}\n".encode())


def draw_record(losses: Rows, out: Path) -> None:
    """Draw losses.png, and progress.png: the samples in a row. Other files among the samples are skipped."""
    from stylize import read_image

    if losses:
        series = {name: [row[name] for row in losses] for name in losses[0] if name != "step"}
        curves(series, out / "losses.png", x=[row["step"] for row in losses])
    samples = {int(name[1]): path for path in (out / "samples").glob("*") if (name := _SAMPLE.fullmatch(path.name))}
    if samples:
        titles = [f"step {step}" for step in sorted(samples)]
        pictures = [read_image(samples[step]) for step in sorted(samples)]
        image_grid([pictures], out / "progress.png", titles=titles, scale=1)


def _table(rows: Rows) -> dict[str, Any]:
    """The names of the columns, and the values as one float64 array (rows, columns), which loses no digits."""
    if not rows:
        return {}
    return {"columns": list(rows[0]), "values": np.array([list(row.values()) for row in rows], np.float64)}


def _rows(table: dict[str, Any]) -> Rows:
    if not table:
        return []
    values = table["values"].numpy().tolist()
    return [dict(zip(table["columns"], row, strict=True)) | {"step": int(row[0])} for row in values]
