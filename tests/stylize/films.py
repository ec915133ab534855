"""Small videos for the tests, some of them with times of their own."""

import struct

import cv2
import numpy as np

from stylize.video_writer import VideoWriter

from .pictures import blocks

STEP = 8  # levels of grey from one picture of `numbered` to the next


def film(path, frames=6, fps=10, height=64, width=96):
    """A camera that moves over coloured blocks, a pixel a frame."""
    scene = blocks(height=height // 8 * 8 + 8, width=width // 8 * 8 + 8 * (frames // 8 + 2))
    with VideoWriter(path, fps) as writer:
        for left in range(frames):
            writer.write(scene[:height, left : left + width])
    return path


def numbered(path, frames=12, fps=10):
    """Grey pictures, each of which tells by its level which one it is; at most 31."""
    with VideoWriter(path, fps) as writer:
        for i in range(frames):
            writer.write(np.full((32, 48, 3), STEP * i, np.uint8))
    return path


def numbers(path):
    """Which picture of `numbered` each frame shows, and the frames a second, read with OpenCV alone."""
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        there, frame = capture.read()
        if not there:
            return found, capture.get(cv2.CAP_PROP_FPS)
        found.append(round(float(frame.mean()) / STEP))


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
    """A new table of durations (ISO 14496-12, 8.6.1.2) for the boxes around it to grow by."""
    data[data.index(b"edts") : data.index(b"edts") + 4] = b"free"  # no list of edits, which knows the old length
    media = data.index(b"mdhd")
    scale = struct.unpack_from(">I", data, media + 16)[0]
    ticks = np.diff(np.rint(np.array(times) * scale).astype(int))
    struct.pack_into(">I", data, media + 20, int(ticks.sum()))
    at = data.index(b"stts") - 4
    old = struct.unpack_from(">I", data, at)[0]
    table = b"stts" + struct.pack(">II", 0, len(ticks)) + b"".join(struct.pack(">II", 1, t) for t in ticks)
    table = struct.pack(">I", len(table) + 4) + table
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        box = data.index(name) - 4
        struct.pack_into(">I", data, box, struct.unpack_from(">I", data, box)[0] + len(table) - old)
    return data[:at] + table + data[at + old :]


def _retime_blocks(data, times):
    """The times of a Matroska file's blocks, in milliseconds from the start of their cluster."""
    blocks = _blocks(data)
    assert len(blocks) == len(times)
    for at, time in zip(blocks, times, strict=True):
        struct.pack_into(">h", data, at, round(1000 * time))


def _blocks(data):
    """Where the times of the blocks are, in a file that has one cluster, which begins at 0."""
    at, found = data.index(bytes.fromhex("1f43b675")) + 4, []
    _, at = _number(data, at)
    while at < len(data) and data[at] in (0xE7, 0xA3, 0xA0):  # Timestamp, SimpleBlock, BlockGroup
        name, (size, start) = data[at], _number(data, at + 1)
        if name == 0xA0:  # its first element is a Block
            _, block = _number(data, start + 1)
            found.append(block + 1)
        elif name == 0xA3:
            found.append(start + 1)  # after the number of the track
        at = start + size
    return found


def _number(data, at):
    """An EBML number of variable length, and where it ends."""
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1), at + length
