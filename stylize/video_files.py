"""Open video files of any name with OpenCV, and count their frames without decoding them."""

import os
import shutil
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ._cv2 import cv2
from .files import FileError
from .native_stderr import silent_stderr

# FFmpeg's threads report damaged frames whenever they like, so hiding stderr during a call is not enough.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
# By default OpenCV takes 4096 packets of sound without a picture (a minute and a half), or 64 damaged packets, for the
# end of the video.
os.environ.setdefault("OPENCV_FFMPEG_READ_ATTEMPTS", "1000000000")
os.environ.setdefault("OPENCV_FFMPEG_DECODE_ATTEMPTS", "1000000000")


class VideoError(FileError):
    """A video that cannot be read or written. The message is one line: which file, what is wrong, what to do."""


@contextmanager
def plain_name(path: str | Path) -> Iterator[str]:
    """A temporary name for `path` that OpenCV and FFmpeg read as a file name and nothing else.

    They read "12:30.mp4" as the address 30.mp4 in the protocol 12 and "%03d.png" as a series of pictures, and crash on
    bytes that are not UTF-8. So every file is opened through a link with a plain name, in its own temporary folder. The
    link is removed after the block; a file that is open by then no longer needs it.
    """
    suffix = Path(path).suffix
    plain = f"video{suffix}" if suffix.isascii() and suffix[1:].isalnum() else "video"
    absolute = os.path.abspath(path)
    folder = None
    try:
        try:
            folder = tempfile.mkdtemp(prefix="nnlite-video-")
            name = os.path.join(folder, plain)
            os.symlink(absolute, name)
        except OSError:  # Windows may forbid links, and a full disk new folders
            name = absolute
        if not _is_unicode(name):
            raise VideoError(f"{path}: its name is not UTF-8; rename it")
        yield name
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def open_video(source: str | Path | int) -> cv2.VideoCapture:
    """OpenCV's reader for a video file, or for a camera by its number. If it cannot read, its read() says so."""
    if isinstance(source, int):
        with silent_stderr():
            return cv2.VideoCapture(source)
    with plain_name(source) as name, silent_stderr():
        return cv2.VideoCapture(name)


def packet_times(path: str | Path, limit: int | None = None) -> array:
    """When the first `limit` frames of a video are shown, in seconds and in the order of the file.

    Nothing is decoded, so this takes microseconds a frame. A file without times gives zeros; a file
    that OpenCV cannot open gives an empty array.
    """
    capture, times = open_video(path), array("d")
    with silent_stderr():
        capture.set(cv2.CAP_PROP_FORMAT, -1)  # packets; readers other than FFmpeg still decode, only slower
        while len(times) != limit and capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        capture.release()
    return times


def first_picture(path: str | Path) -> float:
    """When the first picture is shown, by the clock of `packet_times`: what comes before it is only there for decoding.

    OpenCV counts from the first packet, or from the first picture if one was decoded. So: decode one, and go back.
    """
    (first,) = packet_times(path, 1) or (0.0,)
    capture = open_video(path)
    with silent_stderr():
        capture.grab()
        capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        capture.set(cv2.CAP_PROP_FORMAT, -1)
        there, seconds = capture.grab(), capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        capture.release()
    return max(0.0, first - seconds) if there else 0.0


def count_frames(path: str | Path) -> int:
    """How many frames a file holds; 0 if the first cannot be read. (The number in its header may be far off.)"""
    capture = open_video(path)
    with silent_stderr():
        there, _ = capture.read()
        capture.release()
    return len(packet_times(path)) if there else 0
