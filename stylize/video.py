"""Video files in, frames out, and back: the only module that knows how OpenCV keeps moving pictures.

A frame is an array (H, W, 3), uint8, RGB. OpenCV's writer is not to be trusted: a wrong size, a full disk or a codec
it lacks leave a file that no player opens, without a word. So a video is written under a temporary name, opened again
and counted, and only then gets its own.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from tqdm import tqdm

from ._cv2 import cv2
from .images import MINIMUM_SIDE, silent_stderr
from .temporal import Draw, FrameDrawer
from .workers import interrupts_ignored

# What OpenCV's wheel can write and read back in full. H264 is not among it; browsers play .webm.
CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".webm": "VP80", ".mkv": "FFV1"}
USUAL_RATE = 25.0  # frames a second, where a file does not say
# FFmpeg's threads report damaged frames whenever they like, so hiding stderr during a call is not enough.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class VideoError(ValueError):
    """A video that cannot be read or written. The message is one line: which, what is wrong, what to do."""


class VideoReader:
    """The frames of a video file, or of a camera by its number; a context manager and an iterator.

    fps: frames a second. size: (height, width), upright. Raises VideoError: missing, no video, a codec that OpenCV
    lacks, no frames, frames with a side below 16 pixels, no such camera.
    """

    def __init__(self, source: str | Path | int) -> None:
        if not isinstance(source, int) and not Path(source).is_file():
            what = "is a folder; name a file in it" if Path(source).is_dir() else "no such file; check the spelling"
            raise VideoError(f"{source}: {what}")
        self.name = f"camera {source}" if isinstance(source, int) else str(source)
        with silent_stderr():
            self._capture = cv2.VideoCapture(source if isinstance(source, int) else str(source))
            self._next = self._read()
        if self._next is None:
            self._capture.release()
            if isinstance(source, int):
                raise VideoError(f"{self.name} gives no picture; check that it is connected and free")
            raise VideoError(f"{self.name}: no frame can be read (damaged, no video, or an unknown codec); convert it")
        self.size = self._next.shape[:2]
        if min(self.size) < MINIMUM_SIDE:
            self._capture.release()
            height, width = self.size
            raise VideoError(f"{self.name}: {width} x {height} pixels is too small; a side needs {MINIMUM_SIDE}")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if isfinite(fps) and 0 < fps <= 1000 else USUAL_RATE

    def __iter__(self) -> Iterator[np.ndarray]:
        while self._next is not None:
            yield self._next
            with silent_stderr():
                self._next = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def _read(self) -> np.ndarray | None:
        there, frame = self._capture.read()
        return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) if there else None


class VideoWriter:
    """A context manager that writes frames of one size; the file is there, whole, when the block has ended.

    Codecs want even sides: an odd one is made even by repeating the last row or column. Ctrl-C keeps the frames so
    far, any other exception nothing; without frames there is no file. Raises VideoError: unknown extension, folder
    missing or not writable, frames of several sizes, or a file that cannot be read back (a full disk).
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path, self.fps, self.frames = Path(path), fps, 0
        suffix = self.path.suffix.lower()
        if suffix not in CODECS:
            raise VideoError(f"{path}: cannot write '{suffix}' videos; use one of {', '.join(CODECS)}")
        if self.path.is_dir():
            raise VideoError(f"{path} is a folder; choose another name")
        if not self.path.parent.is_dir():
            raise VideoError(f"{path}: there is no folder {self.path.parent}; make it first")
        self._codec = cv2.VideoWriter_fourcc(*CODECS[suffix])
        self.temporary = self.path.with_name(f".{self.path.stem}.{os.getpid()}.tmp{suffix}")
        self._writer: cv2.VideoWriter | None = None
        self._shape: tuple[int, ...] = ()

    def write(self, frame: np.ndarray) -> None:
        """Add a frame."""
        if self._writer is None:
            self._open(frame.shape)
        if frame.shape != self._shape:
            raise VideoError(f"{self.path}: frame {self.frames} is {frame.shape}, those before {self._shape}")
        height, width = frame.shape[:2]
        even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        with silent_stderr():
            self._writer.write(cv2.cvtColor(even, cv2.COLOR_RGB2BGR))
        self.frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        with interrupts_ignored():  # a second Ctrl-C would lose what the first was to keep
            try:
                if self._writer is not None:
                    with silent_stderr():
                        self._writer.release()
                if self.frames and (kind is None or issubclass(kind, KeyboardInterrupt)):
                    self._keep()
            finally:
                self.temporary.unlink(missing_ok=True)

    def _open(self, shape: tuple[int, ...]) -> None:
        height, width = (side + side % 2 for side in shape[:2])
        with silent_stderr():
            self._writer = cv2.VideoWriter(str(self.temporary), self._codec, self.fps, (width, height))
        if not self._writer.isOpened():
            raise VideoError(f"{self.path}: cannot write there; choose a folder that is writable, or another format")
        self._shape = shape

    def _keep(self) -> None:
        there = count_frames(self.temporary)
        if there < self.frames:  # one more is there if Ctrl-C came after a frame was written, before it was counted
            raise VideoError(f"{self.path}: {there} of {self.frames} frames can be read back; is the disk full?")
        try:
            os.replace(self.temporary, self.path)
        except OSError as error:
            raise VideoError(f"{self.path}: cannot write there ({error.strerror}); choose another name") from error


