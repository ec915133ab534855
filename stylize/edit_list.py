"""Which part of an .mp4 or .mov is shown: a trim keeps whole groups of pictures, and hides those it cut off.

A player needs the key frame before the first picture that is shown, so a trim without encoding, on a phone or with
`ffmpeg -c copy`, leaves it in the file. A list of edits (ISO 14496-12, 8.6.6) says what is to be shown.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def edited_length(path: str | Path) -> float | None:
    """How many seconds of the first video track are shown; None if no list of edits says so."""
    try:
        with open(path, "rb") as file:
            return _edited_length(file)
    except (OSError, struct.error, ZeroDivisionError):  # damaged: FFmpeg is the judge of that
        return None


def _edited_length(file: BinaryIO) -> float | None:
    movie = _find(file, (0, os.fstat(file.fileno()).st_size), b"moov")
    header = movie and _find(file, movie, b"mvhd")
    if not movie or not header:
        return None
    long = _read(file, ">B", header[0])[0] == 1  # the version; times have 64 bits
    (scale,) = _read(file, ">I", header[0] + (20 if long else 12))
    for name, start, end in _boxes(file, *movie):
        track = start, end
        kind = _find(file, track, b"mdia", b"hdlr") if name == b"trak" else None
        if kind and _read(file, "4s", kind[0] + 8) == (b"vide",):
            edits = _find(file, track, b"edts", b"elst")
            length = _length(file, edits[0]) / scale if edits else 0
            return length if length > 0 else None  # 0 means: to the end
    return None


def _length(file: BinaryIO, at: int) -> int:
    """Of all edits together, without the wait before the first picture."""
    version, count = _read(file, ">B3xI", at)
    entry = ">qq4x" if version == 1 else ">Ii4x"
    edits = [_read(file, entry, at + 8 + i * struct.calcsize(entry)) for i in range(min(count, 10_000))]
    shown = [length if start != -1 or i else 0 for i, (length, start) in enumerate(edits)]
    return sum(shown)


def _find(file: BinaryIO, within: tuple[int, int], *names: bytes) -> tuple[int, int] | None:
    """Where the content of the first box of these names begins and ends, one in the other."""
    for wanted in names:
        found = next(((start, end) for name, start, end in _boxes(file, *within) if name == wanted), None)
        if found is None:
            return None
        within = found
    return within


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of the content of each box."""
    while at + 8 <= end:
        size, name = _read(file, ">I4s", at)
        start = at + 8
        if size == 1:
            (size,) = _read(file, ">Q", start)
            start += 8
        stop = end if size == 0 else at + size
        if stop < start:
            return
        yield name, start, min(stop, end)
        at = stop


def _read(file: BinaryIO, layout: str, at: int) -> tuple:
    file.seek(at)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
