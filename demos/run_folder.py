"""The folder that a program writes into. It belongs to one program, and to one run at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demos.common import UserError

CHECKPOINT = "checkpoint.safetensors"
CLAIM = "run.json"  # which program the folder belongs to, and what it computes
UNFINISHED = ".nnlite-partial-"  # first part of the names of files that a killed run left unfinished
IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini"}  # left by file managers in folders that look empty


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
    # Imported here so that a missing system library of OpenCV is reported in one line, by run().
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
