"""Write frames to a video file, completely or not at all.

OpenCV's writer reports neither a full disk nor a missing codec; it leaves a file that no player opens. So a video is
written under a temporary name, opened again, its frames are counted, and only then it gets its own name.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ._cv2 import cv2
from .files import partial_path, remove_leftovers
from .interrupts import interrupts_ignored
from .marks import write_mark
from .native_stderr import silent_stderr
from .video_files import VideoError, count_frames, plain_name

# What OpenCV's wheel can write and read back in full. H264 is not among them; browsers play .webm.
CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".webm": "VP80", ".mkv": "FFV1"}


class VideoWriter:
    """A context manager that writes frames of one size; the complete file is there when the block has ended.

    fps       frames a second; the attribute is the rate that the file can store (see writable_rate)
    command   what the file is marked with, if anything (see marks.write_mark)

    Codecs need even sides: an odd side is made even by repeating the last row or column. After Ctrl-C the frames so far
    are kept, after any other exception nothing is; without frames there is no file. Raises VideoError: unknown
    extension, folder missing or not writable, frames of several sizes, or a file that cannot be read back (a full
    disk).
    """

    def __init__(self, path: str | Path, fps: float, command: str | None = None) -> None:
        self.path, self.fps, self.frames = Path(path), writable_rate(fps), 0
        suffix = self.path.suffix.lower()
        if suffix not in CODECS:
            raise VideoError(f"{path}: cannot write '{suffix}' videos; use one of {', '.join(CODECS)}")
        if self.path.is_dir():
            raise VideoError(f"{path} is a folder; choose another name")
        if not self.path.parent.is_dir():
            raise VideoError(f"{path}: there is no folder {self.path.parent}; make it first")
        self._codec = cv2.VideoWriter.fourcc(*CODECS[suffix])
        self._command = command
        self.temporary = partial_path(self.path)
        self._writer: cv2.VideoWriter | None = None
        self._shape: tuple[int, ...] = ()

    def write(self, frame: np.ndarray, times: int = 1) -> None:
        """Add a frame, or the same one several times."""
        writer = self._writer or self._open(frame.shape)
        if frame.shape != self._shape:
            raise VideoError(f"{self.path}: frame {self.frames} is {frame.shape}, those before {self._shape}")
        height, width = frame.shape[:2]
        even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        bgr = cv2.cvtColor(even, cv2.COLOR_RGB2BGR)
        for _ in range(times):
            with silent_stderr():
                writer.write(bgr)
            self.frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        with interrupts_ignored():  # a second Ctrl-C would lose what the first one saves
            try:
                if self._writer is not None:
                    with silent_stderr():
                        self._writer.release()
                if self.frames and (kind is None or issubclass(kind, KeyboardInterrupt)):
                    self._keep()
            finally:
                self.temporary.unlink(missing_ok=True)

    def _open(self, shape: tuple[int, ...]) -> cv2.VideoWriter:
        height, width = (side + side % 2 for side in shape[:2])
        try:
            remove_leftovers(self.path.parent)
            self.temporary.touch()
        except OSError as error:
            raise VideoError(
                f"{self.path}: cannot write there ({error.strerror}); choose a folder that is writable and has space"
            ) from error
        with plain_name(self.temporary) as name, silent_stderr():
            self._writer = cv2.VideoWriter(name, self._codec, self.fps, (width, height))
        if not self._writer.isOpened():
            raise VideoError(
                f"{self.path}: {self.path.suffix} cannot hold {width} x {height} pixels at {self.fps:g} frames a "
                f"second; use another of {', '.join(CODECS)}"
            )
        self._shape = shape
        return self._writer

    def _keep(self) -> None:
        there = count_frames(self.temporary)
        if there < self.frames:  # there is one more if Ctrl-C came after a frame was written but before it was counted
            raise VideoError(f"{self.path}: {there} of {self.frames} frames can be read back; is the disk full?")
        try:
            if self._command:
                write_mark(self.temporary, self._command)
            os.replace(self.temporary, self.path)
        except OSError as error:
            raise VideoError(f"{self.path}: cannot write there ({error.strerror}); choose another name") from error


def writable_rate(rate: float) -> float:
    """The rate nearest to `rate` that OpenCV and MPEG-4 can store.

    OpenCV rounds it to as many decimals as bring it within 0.001, and MPEG-4 has 16 bits for the digits: 29.97002997
    becomes 29.970, but 66.666667 must become 66.67.
    """
    for decimals in range(4):
        rounded = round(rate, decimals)
        if abs(rounded - rate) <= 0.001 or rounded * 10 ** (decimals + 1) > 65535:
            return rounded
    return rounded
