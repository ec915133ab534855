"""Marks are found again, are invisible to readers of pictures and videos, and no longer count after an edit."""

import io
import json
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from PIL import Image

from stylize.images import write_image
from stylize.marks import read_mark, write_mark

from .pictures import blocks, save

MINE = "stylize image"
PICTURES = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
VIDEOS = {"mp4": "mp4v", "mov": "mp4v", "mkv": "mp4v", "webm": "VP80", "avi": "MJPG"}


def look(path):
    """RGB, as Pillow reads it."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def animation():
    """Ten frames."""
    return [np.ascontiguousarray(np.roll(blocks(), 4 * shift, axis=1)) for shift in range(10)]


def film(path, code):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip(f"this OpenCV cannot write {path.suffix}")
    for frame in animation():
        writer.write(frame)
    writer.release()


def frames(path):
    video = cv2.VideoCapture(str(path))
    found = []
    while (frame := video.read()[1]) is not None:
        found.append(frame)
    video.release()
    return np.array(found)


def probed(path):
    """What ffprobe reads, and its complaints."""
    if not shutil.which("ffprobe"):
        return None
    show = "stream=nb_read_frames,width,height,codec_name,duration"
    command = ["ffprobe", "-v", "warning", "-count_frames", "-of", "json", "-show_entries", show, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    complaints = [line.split("] ")[-1] for line in done.stderr.splitlines()]  # without addresses in memory
    return done.returncode, complaints, json.loads(done.stdout)["streams"]


@pytest.mark.parametrize("writer", ["Pillow", "OpenCV"])
@pytest.mark.parametrize("ending", PICTURES)
def test_pictures(tmp_path, ending, writer):
    path = tmp_path / f"a.{ending}"
    if writer == "Pillow":
        save(path, blocks())
    elif not cv2.haveImageWriter(str(path)):
        pytest.skip(f"this OpenCV cannot write .{ending}")
    else:
        cv2.imwrite(str(path), blocks())
    assert read_mark(path) is None
    seen, read, probe = look(path), cv2.imread(str(path)), probed(path)
    write_mark(path, MINE)
    assert read_mark(path) == MINE
    np.testing.assert_array_equal(look(path), seen)
    np.testing.assert_array_equal(cv2.imread(str(path)), read)
    assert probed(path) == probe


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}, {"quality": 30}]
)
def test_jpegs_of_many_kinds(tmp_path, options):
    path = save(tmp_path / "a.jpg", blocks(), **options)
    seen = look(path)
    write_mark(path, MINE)
    np.testing.assert_array_equal(look(path), seen)
    assert read_mark(path) == MINE


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_animations_keep_their_frames(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    first, *others = map(Image.fromarray, animation())
    first.save(path, save_all=True, append_images=others, lossless=True)
    write_mark(path, MINE)
    with Image.open(path) as image:
        assert image.n_frames == 10
        image.seek(9)
        image.load()
    assert read_mark(path) == MINE


@pytest.mark.parametrize(("ending", "code"), VIDEOS.items())
def test_videos(tmp_path, ending, code):
    path = tmp_path / f"a.{ending}"
    film(path, code)
    seen, probe = frames(path), probed(path)
    assert len(seen) == 10 and read_mark(path) is None
    write_mark(path, "demos.cartoonize apply")
    np.testing.assert_array_equal(frames(path), seen)
    assert probed(path) == probe
    assert read_mark(path) == "demos.cartoonize apply"


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tif"])
def test_a_mark_survives_a_copy_under_any_name(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    write_image(path, blocks(), command=MINE)
    for name in (f"b.{ending}", "c.dat", "d"):
        shutil.copy(path, tmp_path / name)
        assert read_mark(tmp_path / name) == MINE


def saved_again(path):
    """As by an editor that keeps the comments it knows."""
    with Image.open(path) as image:
        image.load()
    kept = {name: image.info[name] for name in ("comment",) if name in image.info}
    image.save(path, **kept)


def with_one_bit_changed(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def with_something_inserted(path):
    data = path.read_bytes()
    path.write_bytes(data[:40] + b"caption" + data[40:])


def with_something_added(path):
    path.write_bytes(path.read_bytes() + b"a caption that some program adds")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-30])


def cut_at_the_start(path):
    path.write_bytes(path.read_bytes()[1:])


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tif"])
@pytest.mark.parametrize(
    "edit",
    [saved_again, with_one_bit_changed, with_something_inserted, with_something_added, cut_short, cut_at_the_start],
)
def test_whoever_edits_a_picture_makes_it_theirs(tmp_path, ending, edit):
    path = tmp_path / f"a.{ending}"
    write_image(path, blocks(), command=MINE)
    assert read_mark(path) == MINE
    edit(path)
    assert read_mark(path) is None


def test_a_mark_written_twice(tmp_path):
    path = save(tmp_path / "a.png", blocks())
    write_mark(path, MINE)
    write_mark(path, "stylize check")
    assert read_mark(path) == "stylize check"
    np.testing.assert_array_equal(look(path), blocks())


def test_the_lengths_stored_in_files_stay_true(tmp_path):
    for ending, at, left_out in (("bmp", 2, 0), ("webp", 4, 8)):
        path = save(tmp_path / f"a.{ending}", blocks())
        write_mark(path, MINE)
        data = path.read_bytes()
        assert int.from_bytes(data[at : at + 4], "little") == len(data) - left_out


@pytest.mark.parametrize("command", ["", "rm -rf", "a;b", "x" * 200, "ü"])
def test_what_is_not_the_name_of_a_command(tmp_path, command):
    path = save(tmp_path / "a.png", blocks())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not the name of a command"):
        write_mark(path, command)
    assert path.read_bytes() == before


def test_files_of_other_kinds_have_no_marks(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ValueError, match="pictures and videos"):
        write_mark(tmp_path / "a.txt", MINE)
    assert (tmp_path / "a.txt").read_text() == "text"
    for path in (tmp_path / "a.txt", tmp_path, tmp_path / "missing", tmp_path / ("x" * 300)):
        assert read_mark(path) is None


def test_a_comment_that_looks_like_a_mark_does_not_count(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(blocks()).save(buffer, "JPEG", comment=b"written by python -m stylize image")
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    assert read_mark(tmp_path / "a.jpg") is None
