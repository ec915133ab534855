"""The folder that a program writes into: it belongs to one program, and to one run of it at a time."""

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
UNFINISHED = ".nnlite-partial-"  # how the names of files begin that a run was killed while writing
IGNORED = {".DS_Store", "Thumbs.db", "desktop.ini"}  # left by file managers in folders that look empty


@contextmanager
def claim_folder(
    out: Path, program: str, computed: dict[str, Any] | None = None, resume: bool = False
) -> Iterator[None]:
    """Within the block the folder is this run's alone, from before its first file until after its last.

    A folder is taken if it is new, empty, or says in run.json that it belongs to the same program; with `resume`, also
    one without run.json, whose checkpoint has been looked at. It stays the program's when the block ends.

    program    as in run.json, such as "demos.gan"
    computed   options that are noted there, so that a run killed before its first checkpoint can begin again with them

    Raises UserError for a folder with other files in it or a training that is not to go on, FileError if another run
    is in it or it cannot be made.
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
    """What run.json says, "program" and "options"; {} if there is none or it is somebody else's file."""
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
                f"{out} holds files that are no run of {program}, such as {others[0]}; choose another folder with --out"
            )
    elif owner not in (None, program):
        raise UserError(f"{out} holds a run of {owner}; choose another folder with --out")
    if not resume and (out / CHECKPOINT).exists():
        raise UserError(f"{out} holds a training already; add --resume to go on, or choose another --out")
