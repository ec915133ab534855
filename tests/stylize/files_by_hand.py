"""Files of pictures that Pillow does not write, byte by byte."""

import struct
import zlib

import numpy as np

SHORT, LONG = 3, 4


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, colour, *chunks):
    """A PNG of (H, W) or (H, W, C) uint8 or uint16 samples; colour: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA."""
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8 * samples.itemsize, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes() for row in samples)
    parts = [png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", zlib.compress(rows)), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def empty_png(width, height):
    """A sound PNG of black pixels that is small, however many there are."""
    pack = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def tiff(samples, photometric=1, order="<", bits=None, strips=None, **tags):
    """A TIFF of (H, W) or (H, W, C) samples, or of strips that are packed already; more tags as t338=(2,)."""
    height, width = samples.shape[:2]
    depth = samples.shape[2] if samples.ndim == 3 else 1
    strips = strips or [samples.astype(samples.dtype.newbyteorder(order)).tobytes()]
    entries = {256: (width,), 257: (height,), 258: (bits or 8 * samples.itemsize,) * depth, 259: (1,)}
    entries |= {262: (photometric,), 277: (depth,), 278: (-(-height // len(strips)),), 279: tuple(map(len, strips))}
    entries |= {int(name[1:]): values for name, values in tags.items()} | {273: (0,) * len(strips)}
    start = 8 + 2 + 12 * len(entries) + 4
    for entry in sorted(entries):
        kind = LONG if entry in (273, 279) else SHORT
        if len(entries[entry]) * (4 if kind == LONG else 2) > 4:
            start += len(entries[entry]) * (4 if kind == LONG else 2)
    entries[273] = tuple(start + sum(map(len, strips[:i])) for i in range(len(strips)))
    return directory(entries, order) + b"".join(strips)


def directory(entries, order="<", kinds=None):
    """The header of a TIFF, or a block of EXIF, which is one: tag -> values, SHORT unless `kinds` says otherwise."""
    kinds = {273: LONG, 279: LONG} | (kinds or {})
    table, data, start = b"", b"", 8 + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        kind = kinds.get(tag, SHORT)
        letter = {1: "B", SHORT: "H", LONG: "I", 8: "h", 9: "i"}[kind]
        value = struct.pack(f"{order}{len(entries[tag])}{letter}", *entries[tag])
        if len(value) > 4:
            value, data = struct.pack(f"{order}I", start + len(data)), data + value
        table += struct.pack(f"{order}HHI", tag, kind, len(entries[tag])) + value.ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}IH", 8, len(entries)) + table + bytes(4) + data


def bmp(bgra, header=40, alpha_mask=None):
    """A BMP of 32 bits a pixel: (H, W, 4) as B, G, R and a fourth byte. header: 40, or 108, 124 for versions 4, 5."""
    height, width = bgra.shape[:2]
    compression = 0 if alpha_mask is None else 3
    info = struct.pack("<IiiHHIIiiII", header, width, -height, 1, 32, compression, 4 * width * height, 0, 0, 0, 0)
    masks = b"" if alpha_mask is None else struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, alpha_mask)
    info = (info + masks).ljust(header, b"\0")
    start = 14 + len(info)
    return b"BM" + struct.pack("<IHHI", start + bgra.size, 0, 0, start) + info + np.ascontiguousarray(bgra).tobytes()
