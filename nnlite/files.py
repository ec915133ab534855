"""Files that appear under their name only when they are whole.

stylize/files.py has the same few lines: neither package imports the other. A change here belongs there too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

PARTIAL = ".nnlite-partial-"  # how the name of an unfinished file begins; then the number of its process, then its name
LONGEST = 255 - len(PARTIAL) - len("4294967295-")  # bytes that are left for a name: a file system takes 255


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path beside `path`; what was written there takes the final name when the block ends without error.

    Renaming is atomic only within one file system, hence the same folder. What a killed process left of the same file
    is removed.
    """
    path = Path(os.fsdecode(path))
    temporary = partial_path(path)
    _remove_leftovers(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def partial_path(path: Path) -> Path:
    """Where a file is written before it is whole. It keeps its ending, from which writers tell the format."""
    return path.with_name(f"{PARTIAL}{os.getpid()}-{_shortened(path)}")


def _shortened(path: Path) -> str:
    """Its name, or where that would get too long, a number that goes with the name, and the ending."""
    name = os.fsencode(path.name)
    return path.name if len(name) <= LONGEST else hashlib.sha256(name).hexdigest() + path.suffix[-100:]


def _remove_leftovers(path: Path) -> None:
    for leftover in path.parent.glob(f"{PARTIAL}*-{escape(_shortened(path))}"):
        process = leftover.name.removeprefix(PARTIAL).partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            with suppress(OSError):
                leftover.unlink()


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # where os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to somebody else, or never was one
        pass
    return True
