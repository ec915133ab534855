"""The mark of a picture or video: which command wrote it, stored where its format allows comments or padding.

The mark also holds the number of bytes before it and their checksum. When somebody edits the file, the checksum no
longer fits and the mark does not count: the file is theirs.
"""

import os
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

_MARK = re.compile(rb"written by python -m ([\w. ]+), after (\d+) bytes of crc32 ([0-9a-f]{8})")
_LONGEST = 120  # bytes of a mark, at most
_AFTER = 20  # bytes of a file after its mark, at most
_BLOCK = 1 << 20  # bytes read at a time


def read_mark(path: str | Path) -> str | None:
    """What wrote a file, such as "stylize image" (see also `mark_for`); None if it has no mark, or was edited since."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - _LONGEST - _AFTER))
            mark = _MARK.search(file.read())
            if not mark or len(mark.string) - mark.end() > _AFTER:
                return None
            file.seek(0)
            return mark[1].decode() if _checksum(file, int(mark[2])) == int(mark[3], 16) else None
    except OSError:
        return None


def mark_for(command: str, source: str | Path) -> str:
    """A mark that also tells which photo or video was drawn, by a checksum of its path: "COMMAND from 1a2b3c4d"."""
    return f"{command} from {zlib.crc32(os.fsencode(os.path.realpath(source))):08x}"


def command_of(mark: str) -> str:
    """The command in a mark, with or without a source."""
    return mark.partition(" from ")[0]


def write_mark(path: str | Path, command: str) -> None:
    """Add to a finished picture or video which command wrote it.

    In PNG, JPEG and GIF the mark is a comment before the end marker. In RIFF (WebP, AVI), MP4 and Matroska it is a
    chunk at the end that readers skip. In BMP and TIFF it is plain text at the end, which readers never reach. Raises
    ValueError for any other format.
    """
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        start = file.read(64)
        before = size - _end_marker(start)
        file.seek(before)
        end = file.read()
        _state_length(file, start, size, size + len(_comment(start, _mark(command, before, 0))))
        file.seek(0)
        comment = _comment(start, _mark(command, before, _checksum(file, before)))
        file.seek(before)
        file.write(comment + end)


def _mark(command: str, before: int, checksum: int) -> bytes:
    text = f"written by python -m {command}, after {before} bytes of crc32 {checksum:08x}".encode()
    if not _MARK.fullmatch(text) or len(text) > _LONGEST:
        raise ValueError(f"{command!r} is not the name of a command")
    return text


def _checksum(file: BinaryIO, length: int) -> int:
    """crc32 of the next `length` bytes."""
    crc = 0
    while length > 0 and (block := file.read(min(length, _BLOCK))):
        crc = zlib.crc32(block, crc)
        length -= len(block)
    return crc


def _end_marker(start: bytes) -> int:
    """The length of the end marker of a file that begins with `start`."""
    lengths = {b"\x89PNG": 12, b"\xff\xd8": 2, b"GIF8": 1}
    return next((length for magic, length in lengths.items() if start.startswith(magic)), 0)


def _comment(start: bytes, text: bytes) -> bytes:
    """`text` as a comment or padding, in the format of a file that begins with `start`."""
    if start.startswith(b"\x89PNG"):
        chunk = b"tEXtSoftware\0" + text
        return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    if start.startswith(b"\xff\xd8"):  # JPEG
        return b"\xff\xfe" + struct.pack(">H", 2 + len(text)) + text
    if start.startswith(b"GIF8"):
        return b"\x21\xfe" + bytes([len(text)]) + text + b"\0"
    if start.startswith(b"RIFF"):
        text += b" " * (len(text) % 2)
        return b"JUNK" + struct.pack("<I", len(text)) + text
    if start[4:8] == b"ftyp":  # MP4, MOV, AVIF
        return struct.pack(">I", 8 + len(text)) + b"free" + text
    if start.startswith(b"\x1aE\xdf\xa3"):  # Matroska, WebM: an element of the kind Void
        return b"\xec" + bytes([0x80 | len(text)]) + text
    if start.startswith((b"BM", b"II", b"MM")):  # BMP, TIFF
        return text
    raise ValueError("a mark is for pictures and videos")


def _state_length(file: BinaryIO, start: bytes, old: int, new: int) -> None:
    """Update the length of the file that some formats store near the beginning.

    (An AVI of gigabytes consists of several RIFF lists, and a live Matroska stream has no length: these are left
    alone.)
    """
    at, form, rest = 0, "", 0  # where the length is, in which form, and how many bytes it does not count
    # the id of the segment, which is a Matroska file without its head; 01: a length of 7 bytes follows
    segment = start.find(b"\x18\x53\x80\x67\x01", 0, 52)
    if start.startswith(b"BM"):
        at, form = 2, "<I"
    elif start.startswith(b"RIFF"):
        at, form, rest = 4, "<I", 8
    elif start.startswith(b"\x1aE\xdf\xa3") and segment > 0:
        at, form, rest = segment + 4, ">Q", segment + 12
    marker = 1 << 56 if form == ">Q" else 0
    if form and struct.unpack_from(form, start, at)[0] == old - rest | marker:
        file.seek(at)
        file.write(struct.pack(form, new - rest | marker))
