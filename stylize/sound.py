"""Carry the sound of a video over to its cartoon, with ffmpeg if it is installed."""

import os
import shutil
import subprocess
from pathlib import Path

from .files import partial_path
from .marks import read_mark, write_mark
from .video_files import count_frames


def carry_sound(source: str | Path, video: str | Path) -> str:
    """Put the sound of `source` into `video` with ffmpeg, without touching the pictures; a phrase says how it went.

    The sound is copied, or encoded where the container cannot hold it as it is. `video` stays as it is when ffmpeg is
    missing or fails.
    """
    ffmpeg, video = shutil.which("ffmpeg"), Path(video)
    if ffmpeg is None:
        return "without sound: ffmpeg, which would carry it over, is not installed"
    temporary, frames, command = partial_path(video), count_frames(video), read_mark(video)
    inputs = ["-itsoffset", f"{_start_of_pictures(source):.6f}", "-i", _address(video), "-i", _address(source)]
    streams = ["-map", "0:v", "-map", "1:a?", "-copypriorss:a", "0"]  # no sound that a trim has hidden
    try:
        for codecs in (["-c", "copy"], ["-c:v", "copy"]):
            arguments = [ffmpeg, "-v", "error", "-y", *inputs, *streams, *codecs, _address(temporary)]
            done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True)
            if done.returncode == 0 and count_frames(temporary) == frames:
                if command:
                    write_mark(temporary, command)
                os.replace(temporary, video)
                return "with the sound of the original, if it has any"
        return "without sound: ffmpeg could not carry it over"
    finally:
        temporary.unlink(missing_ok=True)


def _start_of_pictures(source: str | Path) -> float:
    """How many seconds after the sound the pictures of a video begin; 0 if ffprobe cannot tell."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return 0.0
    asked = ["-select_streams", "v:0", "-show_entries", "stream=start_time:format=start_time", "-of", "csv=p=0"]
    arguments = [ffprobe, "-v", "error", *asked, _address(source)]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    lines = done.stdout.replace(",", "").split()  # the stream, perhaps again as part of a programme, then the file
    try:
        return max(0.0, float(lines[0]) - float(lines[-1]))
    except (IndexError, ValueError):
        return 0.0


def _address(path: str | Path) -> str:
    """The absolute path: ffmpeg might read a shorter name as an option or a protocol."""
    return os.path.abspath(path)
