"""Videos, and what a camera sees, through a trained generator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from demos.cartoonize.apply import load_drawing
from stylize.console import counted, one_line, say
from stylize.files import check_target, own_name
from stylize.marks import mark_for
from stylize.sound import carry_sound
from stylize.video import draw_video
from stylize.video_reader import check_camera, check_video
from stylize.video_writer import CODECS

COMMAND = "demos.cartoonize apply"
WINDOW = "cartoon (q to stop)"


def apply_to_video(
    video: str,
    model: Path,
    out: Path,
    scale: float,
    device: str,
    temporal: str,
    side_by_side: bool,
    overwrite: bool = False,
) -> int:
    """Cartoonise a video file, or the camera with a number, into `out`, and print the result.

    Returns the exit status: 0, or 1 if the video is damaged. The cartoon of a camera is shown in a window if there is a
    screen, and drawn until q or Ctrl-C is pressed. Raises FileError for a file that cannot be read or written,
    CheckpointError for a model that cannot be loaded.
    """
    is_camera = video.isdecimal() or (video[:1] == "-" and video[1:].isdecimal())
    source = check_camera(video) if is_camera else check_video(video)
    mark = COMMAND if is_camera else mark_for(COMMAND, video)
    name = out / (f"camera-{source}.mp4" if is_camera else named_like(Path(video)))
    target = own_name(name, COMMAND, "" if is_camera else mark)  # a recording is never replaced by the next one
    check_target(target, mark, [] if is_camera else [video], overwrite)  # before the model is loaded
    draw = load_drawing(model, scale, device)
    out.mkdir(parents=True, exist_ok=True)
    show = show_in_window if is_camera and has_screen() else None
    drawn = draw_video(source, target, draw, temporal, side_by_side, show=show, command=mark, overwrite=overwrite)
    sound = "" if is_camera else f", {carry_sound(video, target)}"
    print(one_line(f"wrote {target}: {counted(drawn.frames, 'frame')}{sound}"))
    for warning in drawn.warnings:
        say("cartoonize", warning)
    return 1 if drawn.warnings else 0


def named_like(video: Path) -> str:
    """The video's name, as .mp4 if its own format cannot be written."""
    return video.name if video.suffix.lower() in CODECS else f"{video.stem}.mp4"


def has_screen() -> bool:
    """Whether a window can be shown. If there seems to be a screen but a window fails, a message says so.

    Another process tries it first: without a screen, Qt does not raise an error but ends the process.
    """
    if sys.platform not in ("darwin", "win32") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    attempt = [sys.executable, "-c", f"import cv2; cv2.namedWindow({WINDOW!r})"]
    works = subprocess.run(attempt, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
    if not works:
        say("cartoonize", "no window can be shown (no screen, or opencv-python-headless); Ctrl-C ends the recording")
    return works


def show_in_window(frame: np.ndarray) -> bool:
    """Show a frame; False once q is pressed."""
    import cv2

    cv2.imshow(WINDOW, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return cv2.waitKey(1) & 0xFF != ord("q")
