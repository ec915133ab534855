"""Small videos for the tests, some with irregular times."""

import struct

import cv2
import numpy as np

from stylize.video_writer import VideoWriter

from .pictures import blocks

SQUARE = 16  # pixels a side, of the squares of `numbered`


def film(path, frames=6, fps=10, height=64, width=96):
    """A camera that pans over coloured blocks by a pixel a frame."""
    scene = blocks(height=height // 8 * 8 + 8, width=width // 8 * 8 + 8 * (frames // 8 + 2))
    with VideoWriter(path, fps) as writer:
        for left in range(frames):
            writer.write(scene[:height, left : left + width])
    return path


def numbered(path, frames=12, fps=10):
    """Pictures of 8 x 4 squares. Which one is white tells the number of the picture, in any codec."""
    with VideoWriter(path, fps) as writer:
        for i in range(frames):
            squares = np.full((4, 8, 3), 60, np.uint8)
            squares[divmod(i, 8)] = 220
            writer.write(squares.repeat(SQUARE, axis=0).repeat(SQUARE, axis=1))
    return path


def numbers(path):
    """Which picture of `numbered` each frame shows, and the frames a second, read with OpenCV alone."""
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        there, frame = capture.read()
        if not there:
            return found, capture.get(cv2.CAP_PROP_FPS)
        found.append(int(frame.reshape(4, SQUARE, 8, SQUARE, 3).mean(axis=(1, 3, 4)).argmax()))


def retime(path, times, end=None):
    """Give the frames of a .mp4, .mkv or .webm of `film` or `numbered` other times, in seconds.

    end: of the last frame; only in .mp4, which says how long each frame lasts (default: the last step once more).
    """
    data = bytearray(path.read_bytes())
    if path.suffix == ".mp4":
        data = _retimed_mp4(data, [*times, 2 * times[-1] - times[-2] if end is None else end])
    else:
        _retime_blocks(data, times)
    path.write_bytes(data)
    return path


def _retimed_mp4(data, times):
    """Replace the table of durations (ISO 14496-12, 8.6.1.2); the boxes around it grow."""
    data[data.index(b"edts") : data.index(b"edts") + 4] = b"free"  # no list of edits: it has the old length
    media = data.index(b"mdhd")
    scale = struct.unpack_from(">I", data, media + 16)[0]
    ticks = np.diff(np.rint(np.array(times) * scale).astype(int))
    struct.pack_into(">I", data, media + 20, int(ticks.sum()))
    at = data.index(b"stts") - 4
    old = struct.unpack_from(">I", data, at)[0]
    table = b"stts" + struct.pack(">II", 0, len(ticks)) + b"".join(struct.pack(">II", 1, t) for t in ticks)
    table = struct.pack(">I", len(table) + 4) + table
    grown(data, len(table) - old)
    return data[:at] + table + data[at + old :]


def trimmed(path, *edits):
    """Have a .mp4 of `film` or `numbered` show only these parts, each (begin, end) in seconds: its list of edits
    (ISO 14496-12, 8.6.6), as phones trim. Begin None: show nothing for `end` seconds."""
    data = bytearray(path.read_bytes())
    movie, media = (struct.unpack_from(">I", data, data.index(name) + 16)[0] for name in (b"mvhd", b"mdhd"))
    at = data.index(b"elst") - 4
    table = b"elst" + struct.pack(">II", 0, len(edits))
    for begin, end in edits:
        length, start = (end, -1) if begin is None else (end - begin, round(begin * media))
        table += struct.pack(">Iihh", round(length * movie), start, 1, 0)
    table = struct.pack(">I", len(table) + 4) + table
    old = struct.unpack_from(">I", data, at)[0]
    grown(data, len(table) - old, names=(b"moov", b"trak", b"edts"))
    path.write_bytes(data[:at] + table + data[at + old :])
    return path


def grown(data, size, *inner, names=(b"moov", b"trak", b"mdia", b"minf", b"stbl")):
    """Enlarge the sizes of the boxes around the table of samples, or of others."""
    at = 0
    for name in (*names, *inner):
        at = data.index(name, at)
        struct.pack_into(">I", data, at - 4, struct.unpack_from(">I", data, at - 4)[0] + size)


def _retime_blocks(data, times):
    """The times of a Matroska file's blocks are 16 bits: milliseconds after their cluster begins."""
    blocks = list(_blocks(data))
    for (at, cluster), time in zip(blocks, times, strict=True):
        struct.pack_into(">h", data, at, round(1000 * time) - cluster)


def _blocks(data):
    """For each block: where its time is stored, and when its cluster begins."""
    at, cluster = data.index(bytes.fromhex("1f43b675")), 0
    while at < len(data):
        if data[at : at + 4] == bytes.fromhex("1f43b675"):  # the next cluster: go on with what is in it
            _, at = _number(data, at + 4)
            continue
        name, (size, start) = data[at], _number(data, at + 1)
        if name == 0xE7:  # Timestamp
            cluster = int.from_bytes(data[start : start + size], "big")
        elif name == 0xA3:  # SimpleBlock: the number of its track, its time, ...
            yield start + 1, cluster
        elif name == 0xA0:  # BlockGroup, of which the first element is a Block
            yield _number(data, start + 1)[1] + 1, cluster
        elif name == 0x1C:  # Cues, after the last cluster
            return
        at = start + size


def _number(data, at):
    """An EBML number of variable length, and where it ends."""
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1), at + length


def index_first(path):
    """Put the index of a .mp4 of `film` or `numbered` before the pictures, so that a file that breaks off has one."""
    data = path.read_bytes()
    media, index = data.index(b"mdat") - 4, data.index(b"moov") - 4
    moved = bytearray(data[index:])
    at = moved.index(b"stco") + 8
    (chunks,) = struct.unpack_from(">I", moved, at)
    places = np.frombuffer(moved, ">u4", chunks, at + 4) + len(moved)
    moved[at + 4 : at + 4 + 4 * chunks] = places.astype(">u4").tobytes()
    path.write_bytes(data[:media] + moved + data[media:index])
    return path
