"""Trims that hide pictures instead of removing them, as phones and `ffmpeg -c copy` make them, are whole videos."""

import shutil
import struct
import subprocess

import numpy as np
import pytest

from stylize import draw_video
from stylize.edit_list import edited_length
from stylize.sound import carry_sound
from stylize.video_reader import VideoReader
from stylize.video_writer import CODECS

from .films import film, index_first, numbered, numbers, retime, trimmed


def probed(path, entry, *options):
    command = ["ffprobe", "-v", "error", *options, "-of", "csv=p=0", "-show_entries", entry, path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip(",\n")


def duration(path):
    return float(probed(path, "format=duration"))


def keep(frame):
    return frame


@pytest.mark.parametrize(
    ("edits", "wanted"),
    [
        ([(0, 3)], range(30)),
        ([(0.9, 3)], range(9, 30)),
        ([(0, 1.5)], range(15)),
        ([(0.9, 2)], range(9, 20)),
        ([(2.8, 3)], range(28, 30)),
        ([(None, 1), (0.9, 2)], range(9, 20)),
        ([(0, 1), (1.9, 2.8)], [*range(10), *range(19, 28)]),
    ],
)
def test_a_trim_is_a_whole_video(tmp_path, edits, wanted):
    """Key frames are twelve frames apart, so that most of these hide some at the beginning and at the end."""
    source = trimmed(numbered(tmp_path / "film.mp4", frames=30), *edits)
    with VideoReader(source) as video:
        assert (video.expected, video.fps) == (len(wanted), pytest.approx(10))
        assert len(list(video)) == len(wanted) and video.shortfall() is None
    assert draw_video(source, tmp_path / "out.mkv", keep, "off").warnings == []
    assert numbers(tmp_path / "out.mkv")[0] == list(wanted)


def test_a_small_part_of_a_long_video_is_whole(tmp_path):
    """Its header still counts the pictures of the whole video."""
    source = trimmed(film(tmp_path / "film.mp4", frames=400, height=32, width=32), (1.5, 4))
    drawn = draw_video(source, tmp_path / "out.avi", keep, "off")
    assert (drawn.frames, drawn.warnings) == (25, [])


def test_a_trim_with_irregular_times_holds_its_last_picture(tmp_path):
    times = [0, 0.1, 0.2, 0.3, 2.3, 2.4, 2.5, 2.6, 2.7, 3.0, 3.7, 3.8]
    source = retime(numbered(tmp_path / "film.mp4"), times, end=9)
    source.write_bytes(source.read_bytes().replace(b"free\0\0\0\x1celst", b"edts\0\0\0\x1celst"))  # see retime
    trimmed(source, (0.3, 9))
    drawn = draw_video(source, tmp_path / "out.mkv", keep, "off")
    found, fps = numbers(tmp_path / "out.mkv")
    assert drawn.warnings == [] and sorted(set(found)) == list(range(3, 12))
    assert max(abs(found.index(i) / fps - (times[i] - 0.3)) for i in range(3, 12)) < 0.04
    assert len(found) / fps == pytest.approx(8.7, abs=0.06)


@pytest.mark.parametrize("edits", [[(0, 20)], [(1.5, 20)], [(1.5, 18)]])
def test_a_trim_that_breaks_off_is_said(tmp_path, edits):
    source = index_first(trimmed(film(tmp_path / "film.mp4", frames=200, height=32, width=32), *edits))
    data = source.read_bytes()
    media = data.index(b"mdat")
    source.write_bytes(data[: media + (len(data) - media) * 2 // 5])
    with VideoReader(source) as video:
        read, wanted = len(list(video)), round(10 * edited_length(source))
        assert 20 < read < 120
        assert f"{read} of about {wanted} frames could be read" in video.shortfall()


@pytest.mark.parametrize("edits", [[(0, 20)], [(1.5, 20)], [(1.5, 18)]])
def test_a_trim_that_is_damaged_in_the_middle_is_said(tmp_path, edits):
    source = trimmed(film(tmp_path / "film.mp4", frames=200, height=32, width=32), *edits)
    data = bytearray(source.read_bytes())
    media, size = data.index(b"mdat"), data.index(b"moov") - data.index(b"mdat")
    data[media + size // 3 : media + size // 2] = bytes(size // 2 - size // 3)
    source.write_bytes(data)
    with VideoReader(source) as video:
        read, wanted = len(list(video)), round(10 * edited_length(source))
        assert 0.2 * wanted < read < 0.9 * wanted
        assert f"{read} of about {wanted} frames could be read" in video.shortfall()


def test_a_trim_of_a_video_shot_upright(tmp_path):
    """As phones make it: turned by the display matrix, its beginning hidden."""
    source = trimmed(numbered(tmp_path / "film.mp4", frames=30), (0.9, 2))
    with VideoReader(source) as video:
        lying = list(video)
    data = bytearray(source.read_bytes())
    struct.pack_into(">9i", data, data.index(b"tkhd") + 44, 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)
    source.write_bytes(data)
    with VideoReader(source) as video:
        assert video.expected == 11
        for frame, upright in zip(lying, video, strict=True):
            np.testing.assert_array_equal(upright, np.rot90(frame, -1))
        assert video.shortfall() is None


def test_the_length_is_that_of_the_edits(tmp_path):
    source = numbered(tmp_path / "film.mp4", frames=30)
    assert edited_length(source) == pytest.approx(3)
    for edits, length in {((0.9, 2.5),): 1.6, ((None, 2), (0.5, 1), (2, 3)): 1.5, ((0, 0),): None}.items():
        assert edited_length(trimmed(source, *edits)) == (length and pytest.approx(length))
    for suffix in {*CODECS} - {".mp4"}:
        assert edited_length(film(tmp_path / f"film{suffix}")) is None


def test_a_damaged_index_has_no_length_and_does_not_crash(tmp_path):
    data = numbered(tmp_path / "film.mp4").read_bytes()
    broken, index = tmp_path / "broken.mp4", data.index(b"moov")
    rng = np.random.default_rng(0)
    for end in rng.integers(0, len(data), 50):
        broken.write_bytes(data[:end])
        assert edited_length(broken) in (None, pytest.approx(1.2))
    for _ in range(200):
        damaged = bytearray(data)
        for at in rng.integers(index, len(data), 8):
            damaged[at] = rng.integers(256)
        broken.write_bytes(damaged)
        assert edited_length(broken) is None or edited_length(broken) > 0


@pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("where", [["-ss", "1.3"], ["-ss", "1.3", "-t", "2"], ["-t", "2.1"]])
def test_what_ffmpeg_cuts_without_encoding(tmp_path, suffix, where):
    """With frames that refer to later ones, which are in the file in another order."""
    film_with_sound = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:d=6", "-f", "lavfi", "-i", "sine=d=6"]
    encoded = ["-c:v", "mpeg4", "-bf", "2", "-g", "50", "-c:a", "aac"]
    run = ["ffmpeg", "-v", "error"]
    subprocess.run([*run, *film_with_sound, *encoded, tmp_path / "film.mp4"], check=True)
    cut = tmp_path / f"cut{suffix}"
    subprocess.run([*run, *where, "-i", tmp_path / "film.mp4", "-c", "copy", cut], check=True)
    count = int(probed(cut, "stream=nb_read_frames", "-count_frames", "-select_streams", "v"))
    with VideoReader(cut) as video:
        assert len(list(video)) == count and video.shortfall() is None
        assert video.expected == video.frames
    draw_video(cut, tmp_path / "out.mkv", keep, "off")
    carry_sound(cut, tmp_path / "out.mkv")
    assert duration(tmp_path / "out.mkv") == pytest.approx(duration(cut), abs=0.06)
