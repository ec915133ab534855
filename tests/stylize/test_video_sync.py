"""Real-world videos: unusual times, pixels and names."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from stylize import FileError, VideoError, draw_video
from stylize.__main__ import main
from stylize.marks import read_mark
from stylize.sound import carry_sound
from stylize.video_files import count_frames, packet_times
from stylize.video_reader import VideoReader
from stylize.video_writer import CODECS, VideoWriter

from .films import film, grown, numbered, numbers, retime
from .pictures import REPOSITORY

TIMES = [0, 0.1, 0.2, 0.3, 2.3, 2.4, 2.433, 2.466, 2.5, 2.9, 3.7, 3.75]  # of the twelve pictures of `numbered`
RETIMED = [".mp4", ".mkv", ".webm"]


needs_ffmpeg = pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")


def keep(frame):
    return frame


def redraw(source, out, draw=keep):
    """(result of draw_video, when each picture of `numbered` first appears in the output, length in seconds)."""
    drawn = draw_video(source, out, draw, "off")
    found, fps = numbers(out)
    return drawn, {number: found.index(number) / fps for number in set(found)}, len(found) / fps


def run(capsys, *arguments):
    """Run the command in this process: (status, stdout, stderr); stderr is at most one line."""
    capsys.readouterr()
    status = main(["video", *map(str, arguments), "--style=classic", "--temporal=off"])
    said = capsys.readouterr()
    assert said.err.count("\n") <= 1, said.err
    return status, said.out, said.err


@pytest.mark.parametrize("suffix", RETIMED)
@pytest.mark.parametrize("out", CODECS)
def test_pictures_are_shown_at_their_times_and_drawn_once(tmp_path, suffix, out):
    source = retime(numbered(tmp_path / f"film{suffix}"), TIMES)
    drawings = []
    drawn, begins, length = redraw(source, tmp_path / f"out{out}", lambda frame: drawings.append(1) or frame)
    assert drawn.warnings == [] and len(drawings) == len(begins) == 12
    assert max(abs(begins[i] - time) for i, time in enumerate(TIMES)) < 0.04
    assert abs(length - 3.8) < 0.05 and drawn.frames == len(numbers(tmp_path / f"out{out}")[0])


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("fps", [1, 12.5, 24000 / 1001, 1000 / 15, 120000 / 1001, 196.2605, 239.7602])
def test_rates_of_any_kind_are_written_and_keep_every_frame(tmp_path, suffix, fps):
    source = numbered(tmp_path / "film.avi", frames=30, fps=fps)
    drawn, _, length = redraw(source, tmp_path / f"out{suffix}")
    assert numbers(tmp_path / f"out{suffix}")[0] == list(range(30)) and drawn.frames == 30
    assert length == pytest.approx(30 / fps, rel=1e-4)


def test_a_size_that_a_format_cannot_hold_is_not_blamed_on_the_folder(tmp_path):
    with (
        pytest.raises(VideoError, match=r"\.webm cannot hold 20000 x 32 pixels"),
        VideoWriter(tmp_path / "wide.webm", 25) as writer,
    ):
        writer.write(np.zeros((32, 20000, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_the_last_picture_is_held_as_long_as_the_file_says(tmp_path):
    """A screen recording in which nothing happens at the end, while somebody speaks."""
    source = retime(numbered(tmp_path / "film.mp4"), TIMES, end=9)
    _, _, length = redraw(source, tmp_path / "out.mp4")
    assert abs(length - 9) < 0.04


@pytest.mark.parametrize(("step", "suffix"), [(40_000, ".mp4"), (-2.0, ".mkv"), (-2.0, ".webm")])
def test_broken_times_are_reported_and_every_picture_is_kept(tmp_path, capsys, step, suffix):
    times = [0, 0.1, 0.2, 0.3, 2.3, 2.4, 2.5, 2.6 + step, 2.7 + step, 2.8 + step, 2.9 + step, 3.0 + step]
    drawn, begins, length = redraw(retime(numbered(tmp_path / f"film{suffix}"), times), tmp_path / "out.mkv")
    assert len(begins) == 12 and abs(length - 3.1) < 0.11
    (warning,) = drawn.warnings
    assert "1 of its times cannot be right" in warning
    status, _, stderr = run(capsys, tmp_path / f"film{suffix}", tmp_path / "again.mkv")
    assert status == 1 and "cannot be right" in stderr


def stretched(path, wide, high, turned=False):
    """An .mp4 with pixels of wide x high (ISO 14496-12, 12.1.4), turned by a quarter."""
    data = bytearray(path.read_bytes())
    entry = data.index(b"mp4v", data.index(b"stsd")) - 4
    end = entry + struct.unpack_from(">I", data, entry)[0]
    grown(data, 16, b"stsd", b"mp4v")
    data[end:end] = struct.pack(">I4sII", 16, b"pasp", wide, high)
    if turned:
        struct.pack_into(">9i", data, data.index(b"tkhd") + 44, 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("wide", "high", "turned", "size"),
    [
        (16, 11, False, (64, 140)),
        (1, 2, False, (128, 96)),
        (4, 3, True, (128, 64)),
        (1, 1, True, (96, 64)),
        (100, 1, False, (64, 96)),
        (1216, 1215, False, (64, 96)),
    ],
)
def test_oblong_pixels_become_square_and_none_is_lost(tmp_path, wide, high, turned, size):
    plain, source = film(tmp_path / "plain.mp4"), film(tmp_path / "film.mp4")
    stretched(source, wide, high, turned)
    draw_video(source, tmp_path / "out.mkv", keep, "off")
    capture = cv2.VideoCapture(str(tmp_path / "out.mkv"))
    frame, before = capture.read()[1], cv2.VideoCapture(str(plain)).read()[1]
    assert frame.shape[:2] == size and capture.get(cv2.CAP_PROP_SAR_NUM) in (0, 1)
    upright = np.rot90(before, -1) if turned else before
    shrunk = cv2.resize(frame, upright.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - upright).mean() < 6


NAMES = [
    "12:30",
    "file:x",
    "concat:a|b",
    "v4l2:x",
    "%03d",
    "img%5d",
    "-i",
    "--help",
    "a|b",
    "two\nlines",
    "[a]*?",
    "é ü 片",
    "'\"$(x)",
    " ",
    "a\tb\\",
    os.fsdecode(b"\xff\xfe caf\xe9"),
    "http:",
]


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_files_of_any_name_can_be_read_and_written(tmp_path, monkeypatch, name, suffix):
    monkeypatch.chdir(tmp_path)
    try:
        os.mkdir(name)
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    shutil.move(film(tmp_path / f"plain{suffix}"), name + suffix)
    for folder in (".", name, tmp_path / name):
        out = Path(folder, f"{name}.out{suffix}")
        assert draw_video(name + suffix, out, keep, "off").frames == count_frames(out) == 6
        assert draw_video(out, Path(folder, f"{name}.2{suffix}"), keep, "off").frames == 6
    assert sorted(os.listdir(name)) == sorted([f"{name}.out{suffix}", f"{name}.2{suffix}"])


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
@pytest.mark.parametrize("name", ["12:30.mp4", "-x.mp4", os.fsdecode(b"caf\xe9.mp4")])
def test_the_command_takes_such_names_and_prints_them(tmp_path, name):
    try:
        shutil.move(film(tmp_path / "plain.mp4"), tmp_path / name)
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    dashes = ["--"] if name.startswith("-") else []
    command = [sys.executable, "-m", "stylize", "video", "--style=classic", *dashes, os.fsencode(name)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([*command, os.fsencode(f"{name}.avi")], cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 0 and done.stderr == b"" and done.stdout.startswith(b"wrote "), done.stderr


def test_temporary_names_do_not_stay(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    draw_video(film(tmp_path / "a.mp4"), tmp_path / "b.mp4", keep, "off")
    assert not list((tmp_path / "temporary").iterdir())


def test_it_works_without_room_for_a_temporary_name(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert draw_video(film(tmp_path / "a.mp4"), tmp_path / "b.mp4", keep, "off").frames == 6
    with pytest.raises(VideoError, match="rename it"):
        (tmp_path / "a.mp4").rename(tmp_path / "\udcff.mp4")
        draw_video(tmp_path / "\udcff.mp4", tmp_path / "c.mp4", keep, "off")


def test_an_address_is_not_a_file():
    with pytest.raises(VideoError, match="no such file"):
        VideoReader("http://localhost:9/film.mp4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_what_is_not_a_file_is_reported_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "circle.mp4").symlink_to(tmp_path / "circle.mp4")
    cases = {
        "pipe.mp4": "not a regular file",
        "circle.mp4": "no such file",
        ".": "is a folder",
        "x" * 300: "no such file",
    }
    for name, message in {**cases, "/dev/zero": "not a regular file", "a\0b": "no such file"}.items():
        with pytest.raises(VideoError, match=message):
            draw_video(tmp_path / name, tmp_path / "out.mp4", keep, "off")


@pytest.mark.parametrize("suffix", CODECS)
def test_frames_are_counted_as_they_are_read(tmp_path, suffix):
    path = film(tmp_path / f"film{suffix}", frames=30)
    times = packet_times(path)
    np.testing.assert_allclose(sorted(times), np.arange(30) / 10, atol=1e-3)
    assert count_frames(path) == 30 and len(packet_times(path, 7)) == 7
    with VideoReader(path) as video:
        assert video.expected == 30 == len(list(video)) and video.shortfall() is None


def test_the_number_of_frames_is_known_before_the_first_is_drawn(tmp_path, monkeypatch):
    bars = []

    def bar(**options):
        bars.append(options["total"])
        return tqdm(**options)

    from tqdm import tqdm

    monkeypatch.setattr("stylize.video.tqdm", bar)
    asked = []
    monkeypatch.setattr("stylize.video_reader.VideoReader._read", read_counting(asked))

    def draw(frame):
        assert bars == [60] and len(asked) <= 62
        return frame

    draw_video(film(tmp_path / "film.mp4", frames=60), tmp_path / "out.mp4", draw, "off")


def read_counting(asked):
    read = VideoReader._read

    def counted(self):
        asked.append(1)
        return read(self)

    return counted


def cut_short(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".webm"])
def test_a_video_that_breaks_off_is_drawn_that_far_with_a_warning(tmp_path, capsys, suffix):
    source = cut_short(film(tmp_path / f"film{suffix}", frames=200, height=32, width=32), 0.4)
    drawn = draw_video(source, tmp_path / "out.mp4", keep, "off")
    assert 20 < drawn.frames < 180
    assert drawn.warnings == [
        f"{source}: {drawn.frames} of about 200 frames could be read; the rest is damaged or missing"
    ]
    status, _, stderr = run(capsys, source, tmp_path / "again.mp4")
    assert status == 1 and "of about 200 frames" in stderr


def test_a_video_without_a_whole_frame_is_refused(tmp_path):
    data = bytearray(film(tmp_path / "film.mp4").read_bytes())
    start = data.index(b"mdat") + 4
    data[start : data.index(b"moov") - 4] = bytes(data.index(b"moov") - 4 - start)
    (tmp_path / "film.mp4").write_bytes(data)
    with pytest.raises(VideoError, match="no frame can be read"):
        draw_video(tmp_path / "film.mp4", tmp_path / "out.mp4", keep, "off")


def test_a_frame_too_large_for_memory_is_refused_by_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr("stylize.video_reader.MOST_PIXELS", 6000)
    monkeypatch.setattr(VideoReader, "_read", None)  # nothing is decoded
    with pytest.raises(VideoError, match="96 x 64 pixels is too large"):
        VideoReader(film(tmp_path / "film.mkv"))


@pytest.mark.parametrize("suffix", CODECS)
def test_only_what_the_command_drew_is_replaced(tmp_path, capsys, suffix):
    source, other = film(tmp_path / f"a{suffix}"), film(tmp_path / f"b{suffix}", frames=9)
    before = other.read_bytes()
    status, _, stderr = run(capsys, source, other)
    assert status == 2 and "--overwrite" in stderr
    assert other.read_bytes() == before
    out = tmp_path / f"out{suffix}"
    for _ in range(2):  # over its own
        assert run(capsys, source, out)[0] == 0
        assert read_mark(out) == "stylize video" and count_frames(out) == 6
        with VideoReader(out) as video:
            assert len(list(video)) == 6
    with pytest.raises(FileError, match="--overwrite"):
        draw_video(source, out, keep, "off", command="demos.cartoonize apply")
    assert run(capsys, source, other, "--overwrite")[0] == 0
    assert read_mark(other) == "stylize video"


def test_an_input_is_never_the_output_by_any_name(tmp_path):
    source = film(tmp_path / "film.mp4")
    before = source.read_bytes()
    (tmp_path / "link.mp4").symlink_to(source)
    os.link(source, tmp_path / "hard.mp4")
    for out in (source, tmp_path / "link.mp4", tmp_path / "hard.mp4", tmp_path / "." / "film.mp4"):
        for overwrite in (False, True):
            with pytest.raises(FileError):
                draw_video(source, out, keep, "off", overwrite=overwrite)
    with pytest.raises(FileError):
        draw_video(tmp_path / "link.mp4", source, keep, "off", overwrite=True)
    assert source.read_bytes() == before


def test_a_shell_s_list_of_videos_is_refused_in_plain_words(tmp_path, capsys):
    names = [film(tmp_path / f"{name}.mp4") for name in "abc"]
    before = [path.read_bytes() for path in names]
    status, _, stderr = run(capsys, *names)
    assert status == 2 and "takes one video and the name of its cartoon" in stderr
    assert [path.read_bytes() for path in names] == before


def test_a_misspelt_input_is_named_whether_or_not_the_output_exists(tmp_path, capsys):
    for out in (tmp_path / "new.mp4", film(tmp_path / "old.mp4")):
        status, _, stderr = run(capsys, tmp_path / "typo.mp4", out)
        assert status == 2 and "typo.mp4: no such file" in stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a script as a program")
def test_sound_keeps_its_head_start_over_the_pictures(tmp_path, monkeypatch):
    """Stand-ins for ffprobe, which prints when pictures and file begin, and for ffmpeg, which records its arguments."""
    video = film(tmp_path / "drawn.mp4")
    for name, script in {
        "ffprobe": "#!/bin/sh\necho 3.250000\necho 1.000000\n",
        "ffmpeg": f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit 1\n',
    }.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    carry_sound(tmp_path / "film.mp4", video)
    assert f"-itsoffset 2.250000 -i {video} -i {tmp_path}/film.mp4" in (tmp_path / "asked").read_text()
    (tmp_path / "ffprobe").write_text("#!/bin/sh\necho N/A\n")
    carry_sound(tmp_path / "film.mp4", video)
    assert "-itsoffset 0.000000" in (tmp_path / "asked").read_text()


@needs_ffmpeg
def test_a_long_still_with_sound_is_not_the_end(tmp_path):
    """OpenCV by itself stops after 4096 packets of sound without a picture."""
    path = tmp_path / "film.mkv"
    pictures = "color=size=32x32:rate=10:duration=100,select='lt(n,5)+gt(n,995)'"
    sound = "anoisesrc=duration=100:sample_rate=48000"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound]
    command += ["-fps_mode", "passthrough", "-c:v", "ffv1", "-c:a", "adpcm_ima_wav", "-block_size", "256"]
    subprocess.run([*command, path], check=True)
    with VideoReader(path) as video:
        assert len(list(video)) == video.expected == len(packet_times(path)) == 9


@needs_ffmpeg
@pytest.mark.parametrize("out", CODECS)
def test_sound_and_pictures_end_together(tmp_path, capsys, out):
    """Irregular pictures for 3.8 s, which start 0.5 s into 6 s of sound; players keep showing the last one."""
    pictures = retime(numbered(tmp_path / "pictures.mp4"), TIMES)
    tone = ["-f", "lavfi", "-i", "sine=duration=6"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-itsoffset", "0.5", "-i", pictures, *tone, "-c:v", "copy", tmp_path / "film.mp4"],
        check=True,
    )
    _, stdout, _ = run(capsys, tmp_path / "film.mp4", tmp_path / f"out{out}")
    assert "with the sound" in stdout and read_mark(tmp_path / f"out{out}") == "stylize video"
    asked = ["ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries"]
    times = {}
    for kind in "va":
        said = subprocess.run(
            [*asked, "packet=pts_time", "-select_streams", kind, tmp_path / f"out{out}"], capture_output=True, text=True
        ).stdout.replace(",", " ")
        found = sorted(float(time) for time in said.split() if time != "N/A")
        times[kind] = found[0], found[-1]
    if out != ".avi":  # which has no times; its first picture fills the half second
        assert times["v"][0] - times["a"][0] == pytest.approx(0.5, abs=0.05)
    assert times["v"][1] - times["a"][0] == pytest.approx(0.5 + TIMES[-1], abs=0.08)
    assert times["a"][1] - times["a"][0] == pytest.approx(6, abs=0.1)
