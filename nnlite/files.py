"""Files that appear under their name only when they are complete.

stylize/files.py has the same few lines, because neither package imports the other. Change both together.
"""

import os
import platform
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

# An unfinished file is named PARTIAL + process id + "-" + its own name. The machine is part of PARTIAL, because
# machines that share a folder cannot see each other's processes.
PARTIAL = f".nnlite-partial-h{zlib.crc32(platform.node().encode()):08x}-"
LONGEST_NAME = 140  # bytes; every file system allows these, most allow 255


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path next to `path`; the file written there is renamed to `path` when the block ends without error.

    Renaming is atomic only within one file system, hence the same folder. Leftovers of killed processes are removed.
    """
    temporary = partial_path(Path(path))
    _tidy(temporary.parent)
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename != os.fspath(temporary):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error  # the name that the caller knows
    finally:
        temporary.unlink(missing_ok=True)


def partial_path(path: Path) -> Path:
    """Where a file is written until it is complete. It keeps its extension, from which writers tell the format."""
    begin, name = f"{PARTIAL}{os.getpid()}-", path.name
    while len(os.fsencode(begin + name)) > LONGEST_NAME:
        name = name[1:]
    return path.with_name(begin + name)


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove unfinished files whose process, on this machine, is gone; nothing else."""
    for path in Path(folder).glob(f"{PARTIAL}*-*"):
        process = path.name.removeprefix(PARTIAL).partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            with suppress(OSError):
                path.unlink()


@lru_cache
def _tidy(folder: Path) -> None:
    """Remove leftovers, but only once per folder: a process may write thousands of files there one by one."""
    remove_leftovers(folder)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # where os.kill(process, 0) would interrupt it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it runs, as another user
        return True
    try:  # a zombie has ended, but its parent never waited for it; that is common in containers
        return not Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2].startswith(b"Z")
    except OSError:  # not Linux
        return True
