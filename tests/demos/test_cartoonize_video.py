"""A trained generator on videos and cameras."""

import sys
from pathlib import Path

import numpy as np
import pytest

import demos.cartoonize.video as video_module
from demos.cartoonize.video import apply_to_video
from stylize import read_image, resize_short_side
from stylize.marks import command_of, read_mark
from stylize.video_reader import VideoReader
from stylize.video_writer import VideoWriter

from .runner import PHOTOS, call, refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten frames of a walk across a photo."""
    photo = resize_short_side(read_image(PHOTOS / "cat.jpg"), 96)
    path = tmp_path_factory.mktemp("clip") / "cat.avi"
    with VideoWriter(path, 10) as writer:
        for left in range(10):
            writer.write(photo[:80, left : left + 112])
    return path


@pytest.mark.parametrize("beside", [False, True])
def test_a_video_keeps_its_frames_and_rate(clip, trained, tmp_path, beside):
    more = ["--side-by-side"] if beside else []
    weights = trained[0] / "generator.safetensors"
    status, stdout, stderr = call("apply", "--video", clip, "--model", weights, "--out", tmp_path, *more)
    assert status == 0, stderr
    assert "10 frames" in stdout
    with VideoReader(clip) as photos, VideoReader(tmp_path / "cat.avi") as cartoons:
        assert (cartoons.fps, cartoons.size) == (10, (80, 112 * (1 + beside)))
        pairs = list(zip(photos, cartoons, strict=True))
    assert len(pairs) == 10
    for photo, cartoon in pairs:
        drawn = cartoon[:, -112:].astype(int)
        assert 1 < np.abs(drawn - photo).mean() < 60  # something is drawn, and of this photo
        if beside:
            assert np.abs(cartoon[:, :112].astype(int) - photo).mean() < 5  # lossy, so not equal


def test_another_format_becomes_mp4():
    assert video_module.named_like(Path("holidays.MOV")) == "holidays.mp4"
    assert video_module.named_like(Path("holidays.webm")) == "holidays.webm"


class Camera(VideoReader):
    """A camera that gives the frames of a clip."""

    clip = None

    def __init__(self, source):
        super().__init__(self.clip if source == 0 else source)


def test_a_camera_is_recorded(clip, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Camera, "clip", clip)
    monkeypatch.setattr("stylize.video.VideoReader", Camera)
    monkeypatch.setattr(video_module, "has_screen", lambda: False)
    apply_to_video("0", trained[0] / "generator.safetensors", tmp_path, 1.0, "cpu", "off", False)
    said = capsys.readouterr().out
    assert "camera-0.mp4: 10 frames" in said and "sound" not in said
    with VideoReader(tmp_path / "camera-0.mp4") as drawn:
        assert len(list(drawn)) == 10


def test_q_ends_the_camera(clip, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Camera, "clip", clip)
    monkeypatch.setattr("stylize.video.VideoReader", Camera)
    monkeypatch.setattr(video_module, "has_screen", lambda: True)
    shown = []
    monkeypatch.setattr(video_module, "show_in_window", lambda frame: shown.append(frame) or len(shown) < 3)
    assert apply_to_video("0", trained[0] / "generator.safetensors", tmp_path, 1.0, "cpu", "full", False) == 0
    assert "3 frames" in capsys.readouterr().out and len(shown) == 3


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there is always a screen")
def test_a_window_that_cannot_be_shown_is_reported_once_and_never_fatal(monkeypatch, capfd):
    """Whatever OpenCV does without a screen: raise an error, or let Qt end the process."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not video_module.has_screen() and capfd.readouterr().err == ""
    monkeypatch.setenv("DISPLAY", "no-such-screen:7")
    assert not video_module.has_screen()
    said = capfd.readouterr().err
    assert "no window can be shown" in said and said.count("\n") == 1


def test_what_cannot_be_drawn_is_refused_in_one_line(clip, trained, tmp_path):
    model = ("--model", trained[0] / "generator.safetensors")
    (tmp_path / "text.mp4").write_text("no video")
    assert "no frame can be read" in refused("apply", "--video", tmp_path / "text.mp4", *model, "--out", tmp_path / "o")
    assert "no such file" in refused("apply", "--video", tmp_path / "none.mp4", *model, "--out", tmp_path / "o")
    assert "camera 77" in refused("apply", "--video", "77", *model, "--out", tmp_path / "o")
    for number in ("99999999999", "-1", "9" * 5000):
        assert "there is no camera" in refused("apply", f"--video={number}", *model, "--out", tmp_path / "o")
    assert "give photos, or --video" in refused("apply", clip, "--video", clip, *model)
    assert "the input itself" in refused("apply", "--video", clip, *model, "--out", clip.parent)
    assert not list((tmp_path / "o").glob("*"))


def test_only_what_the_command_wrote_is_replaced(clip, trained, tmp_path):
    order = ("apply", "--video", clip, "--model", trained[0] / "generator.safetensors", "--temporal", "off")
    (tmp_path / "cat.avi").write_bytes(b"a holiday")
    assert "--overwrite" in refused(*order, "--out", tmp_path)
    assert (tmp_path / "cat.avi").read_bytes() == b"a holiday"
    for more in (["--overwrite"], []):  # and then over its own
        status, _, stderr = call(*order, "--out", tmp_path, *more)
        assert status == 0, stderr
    assert command_of(read_mark(tmp_path / "cat.avi")) == "demos.cartoonize apply"
