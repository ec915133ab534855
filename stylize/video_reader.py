"""Read a video: its pictures, upright RGB with square pixels, and their times."""

import os
import time
from collections.abc import Iterator, Sequence
from math import ceil, isfinite
from pathlib import Path
from typing import Self

import numpy as np

from ._cv2 import cv2
from .edit_list import edited_length
from .files import require_regular
from .images import MINIMUM_SIDE
from .native_stderr import silent_stderr
from .video_files import VideoError, first_picture, open_video, packet_times
from .video_times import LONGEST_STILL, choose_rate

LOOKED_AT = 20_000  # frames whose times are read first: ten minutes of video, in a second or less
MOST_PIXELS = 64e6  # in a frame: twice 8K; drawing takes some 100 bytes for each
OBLONG = (1.01, 4.0)  # ratios of a pixel's sides: below, nobody sees it; above, it is an error in the file


class VideoReader:
    """The frames of a video file, or of a camera by its number; a context manager and an iterator.

    fps: the constant rate at which to show them (see choose_rate). size: (height, width), upright, with square pixels.
    expected: about how many frames there will be; None if the file does not say. Raises VideoError: missing, not a
    video, a codec that OpenCV lacks, no frames, frames with a side below 16 pixels, no such camera.
    """

    def __init__(self, source: str | Path | int) -> None:
        self.frames = 0  # returned so far
        self._last = 0.0  # the time of the last of them
        self._started: float | None = None
        self._path = None if isinstance(source, int) else source  # None: a camera
        self.name = f"camera {source}" if isinstance(source, int) else str(source)
        self._capture = open_video(check_camera(source) if isinstance(source, int) else check_video(source))
        try:
            self.size = self._square_size()
            self._next: tuple[np.ndarray, float | None] | None = self._first()
            self._look_ahead()
        except VideoError:
            self._capture.release()
            raise

    def __iter__(self) -> Iterator[np.ndarray]:
        return (frame for frame, _ in self.pictures() if frame is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def pictures(self) -> Iterator[tuple[np.ndarray | None, float | None]]:
        """(frame, seconds) for `spread`; seconds is None if unknown. At the end comes (None, when the last one
        ends)."""
        while self._next is not None:
            frame, seconds = self._next
            self._last = seconds or self._last
            self.frames += 1
            yield self._to_size(frame), seconds
            self._next = self._read()
        yield None, self._end()

    def shortfall(self) -> str | None:
        """A sentence if the whole file was read and it held far fewer frames than promised, else None."""
        early = self._duration is not None and self._last < 0.9 * self._duration - 2
        promised = self._claims if early else self.expected
        if self._next is not None or promised is None or self.frames >= promised * (1 if early else 0.9):
            return None
        return f"{self.name}: {self.frames} of about {promised} frames could be read; the rest is damaged or missing"

    def _first(self) -> tuple[np.ndarray, float | None]:
        height, width = self.size
        if height * width > MOST_PIXELS:
            megapixels = f"the limit is {MOST_PIXELS / 1e6:.0f} megapixels a frame"
            raise VideoError(f"{self.name}: {width} x {height} pixels is too large ({megapixels}); shrink it")
        first = self._read()
        if first is None and self._path is None:
            raise VideoError(f"{self.name} gives no picture; check that it is connected and free")
        if first is None:
            raise VideoError(f"{self.name}: no frame can be read (damaged, not a video, or unknown codec); convert it")
        if min(self.size) < MINIMUM_SIDE:
            raise VideoError(f"{self.name}: {width} x {height} pixels is too small; a side needs {MINIMUM_SIDE}")
        return first

    def _read(self) -> tuple[np.ndarray, float | None] | None:
        with silent_stderr():
            there, frame = self._capture.read()
        if not there:
            return None
        if self._path is None:  # drawing may be slower than the camera, so the clock counts
            now = time.monotonic()
            self._started = self._started or now
            return frame, now - self._started
        seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        known = isfinite(seconds) and (seconds != 0 or self.frames == 0)  # 0 also means unknown
        return frame, seconds if known else None

    def _look_ahead(self) -> None:
        """Find the frame rate, the number of frames and the length, as far as the file says."""
        claimed = self._capture.get(cv2.CAP_PROP_FPS)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        times: Sequence[float] = [] if self._path is None else packet_times(self._path, LOOKED_AT)
        whole = 0 < len(times) < LOOKED_AT
        self._claims = int(count) if 0 < count < 1e9 else None
        self._duration = self._claims / claimed if self._claims and isfinite(claimed) and claimed > 0 else None
        if self._path is not None and self._claims and self._duration and times:
            if length := edited_length(self._path):
                rate = self._claims / self._duration
                times = self._shown(times, first_picture(self._path), length, self._claims, rate)
        self.fps = choose_rate(times, claimed)
        self.expected = len(times) if whole else self._claims

    def _shown(self, times: Sequence[float], first: float, length: float, claims: int, rate: float) -> list[float]:
        """Those of `times` at which a picture is shown: `length` seconds from `first` on, by a list of edits.

        Between two edits the pictures before the second are there for decoding, at times that are taken.
        """
        after = np.sort(np.asarray(times)) - first
        shown = after[(after > -1e-6) & (after < length)]
        if len(np.unique(shown)) < len(shown):
            shown = shown[np.diff(shown, prepend=-np.inf) > 0.5 / rate]
        self._duration = length
        if after[-1] >= length:  # the end is hidden as well
            self._claims = len(shown)
        else:
            self._claims = max(len(shown), min(claims - (len(times) - len(shown)), ceil(length * rate)))
        return shown.tolist()

    def _end(self) -> float | None:
        """When the last frame ends, if all promised frames came and the file says so: a still may be shown for long."""
        if self._claims is None or self._duration is None or self.frames < self._claims:
            return None
        held = 2 / self.fps < self._duration - self._last <= LONGEST_STILL
        return self._duration if held else None

    def _square_size(self) -> tuple[int, int]:
        """The upright size at which the pixels are square and no detail is lost."""
        height, width = (int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH))
        wide, high = (self._capture.get(p) for p in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN))
        if self._capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180:  # OpenCV has turned the picture, but not this ratio
            wide, high = high, wide
        least, most = OBLONG
        if wide > 0 and high > 0 and least <= wide / high <= most:
            return height, round(width * wide / high)
        if wide > 0 and high > 0 and least <= high / wide <= most:
            return round(height * high / wide), width
        return height, width

    def _to_size(self, frame: np.ndarray) -> np.ndarray:
        rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        height, width = self.size
        return rgb if rgb.shape[:2] == self.size else cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC)


def check_video(path: str | Path) -> str | Path:
    """Return `path` if it is a file that can be opened, else raise VideoError."""
    if os.path.isdir(path):
        raise VideoError(f"{path} is a folder; name a file in it")
    if not os.path.exists(path):
        raise VideoError(f"{path}: no such file; check the spelling")
    require_regular(path, VideoError)
    if not os.access(path, os.R_OK):
        raise VideoError(f"{path}: cannot read; change its permissions")
    return path


def check_camera(number: str | int) -> int:
    """Return the number of a camera if it is possible, else raise VideoError."""
    digits = str(number)
    if not digits.isdecimal() or len(digits) > 2:  # OpenCV takes larger numbers for other kinds of source
        raise VideoError(f"there is no camera {digits[:20]}; the first one is 0")
    return int(digits)
