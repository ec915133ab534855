"""Writing files so that nothing is lost: whole or not at all, and never over a file that this command did not write.

A cartoon says which command drew it (marks.py). A command replaces what carries its own mark, and needs --overwrite for
anything else.
"""

import argparse
import os
import platform
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from .marks import read_mark, write_mark

# How the name of an unfinished file begins; then the number of its process, then its name. The machine is part of it:
# machines that share a folder know nothing of each other's processes.
PARTIAL = f".nnlite-partial-h{zlib.crc32(platform.node().encode()):08x}-"
LONGEST_NAME = 140  # bytes, which every file system takes; most take 255


class FileError(ValueError):
    """A file that cannot be read or written. The message is one line: which, what is wrong, what to do."""


def real_path(path: str | Path) -> Path:
    """Path.resolve() that does not raise where links go round in circles."""
    return Path(os.path.realpath(path))


def require_regular(path: str | Path, error: type[FileError] = FileError) -> None:
    """Raise `error` for a named pipe, a device or a socket, or a link to one: reading it might never end."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise error(f"{path}: not a regular file but a pipe or a device; name a file")


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
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


def write_atomically(path: str | Path, data: bytes, command: str | None = None) -> None:
    """Write a file so that it is either wholly there under its name or not at all, with the mark of a command if it is
    given. Raises FileError."""
    try:
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
            if command:
                write_mark(temporary, command)
    except OSError as error:
        raise FileError(
            f"{path}: cannot write ({error.strerror}); choose a folder that exists, is writable and has space"
        ) from error


def partial_path(path: Path) -> Path:
    """Where a file is written before it is whole. It keeps its ending, from which encoders tell the format."""
    begin, name = f"{PARTIAL}{os.getpid()}-", path.name
    while len(os.fsencode(begin + name)) > LONGEST_NAME:
        name = name[1:]
    return path.with_name(begin + name)


def remove_leftovers(folder: str | Path) -> None:
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


def check_target(target: str | Path, command: str, inputs: Iterable[str | Path] = (), overwrite: bool = False) -> None:
    """Raise FileError unless `command` may write `target`: to be asked before the work, not after it.

    It may where there is nothing yet, or what it wrote itself, or with `overwrite` any file; but never onto an input,
    whatever name it goes by, nor onto a folder, a pipe or a device.
    """
    target = Path(target)
    if any(_is_same_file(target, path) for path in inputs):
        raise FileError(f"{target} is the input itself; choose another name for the output")
    if os.path.isdir(target):
        raise FileError(f"{target} is a folder; name a file in it")
    require_regular(target)
    if os.path.lexists(target) and not overwrite and (target.is_symlink() or read_mark(target) != command):
        raise FileError(
            f"{target} exists and was not written by python -m {command}; choose another name, or add --overwrite"
        )


def check_place(target: str | Path, endings: Iterable[str] = ()) -> None:
    """Raise FileError where `target` could not be written after the work: its ending, if they are given, is none of
    these, or there is no folder for it."""
    target, endings = Path(target), tuple(endings)
    if endings and target.suffix.lower() not in endings:
        raise FileError(f"{target}: cannot write '{target.suffix}' images; use one of {', '.join(endings)}")
    if not os.path.isdir(target.parent):
        raise FileError(f"{target}: cannot write, as {target.parent} is no folder; make it, or choose another")
    if not os.access(target.parent, os.W_OK):
        raise FileError(f"{target}: cannot write, as {target.parent} is not writable; choose another folder")


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add --overwrite, for check_target."""
    words = "replace a file even if this command did not write it (its own earlier output it replaces anyway)"
    parser.add_argument("--overwrite", action="store_true", help=words)


def _is_same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two names lead to one file, be it by links or by letters in another case."""
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)
