"""Videos in and out: nothing lost, nothing half written, one clear line for what cannot be done."""

import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from stylize import FileError, VideoError, draw_video
from stylize.sound import carry_sound
from stylize.video_files import count_frames
from stylize.video_reader import VideoReader
from stylize.video_writer import CODECS, VideoWriter

from .films import film
from .pictures import REPOSITORY, blocks

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")


def frames_of(path):
    with VideoReader(path) as video:
        return list(video)


def run(*arguments, **options):
    command = [sys.executable, "-m", "stylize", "video", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, **options)


def invert(frame):
    return 255 - frame


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("fps", [10, 24000 / 1001])
def test_number_rate_size_and_picture_are_kept(tmp_path, suffix, fps):
    source = film(tmp_path / "film.mkv", fps=fps)
    drawn = draw_video(source, tmp_path / f"out{suffix}", invert, "off")
    assert (drawn.frames, drawn.cuts) == (6, [])
    with VideoReader(tmp_path / f"out{suffix}") as video:
        assert video.size == (64, 96) and video.fps == pytest.approx(fps, rel=1e-3)
        drawings = list(video)
    for photo, drawing in zip(frames_of(source), drawings, strict=True):
        assert np.abs(drawing.astype(int) - (255 - photo)).mean() < 20  # all but FFV1 lose colour


def test_ffv1_loses_nothing_and_odd_sides_repeat_their_last_pixels(tmp_path):
    scene = blocks(height=40, width=48)[:37, :43]
    with VideoWriter(tmp_path / "odd.mkv", 25) as writer:
        writer.write(scene)
    (read,) = frames_of(tmp_path / "odd.mkv")
    np.testing.assert_array_equal(read[:37, :43], scene)
    np.testing.assert_array_equal(read, np.pad(scene, ((0, 1), (0, 1), (0, 0)), mode="edge"))


def test_side_by_side(tmp_path):
    source = film(tmp_path / "film.mkv")
    draw_video(source, tmp_path / "out.mkv", invert, "off", side_by_side=True)
    for photo, both in zip(frames_of(source), frames_of(tmp_path / "out.mkv"), strict=True):
        np.testing.assert_array_equal(both, np.hstack([photo, 255 - photo]))


