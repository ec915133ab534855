"""Damage that decoders do not report because the picture can still be read.

Pillow raises an error when the data end too soon or cannot be decompressed. It says nothing about the rest:

- JPEG: libjpeg guesses what is lost and warns, but Pillow drops the warning. OpenCV prints it to stderr, so OpenCV
  reads the file too, at an eighth of its size. libjpeg does not warn when whole scans are missing, so they are counted
  here: together they must bring all the bits that the header promises.
- PNG: the checksums of the chunks that hold pixels are not compared.
- TIFF: libtiff's warnings, as with JPEG (but OpenCV 4 hides them), and the checksum at the end of a zlib stream.

WebP, AVIF, HEIC, BMP and GIF hold no checksums: a changed byte makes a different picture, and nobody can tell. But a
failing disk or a bad copy loses whole sectors, which show up as runs of zeros in compressed data.
"""

import re
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, TiffImagePlugin

from ._cv2 import cv2
from .native_stderr import silent_stderr

_JPEG, _PNG = HAS_END_MARKER = (b"\xff\xd8", b"\x89PNG")  # how these files begin
# One warning is left out, because good photos of some phones cause it: "Invalid SOS parameters for sequential JPEG".
_WARNING = re.compile(
    r"(Corrupt JPEG data|Premature end of JPEG file|Inconsistent progression|PackBitsDecode: (Discarding|Not enough)).*"
)
_MARKER = re.compile(rb"\xff([\x01\xc0-\xcf\xd8-\xfe])")  # FF 00 is a byte of pixels, FF D0 to D7 a restart among them
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xCA)
_COMPRESSION, _DEFLATE = 259, (8, 32946)  # a tag of TIFF, and its values for zlib streams
_SECTOR, _ZEROS = 512, re.compile(rb"\0+")
_PLACES = ((273, 279), (324, 325))  # tags: where the strips begin and their lengths; the same of tiles


def end_is_missing(data: bytes) -> bool:
    """Whether the end of a JPEG or PNG is missing, even if every pixel is there: the copy stopped early."""
    if data.startswith(_JPEG):
        return data.find(b"\xff\xd9", _pixels_begin(data)) < 0
    if data.startswith(_PNG):
        return b"IEND\xaeB`\x82" not in data  # the last chunk is empty, so its checksum is always this one
    return False


def find_damage(image: Image.Image, data: bytes) -> str | None:
    """What is wrong with a picture that Pillow could decode; None if nothing was found."""
    if image.format in ("JPEG", "MPO"):
        return _decoder_warning(data) or _missing_scans(data) or _zeroed_sectors(data, _pixels_begin(data))
    if image.format == "PNG":
        return _broken_chunk(data)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _decoder_warning(data) or _broken_strip(image, data)
    if image.format in ("WEBP", "AVIF", "HEIF"):
        return _zeroed_sectors(data)
    return None


def _decoder_warning(data: bytes) -> str | None:
    """The first warning that OpenCV's decoder prints."""
    with silent_stderr() as lines:
        try:
            cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
        except cv2.error:  # larger than OpenCV's own limit
            pass
    return next((found[0] for found in map(_WARNING.search, lines) if found), None)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each segment of a JPEG up to the end marker: its marker, place and contents. Pixels are skipped."""
    at = 0
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        length = 0 if marker in (0x01, _START, _END) else int.from_bytes(data[at : at + 2])
        yield marker, at, data[at + 2 : at + length]
        if marker == _END:
            return
        at += length


def _pixels_begin(data: bytes) -> int:
    """Where a JPEG's header ends. (A thumbnail in the header has an end marker of its own.)"""
    return next((at for marker, at, _ in _jpeg_segments(data) if marker == _SCAN), len(data))


def _missing_scans(data: bytes) -> str | None:
    """A JPEG has 64 coefficients for each component: in one scan or, if progressive, in a series of finer scans."""
    lacking: set[tuple[int, int]] = set()  # (component, coefficient) whose last bit has not come yet
    progressive = False
    for marker, _, segment in _jpeg_segments(data):
        if marker in _FRAMES:
            progressive = marker in _PROGRESSIVE
            lacking = {(component, k) for component in segment[6::3] for k in range(64)}
        elif marker == _SCAN:
            count = segment[0]
            components = segment[1 : 1 + 2 * count : 2]
            first, last, bits = segment[1 + 2 * count :][:3] if progressive else (0, 63, 0)
            if bits & 15 == 0:  # how many low bits are left for later scans
                lacking -= {(component, k) for component in components for k in range(first, last + 1)}
    return "scans that hold its detail are missing" if lacking else None


def _broken_chunk(data: bytes) -> str | None:
    """The first chunk of a PNG whose checksum is wrong."""
    at = 8
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return f"wrong checksum of {kind.decode(errors='replace')}"
        if kind == b"IEND":
            return None
        at = end + 4
    return "its end is missing"


def _zeroed_sectors(data: bytes, start: int = 0) -> str | None:
    """Zeros that fill whole sectors. Flat pictures compress to zeros too, but not exactly between sector boundaries."""
    at = data.find(bytes(_SECTOR), start)
    while at >= 0:
        zeros = _ZEROS.match(data, at)
        assert zeros is not None, "a sector of zeros begins here"
        end = zeros.end()
        if at % _SECTOR == end % _SECTOR == 0:
            return f"{end - at} bytes were lost and now hold only zeros"
        at = data.find(bytes(_SECTOR), end)
    return None


def _broken_strip(image: TiffImagePlugin.TiffImageFile, data: bytes) -> str | None:
    """The first strip or tile of a TIFF whose zlib stream does not end as its checksum says."""
    tags = image.tag_v2
    if tags.get(_COMPRESSION) not in _DEFLATE:
        return None
    for starts, lengths in _PLACES:
        places = zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False)
        for number, (start, length) in enumerate(places, 1):
            try:
                zlib.decompress(data[start : start + length])
            except zlib.error:
                return f"strip {number} is broken"
    return None
