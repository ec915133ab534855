"""Draw a video, picture by picture, and show each at its original time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from .files import check_target
from .interrupts import only_first_interrupt
from .temporal import Draw, FrameDrawer
from .video_reader import VideoReader
from .video_times import Timetable, spread
from .video_writer import VideoWriter

Item = TypeVar("Item", bound=tuple)


@dataclass(frozen=True)
class DrawnVideo:
    """What `draw_video` did.

    frames    how many frames were written; a picture that is shown for longer takes several
    cuts      the frames, counted from 0, at which a new shot begins
    warnings  what was wrong with the video, in sentences
    """

    frames: int
    cuts: list[int]
    warnings: list[str]


def draw_video(
    source: str | Path | int,
    out: str | Path,
    draw: Draw,
    temporal: str = "full",
    side_by_side: bool = False,
    prepare: Draw | None = None,
    show: Callable[[np.ndarray], bool] | None = None,
    command: str = "stylize video",
    overwrite: bool = False,
) -> DrawnVideo:
    """Draw every picture of a video into another, with the same timing; a bar on stderr shows the progress.

    source        a file, or the number of a camera, which is drawn until Ctrl-C
    draw          a style, or any function of a photo
    temporal      how much of the past is carried along: "off", "light" or "full" (see FrameDrawer)
    side_by_side  the video on the left, the drawing on the right
    prepare       done to each picture first
    show          is given each finished picture; the video ends when it returns False
    command       marks `out`, which may replace what the same command drew before
    overwrite     replace any other file too

    Raises VideoError or FileError for a file that cannot be read or written, and whatever `draw` raises; then nothing
    is written. After Ctrl-C the pictures drawn so far are kept.
    """
    drawer = FrameDrawer(draw, temporal)
    cuts: list[int] = []
    with only_first_interrupt(), VideoReader(source) as video:
        check_target(out, command, [] if isinstance(source, int) else [source], overwrite)
        with VideoWriter(out, video.fps, command) as writer:
            timetable = Timetable(writer.fps)
            for frame, times in spread(_with_bar(video.pictures(), video.expected), timetable):
                photo = prepare(frame) if prepare else frame
                drawing = drawer(photo)
                if len(drawer.cuts) > len(cuts):
                    cuts.append(writer.frames)
                writer.write(np.hstack([photo, drawing]) if side_by_side else drawing, times)
                if show and not show(drawing):
                    break
    return DrawnVideo(writer.frames, cuts, _warnings(video, timetable))


def _warnings(video: VideoReader, timetable: Timetable) -> list[str]:
    warnings = []
    if timetable.mended:
        warnings.append(
            f"{video.name}: {timetable.mended} of its times cannot be right (a step back, or a jump of many minutes); "
            "those pictures are shown without a gap, so the sound may be off"
        )
    if missing := video.shortfall():
        warnings.append(missing)
    return warnings


def _with_bar(pictures: Iterable[Item], expected: int | None) -> Iterator[Item]:
    """Show a bar while passing on the pictures and the None after them; at the end its total is corrected."""
    with tqdm(total=expected, desc="video", unit="frame", disable=None) as bar:
        for picture in pictures:
            yield picture
            bar.update(picture[0] is not None)
        bar.total = bar.n
        bar.refresh()
