"""What a training run writes to its folder: a checkpoint to resume from, and tables and pictures for people.

The checkpoint is one file and holds everything, including the losses of every step. The files for people are never read
again, so they may be edited or removed.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from nnlite.plot import curves, image_grid

Rows = list[dict[str, float]]  # each has a "step", and the same names as the first

_SAMPLE = re.compile(r"step-(\d+)\.png")


def save_checkpoint(
    path: Path, state: dict[str, Any], progress: dict[str, Any], losses: Rows, validations: Rows
) -> None:
    """Write a checkpoint, with the state of the random numbers. If that raises CheckpointError, the old one is kept."""
    tables = {"losses": _table(losses), "validations": _table(validations)}
    nnlite.save({"model": state, "progress": progress, "rng": nnlite.get_rng_state(), **tables}, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What `save_checkpoint` was given, under the same names, and "rng".

    Raises CheckpointError for a file that is missing, damaged, or not a training checkpoint.
    """
    state = nnlite.load(path, checksum_required=True)
    progress = state.get("progress")
    if not isinstance(progress, dict) or not {"model", "rng", "losses", "validations"} <= state.keys():
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