@dataclass(frozen=True)
class DrawnVideo:
    """What `draw_video` did: the frames it wrote, and those among them, counted from 0, at which a shot began."""

    frames: int
    cuts: list[int]


def draw_video(
    source: str | Path | int,
    out: str | Path,
    draw: Draw,
    temporal: str = "full",
    side_by_side: bool = False,
    prepare: Draw | None = None,
    show: Callable[[np.ndarray], bool] | None = None,
) -> DrawnVideo:
    """Draw every frame of a video, at the same rate, into another; a bar on stderr shows how far it is.

    source        a file, or the number of a camera, which is drawn until Ctrl-C
    draw          a style, or any function of a photo
    temporal      how much of the past is carried along: "off", "light" or "full" (see FrameDrawer)
    side_by_side  the video on the left, the drawing on the right
    prepare       done to each frame first
    show          is given each finished frame; the video ends when it returns False

    Raises VideoError for what cannot be read or written, and what `draw` raises; then nothing is written. After
    Ctrl-C the frames so far are kept.
    """
    source_is_file, out = not isinstance(source, int), Path(out)
    if source_is_file and out.exists() and out.samefile(source):
        raise VideoError(f"{out} is the video itself; choose another name for the cartoon")
    drawer = FrameDrawer(draw, temporal)
    with VideoReader(source) as video, VideoWriter(out, video.fps) as writer:
        total = count_frames(source) if source_is_file else None
        for frame in tqdm(video, total=total, desc="video", unit="frame", disable=None):
            photo = prepare(frame) if prepare else frame
            drawing = drawer(photo)
            writer.write(np.hstack([photo, drawing]) if side_by_side else drawing)
            if show and not show(drawing):
                break
    return DrawnVideo(writer.frames, drawer.cuts)


def count_frames(path: str | Path) -> int:
    """How many frames can be read. (What a file says of itself may be wrong by far.)"""
    with silent_stderr():
        capture = cv2.VideoCapture(str(path))
        frames = 0
        while capture.grab():
            frames += 1
        capture.release()
    return frames


def carry_sound(source: str | Path, video: str | Path) -> str:
    """Put the sound of `source` into `video` by ffmpeg, the pictures unchanged; what became of it, as a sentence.

    The sound is copied, or encoded anew where the container cannot hold it, and ends with the pictures. `video` stays
    as it is when ffmpeg is missing or fails.
    """
    ffmpeg, video = shutil.which("ffmpeg"), Path(video)
    if ffmpeg is None:
        return "without sound: ffmpeg, which would carry it over, is not installed"
    temporary = video.with_name(f".{video.stem}.{os.getpid()}.sound{video.suffix}")
    frames = count_frames(video)
    with VideoReader(video) as drawn:
        seconds = frames / drawn.fps
    inputs = [ffmpeg, "-v", "error", "-y", "-i", str(video), "-i", str(source), "-map", "0:v", "-map", "1:a?"]
    try:
        for sound in (["-c", "copy"], ["-c:v", "copy"]):
            command = [*inputs, *sound, "-t", f"{seconds:.3f}", str(temporary)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
            if done.returncode == 0 and count_frames(temporary) == frames:
                os.replace(temporary, video)
                return "with the sound of the original, if it has any"
        return "without sound: ffmpeg could not carry it over"
    finally:
        temporary.unlink(missing_ok=True)
