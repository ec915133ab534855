"""Files that appear under their name only when they are whole.

stylize/files.py has the same few lines, as neither package imports the other. A change here belongs there too.
"""

from __future__ import annotations

import os
import platform
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

# How the name of an unfinished file begins; then the number of its process, then its name. The machine is part of it:
# machines that share a folder know nothing of each other's processes.
PARTIAL = f".nnlite-partial-h{zlib.crc32(platform.node().encode()):08x}-"
LONGEST_NAME = 140  # bytes, which every file system takes; most take 255


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path next to `path`; what was written there takes the final name when the block ends without error.

    Renaming is atomic only within one file system, hence the same folder. What killed processes left there is removed.
    """
    temporary = partial_path(Path(path))
    _tidy(temporary.parent)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def partial_path(path: Path) -> Path:
    """Where a file is written before it is whole. It keeps its ending, from which writers tell the format."""
    begin, name = f"{PARTIAL}{os.getpid()}-", path.name
    while len(os.fsencode(begin + name)) > LONGEST_NAME:
        name = name[1:]
    return path.with_name(begin + name)


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove the unfinished files of processes of this machine that are gone, and nothing else."""
    for path in Path(folder).glob(f"{PARTIAL}*-*"):
        process = path.name.removeprefix(PARTIAL).partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            with suppress(OSError):
                path.unlink()


@lru_cache
def _tidy(folder: Path) -> None:
    """Remove leftovers, once a process for each folder: it may hold thousands of files, each written by itself."""
    remove_leftovers(folder)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # where this question would interrupt it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it belongs to somebody else
        return True
    try:  # it may have ended, and its parent never asked; in containers that is common
        return not Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2].startswith(b"Z")
    except OSError:  # no Linux
        return True