def test_a_video_shot_upright_is_read_upright(tmp_path):
    """The display matrix of the track's header (ISO 14496-12, 8.3.2) turned by a quarter, as a phone writes it."""
    data = bytearray(film(tmp_path / "film.mp4").read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    assert struct.unpack_from(">9i", data, matrix) == (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, matrix, 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)
    (tmp_path / "phone.mp4").write_bytes(data)
    for lying, upright in zip(frames_of(tmp_path / "film.mp4"), frames_of(tmp_path / "phone.mp4"), strict=True):
        np.testing.assert_array_equal(upright, np.rot90(lying, -1))


def test_a_wrong_number_of_frames_in_the_header_does_no_harm(tmp_path):
    """A recorder that was switched off: half the file, its index gone, its header promising more."""
    data = film(tmp_path / "film.mkv", frames=40).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    drawn = draw_video(tmp_path / "cut.mkv", tmp_path / "out.avi", invert, "off")
    assert 10 < drawn.frames < 30 and drawn.frames == count_frames(tmp_path / "out.avi")


def test_a_drawing_that_fails_leaves_nothing(tmp_path):
    def fails_later(frame, calls=[]):  # noqa: B006
        calls.append(frame)
        if len(calls) == 3:
            raise RuntimeError("no more ink")
        return frame

    source = film(tmp_path / "film.mp4")
    with pytest.raises(RuntimeError, match="no more ink"):
        draw_video(source, tmp_path / "out.mp4", fails_later, "off")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_an_interrupt_keeps_the_frames_so_far(tmp_path):
    def interrupted(frame, calls=[]):  # noqa: B006
        calls.append(frame)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return frame

    source = film(tmp_path / "film.mp4")
    with pytest.raises(KeyboardInterrupt):
        draw_video(source, tmp_path / "out.webm", interrupted, "off")
    assert len(frames_of(tmp_path / "out.webm")) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.webm"]


def start(source, out):
    """The command, started as from a terminal; its first frames have been written."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stylize", "video", source, out],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background shell ignores it
    )
    while process.poll() is None and not partial(out.parent):
        time.sleep(0.05)
    time.sleep(0.5)
    return process


def partial(folder):
    return list(folder.glob(".nnlite-partial-*"))


@posix
@pytest.mark.parametrize("pauses", [[], [0], [0.003], [0.03, 0.03, 0.1]])
def test_ctrl_c_once_or_often_leaves_a_file_that_plays(tmp_path, pauses):
    source = film(tmp_path / "film.avi", frames=400, height=160, width=240)
    process = start(source, tmp_path / "out.mp4")
    process.send_signal(signal.SIGINT)
    for pause in pauses:
        time.sleep(pause)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert len(pauses) > 1 or (process.returncode == 130 and "Traceback" not in stderr and stderr.count("\n") == 1), (
        stderr
    )
    assert 0 < len(frames_of(tmp_path / "out.mp4")) < 400
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.avi", "out.mp4"]


@posix
def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    source = film(tmp_path / "film.avi", frames=400, height=160, width=240)
    process = start(source, tmp_path / "out.mp4")
    process.kill()
    process.communicate()
    assert len(partial(tmp_path)) == 1 and not (tmp_path / "out.mp4").exists()
    draw_video(film(tmp_path / "short.avi"), tmp_path / "out.mp4", invert, "off")
    assert not partial(tmp_path) and len(frames_of(tmp_path / "out.mp4")) == 6


@posix
@pytest.mark.parametrize("suffix", CODECS)
def test_a_full_disk_leaves_nothing(tmp_path, suffix):
    import resource

    source = film(tmp_path / "film.avi", frames=60)
    limit = (9_000, 9_000)  # bytes a file: what lies beyond is refused, as by a full disk
    done = run(
        source,
        tmp_path / f"out{suffix}",
        "--style=classic",
        "--temporal=off",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert done.returncode == 2 and "is the disk full?" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["film.avi"]


def test_every_mistake_is_one_line_and_leaves_nothing(tmp_path):
    good = film(tmp_path / "film.mp4")
    data = good.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "clip01.mp4").write_text("a name that OpenCV may take for a series of pictures")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "folder.mp4").mkdir()
    tiny = cv2.VideoWriter(str(tmp_path / "tiny.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (8, 8))
    tiny.write(np.zeros((8, 8, 3), np.uint8))
    tiny.release()
    with VideoWriter(tmp_path / "none.avi", 10):
        pass  # no frame, so no file
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "out.mp4"
    cases = [
        (tmp_path / "none.avi", out, "no such file"),
        (tmp_path / "text.mp4", out, "no frame can be read"),
        (tmp_path / "clip01.mp4", out, "no frame can be read"),
        (tmp_path / "empty.mp4", out, "no frame can be read"),
        (tmp_path / "cut.mp4", out, "no frame can be read"),
        (tmp_path / "tiny.avi", out, "8 x 8 pixels is too small"),
        (good, tmp_path / "out.doc", ".mp4, .avi, .webm, .mkv"),
        (good, tmp_path / "none" / "out.mp4", "there is no folder"),
        (good, tmp_path / "folder.mp4", "is a folder"),
        (good, tmp_path / "." / "film.mp4", "is the input itself"),
    ]
    for source, target, message in cases:
        with pytest.raises(FileError, match=message) as caught:
            draw_video(source, target, invert, "off")
        assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before and good.read_bytes() == data


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that not even root can write to")
def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path):
    source = film(tmp_path / "film.mkv", frames=2)
    for suffix in CODECS:
        with pytest.raises(VideoError, match=r"cannot write there .*; choose a folder that is writable"):
            draw_video(source, f"/proc/self/out{suffix}", invert, "off")
    done = run(source, "/proc/self/out.mp4", "--style=classic", "--temporal=off")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("stylize: /proc/self/out.mp4: cannot write there") and done.stderr.count("\n") == 1


def test_frames_of_several_sizes_are_refused(tmp_path):
    with pytest.raises(VideoError, match="frame 1"), VideoWriter(tmp_path / "out.mp4", 10) as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
        writer.write(np.zeros((32, 34, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_the_command_hides_what_decoders_say_and_names_near_styles(tmp_path):
    source = film(tmp_path / "film.mp4", frames=30)
    data = bytearray(source.read_bytes())
    rng = np.random.default_rng(0)
    for at in rng.integers(len(data) // 4, len(data) // 2, 40):  # damaged pictures, whole index
        data[at] ^= 255
    (tmp_path / "damaged.mp4").write_bytes(data)
    done = run(tmp_path / "damaged.mp4", tmp_path / "out.mp4", "--style=classic", "--temporal=off")
    assert (done.returncode, done.stderr) == (0, "") and "frames in" in done.stdout
    done = run(film(tmp_path / "still.mkv", frames=1), tmp_path / "still.mp4", "--style=classic")
    assert "still.mp4: 1 frame in 1 shot, " in done.stdout
    done = run(source, tmp_path / "other.mp4", "--style=ton")
    assert done.returncode == 2 and "did you mean 'toon'" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "other.mp4").exists()


@posix
def test_sound_is_carried_over_by_ffmpeg_and_its_absence_said(tmp_path, monkeypatch):
    """A stand-in for ffmpeg that copies the pictures, or fails."""
    source, video = film(tmp_path / "film.mp4"), film(tmp_path / "drawn.mp4")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in carry_sound(source, video)
    program = tmp_path / "ffmpeg"
    program.write_text(f'#!/bin/sh\n/bin/cp {video} $(eval echo \\${{$#}})\necho "$@" > {tmp_path}/asked\n')
    program.chmod(0o755)
    assert carry_sound(source, video).startswith("with the sound")
    assert str(source) in (tmp_path / "asked").read_text() and "copy" in (tmp_path / "asked").read_text()
    before = video.read_bytes()
    program.write_text("#!/bin/sh\nexit 1\n")
    assert "could not carry it over" in carry_sound(source, video)
    assert video.read_bytes() == before and not list(tmp_path.glob(".*"))


def test_a_camera_that_is_not_there():
    with pytest.raises(VideoError, match="camera 77 gives no picture"):
        VideoReader(77)


def test_the_number_of_frames_is_right_for_any_name(tmp_path):
    assert count_frames(film(tmp_path / f"ü %03d{os.extsep}mp4", frames=7)) == 7
