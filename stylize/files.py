"""Writing files so that nothing is lost: complete or not at all, and never over a file that this command did not write.

A cartoon carries the mark of the command that drew it (marks.py). A command may replace files with its own mark; for
any other it needs --overwrite.
"""

import argparse
import os
import platform
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from .marks import command_of, read_mark, write_mark

# An unfinished file is named PARTIAL + process id + "-" + its own name. The machine is part of PARTIAL, because
# machines that share a folder cannot see each other's processes.
PARTIAL = f".nnlite-partial-h{zlib.crc32(platform.node().encode()):08x}-"
LONGEST_NAME = 140  # bytes; every file system allows these, most allow 255


class FileError(ValueError):
    """A file that cannot be read or written. The message is one line: which file, what is wrong, what to do."""


def real_path(path: str | Path) -> Path:
    """Path.resolve() that does not raise an error when links form a loop."""
    return Path(os.path.realpath(path))


def require_regular(path: str | Path, error: type[FileError] = FileError) -> None:
    """Raise `error` for a named pipe, a device or a socket, or a link to one: reading it might never end."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise error(f"{path}: not a regular file but a pipe or a device; name a file")


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path next to `path`; the file written there is renamed to `path` when the block ends without error.

    Renaming is atomic only within one file system, hence the same folder. Leftovers of killed processes are removed.
    """
    temporary = partial_path(Path(path))
    _tidy(temporary.parent)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: str | Path, data: bytes, command: str | None = None) -> None:
    """Write a file completely or not at all, with the mark of a command if one is given. Raises FileError."""
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
    """Where a file is written until it is complete. It keeps its extension, from which encoders tell the format."""
    begin, name = f"{PARTIAL}{os.getpid()}-", path.name
    while len(os.fsencode(begin + name)) > LONGEST_NAME:
        name = name[1:]
    return path.with_name(begin + name)


def remove_leftovers(folder: str | Path) -> None:
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


def check_target(target: str | Path, command: str, inputs: Iterable[str | Path] = (), overwrite: bool = False) -> None:
    """Raise FileError unless `command` may write `target`. Call it before the work, not after it.

    It may create a file or replace its own; with `overwrite` it may replace any file. It may never replace an input,
    even under another name, nor a folder, a pipe or a device.
    """
    target = Path(target)
    if any(_is_same_file(target, path) for path in inputs):
        raise FileError(f"{target} is the input itself; choose another name for the output")
    if os.path.isdir(target):
        raise FileError(f"{target} is a folder; name a file in it")
    require_regular(target)
    if os.path.lexists(target) and not overwrite and (target.is_symlink() or read_mark(target) != command):
        raise FileError(
            f"{target} exists and was not written by python -m {command_of(command)}; choose another name, or add "
            "--overwrite"
        )


def own_name(target: Path, command: str, mark: str, avoid: Collection[Path] = ()) -> Path:
    """`target`, or the same with the first number under which no other cartoon of `command` is lost.

    A name may be used if there is no file, or one that carries exactly `mark`: an earlier cartoon of the same input. It
    is not used if its real path is among those to `avoid`. Files of others are for `check_target`.
    """
    name, number = target, 1
    while real_path(name) in avoid or _is_another(read_mark(name), command, mark):
        number += 1
        name = target.with_name(f"{target.stem}-{number}{target.suffix}")
    return name


def _is_another(found: str | None, command: str, mark: str) -> bool:
    return found is not None and found != mark and command_of(found) == command


def check_place(target: str | Path, endings: Iterable[str] = ()) -> None:
    """Raise FileError if `target` could not be written when the work is done: its extension is not among `endings`, if
    these are given, or its folder is missing or not writable."""
    target, endings = Path(target), tuple(endings)
    if endings and target.suffix.lower() not in endings:
        raise FileError(f"{target}: cannot write '{target.suffix}' images; use one of {', '.join(endings)}")
    if not os.path.isdir(target.parent):
        raise FileError(f"{target}: cannot write, as {target.parent} is not a folder; make it, or choose another")
    if not os.access(target.parent, os.W_OK):
        raise FileError(f"{target}: cannot write, as {target.parent} is not writable; choose another folder")


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add the option --overwrite, for check_target."""
    words = "replace any file (without it, a command replaces only its own earlier output)"
    parser.add_argument("--overwrite", action="store_true", help=words)


def _is_same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two names lead to one file, through links or a file system that ignores case."""
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)
