"""Writing files so that nothing is lost: whole or not at all, and never over a file that this command did not write.

A cartoon says which command drew it: a mark, a few bytes in a place that its format sets aside for comments or
padding. A command replaces what carries its own mark, and needs --overwrite for anything else.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

PARTIAL = ".nnlite-partial-"  # how the name of an unfinished file begins; then the number of its process, then its name
_MARK = re.compile(rb"written by python -m ([\w. ]+);")
_MARK_WITHIN = 512  # bytes from the end of a file


class FileError(ValueError):
    """A file that cannot be read or written. The message is one line: which, what is wrong, what to do."""


def real_path(path: str | Path) -> Path:
    """Path.resolve() that does not raise where links go round in circles."""
    return Path(os.path.realpath(path))


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`; what was written there takes the final name when the block ends without error.

    Renaming is atomic only within one file system, hence the same folder. What a killed process left of the same file
    is removed.
    """
    path = Path(path)
    temporary = partial_path(path)
    remove_leftovers(path.parent, path.name)
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
    return path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove unfinished files of processes that are gone: of the file `name`, or all in the folder."""
    for path in folder.glob(f"{PARTIAL}*-{escape(name) or '*'}"):
        process = path.name.removeprefix(PARTIAL).partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to somebody else
        pass
    return True


def check_target(target: str | Path, command: str, inputs: Iterable[str | Path] = (), overwrite: bool = False) -> None:
    """Raise FileError unless `command` may write `target`.

    It may where there is nothing yet, or what it wrote itself, or with `overwrite` any file; but never onto an input,
    whatever name it goes by, nor onto a folder.
    """
    target = Path(target)
    if not os.path.lexists(target):
        return
    for path in map(Path, inputs):
        if path.exists() and target.exists() and target.samefile(path):
            raise FileError(f"{target} is the input itself; choose another name for the output")
    if target.is_dir():
        raise FileError(f"{target} is a folder; name a file")
    if not overwrite and read_mark(target) != command:
        raise FileError(
            f"{target} exists and was not written by python -m {command}; choose another name, or add --overwrite"
        )


def read_mark(path: str | Path) -> str | None:
    """The command that wrote a file, such as "stylize image"; None if it does not say."""
    path = Path(path)
    if not path.is_file():
        return None
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _MARK_WITHIN))
            found = _MARK.findall(file.read())
    except OSError:
        return None
    return found[-1].decode() if found else None


def write_mark(path: str | Path, command: str) -> None:
    """Note in a finished picture or video which command wrote it. The ending of its name tells the format.

    PNG, JPEG and GIF end in an end marker, before which a comment goes; RIFF, MP4 and Matroska know chunks that readers
    skip, which go to the end; readers of BMP and TIFF look no further than the pixels.
    """
    text = f"written by python -m {command};".encode()
    if not _MARK.fullmatch(text):
        raise ValueError(f"{command!r} is no name of a command")
    suffix = Path(path).suffix.lower()
    end, element = _padding(suffix, text)
    with open(path, "r+b") as file:
        file.seek(-end, os.SEEK_END)
        tail = file.read()
        file.seek(-end, os.SEEK_END)
        file.write(element + tail)


def _padding(suffix: str, text: bytes) -> tuple[int, bytes]:
    """The length of the format's end marker, and `text` as an element that goes before it and that readers skip."""
    if suffix == ".png":
        chunk = b"tEXtSoftware\0" + text
        return 12, struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    if suffix in (".jpg", ".jpeg", ".jpe", ".jfif"):
        return 2, b"\xff\xfe" + struct.pack(">H", 2 + len(text)) + text
    if suffix == ".gif":
        return 1, b"\x21\xfe" + bytes([len(text)]) + text + b"\0"
    if suffix in (".webp", ".avi"):
        text += b" " * (len(text) % 2)
        return 0, b"JUNK" + struct.pack("<I", len(text)) + text
    if suffix in (".mp4", ".mov"):
        return 0, struct.pack(">I", 8 + len(text)) + b"free" + text
    if suffix in (".webm", ".mkv"):
        return 0, b"\xec" + bytes([0x80 | len(text)]) + text  # EBML: Void
    return 0, text
