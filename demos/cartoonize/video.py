"""Videos, and what a camera sees, through a trained generator."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from demos.cartoonize.apply import cartoonize
from demos.cartoonize.weights import load_generator
from stylize.video import CODECS, DrawnVideo, carry_sound, draw_video

WINDOW = "cartoon (q to stop)"


def apply_to_video(
    video: str, model: Path, out: Path, scale: float, device: str, temporal: str, side_by_side: bool
) -> str:
    """Cartoonise a video file, or what the camera of a number sees, into `out`; what was written, as a sentence.

    A camera is shown in a window where there is a screen, and drawn until q or Ctrl-C.
    Raises VideoError for what cannot be read or written, CheckpointError for a model that cannot be loaded.
    """
    generator, about = load_generator(model)
    generator.to(device)
    out.mkdir(parents=True, exist_ok=True)
    camera = int(video) if video.isdecimal() else None
    target = out / (f"camera-{camera}.mp4" if camera is not None else named_like(Path(video)))

    def draw(frame: np.ndarray) -> np.ndarray:
        return cartoonize(frame, generator, about.strokes, scale, device)

    source = video if camera is None else camera
    show = show_in_window if camera is not None and has_screen() else None
    drawn: DrawnVideo = draw_video(source, target, draw, temporal, side_by_side, show=show)
    sound = f", {carry_sound(video, target)}" if camera is None else ""
    return f"wrote {target}: {drawn.frames} frame{'s' if drawn.frames > 1 else ''}{sound}"


def named_like(video: Path) -> str:
    """The video's name, as .mp4 if its own format cannot be written."""
    return video.name if video.suffix.lower() in CODECS else f"{video.stem}.mp4"


def has_screen() -> bool:
    """Whether a window can be shown."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show_in_window(frame: np.ndarray) -> bool:
    """Show a frame; False once q is pressed."""
    import cv2

    cv2.imshow(WINDOW, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return cv2.waitKey(1) & 0xFF != ord("q")
