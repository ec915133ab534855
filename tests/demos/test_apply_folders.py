"""python -m demos.cartoonize apply on real-world folders, run repeatedly, with the weights of the project."""

import os
import random
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from demos.cartoonize import apply
from demos.cartoonize.apply import cartoonize, name_cartoons
from demos.cartoonize.recipe import SHIPPED
from demos.cartoonize.weights import load_generator
from stylize import read_image, write_image
from stylize.marks import command_of, read_mark

from .runner import call_here, refused

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="makes POSIX links and pipes")


def photo(path, seed=0, mode="RGB"):
    """A small picture of large blocks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse.repeat(8, axis=0).repeat(8, axis=1)).convert(mode).save(path)
    return path


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def drawn(monkeypatch):
    """The photos that are passed to the network, which is not run."""
    seen = []
    monkeypatch.setattr(apply, "draw", lambda image, *_: seen.append(image) or 255 - image)
    return seen


def test_apply_in_a_folder_of_photos_is_the_same_any_number_of_times(tmp_path, monkeypatch):
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "deep" / "b.png", 1)
    monkeypatch.chdir(tmp_path)
    status, stdout, stderr = call_here("apply", ".")
    assert (status, stderr) == (0, "") and "2 cartoons in cartoons" in stdout
    first = contents(tmp_path)
    assert sorted(first) == ["a.jpg", "cartoons/a.jpg", "cartoons/deep/b.png", "deep/b.png"]
    for _ in range(2):
        assert call_here("apply", ".")[0] == 0
        assert contents(tmp_path) == first


def test_two_albums_with_photos_of_one_name_keep_both_cartoons(tmp_path, drawn):
    for number, album in enumerate("ab"):
        photo(tmp_path / album / "IMG_0001.jpg", number)
    out = tmp_path / "cartoons"
    for _ in range(2):  # the second time, each replaces its own
        for album in "ab":
            assert call_here("apply", tmp_path / album, "--out", out)[0] == 0
        assert sorted(os.listdir(out)) == ["IMG_0001-2.jpg", "IMG_0001.jpg"]
    for album, name in (("a", "IMG_0001.jpg"), ("b", "IMG_0001-2.jpg")):
        difference = np.abs(read_image(out / name).astype(int) - (255 - read_image(tmp_path / album / "IMG_0001.jpg")))
        assert difference.mean() < 10
    photo(tmp_path / "a" / "IMG_0001.jpg", 2)  # edited: its cartoon is replaced
    assert call_here("apply", tmp_path / "a", "--out", out)[0] == 0
    assert sorted(os.listdir(out)) == ["IMG_0001-2.jpg", "IMG_0001.jpg"]


def test_a_cartoon_with_a_number_is_never_written_onto_a_photo(tmp_path, drawn):
    photo(tmp_path / "a" / "IMG.jpg", 0)
    mine = photo(tmp_path / "b" / "IMG.jpg", 1), photo(tmp_path / "c" / "IMG-2.jpg", 2)
    before = [path.read_bytes() for path in mine]
    assert call_here("apply", tmp_path / "a", "--out", tmp_path / "c")[0] == 0
    assert call_here("apply", *mine, "--out", tmp_path / "c", "--overwrite")[0] == 0
    assert [path.read_bytes() for path in mine] == before
    assert sorted(os.listdir(tmp_path / "c")) == ["IMG-2-2.jpg", "IMG-2.jpg", "IMG-3.jpg", "IMG.jpg"]


def test_an_output_folder_that_cannot_be_made_is_said_once(tmp_path):
    for number in range(3):
        photo(tmp_path / "photos" / f"{number}.png", number)
    (tmp_path / "file").touch()
    assert "cannot make the folder" in refused("apply", tmp_path / "photos", "--out", tmp_path / "file")


@pytest.mark.parametrize("out", [".", "new/er", "deep/../new"])
def test_wherever_the_cartoons_go(tmp_path, monkeypatch, drawn, out):
    for number, name in enumerate(["a.jpg", "a.png", "b.gif", "b.webp", "deep/a.jpg", "deep/c.bmp", "a-2.jpg"]):
        photo(tmp_path / name, number)
    photos = contents(tmp_path)
    monkeypatch.chdir(tmp_path)
    for run in range(3):
        status, _, stderr = call_here("apply", ".", "--out", out)
        assert status == 0, stderr
        now = contents(tmp_path)
        if run == 0:
            first = now
            count = len(drawn)
        assert now == first and len(drawn) == count * (run + 1)
    assert photos.items() <= first.items()  # all as they were
    assert len(first) == len(photos) + count
    marked = [name for name in first if read_mark(tmp_path / name)]
    assert len(marked) == count


def test_an_output_folder_that_holds_photos(tmp_path, drawn):
    photo(tmp_path / "a.png")
    photo(tmp_path / "b.png", 1)
    mine = photo(tmp_path / "out" / "b.png", 2)
    before = mine.read_bytes()
    for _ in range(2):
        status, _, stderr = call_here("apply", tmp_path, "--out", tmp_path / "out")
        assert status == 1 and f"skipped {mine} exists and was not written" in stderr
        assert sorted(os.listdir(tmp_path / "out")) == ["a.png", "b.png"] and mine.read_bytes() == before


def test_photos_in_the_output_folder_are_said_to_be_left_out(tmp_path, drawn):
    photo(tmp_path / "a.png")
    mine = [photo(tmp_path / "2024" / name, seed) for seed, name in enumerate(["b.png", "summer/c.jpg"], 1)]
    before = [path.read_bytes() for path in mine]
    for _ in range(2):  # the cartoon of the first run is not among them
        status, _, stderr = call_here("apply", tmp_path, "--out", tmp_path / "2024")
        assert status == 1 and stderr.count("\n") == 1 and f"left out 2 pictures in {tmp_path / '2024'}" in stderr
    status, _, stderr = call_here("apply", tmp_path, tmp_path / "2024", "--out", tmp_path / "2024")
    assert status == 0 and "picture" not in stderr
    assert [path.read_bytes() for path in mine] == before and len(drawn) == 5


def test_cartoons_among_the_photos_are_left_out_and_said_once(tmp_path, drawn):
    photo(tmp_path / "a.png")
    for number in range(3):
        write_image(tmp_path / f"cartoon-{number}.png", read_image(tmp_path / "a.png"), command="stylize image")
    status, _, stderr = call_here("apply", tmp_path, "--out", tmp_path / "out")
    assert status == 0 and len(drawn) == 1
    assert stderr.count("\n") == 1 and "left out 3 cartoons drawn before" in stderr
    named = tmp_path / "cartoon-1.png"
    status, _, stderr = call_here("apply", named, "--out", tmp_path / "out")  # it is meant
    assert (status, stderr) == (0, "") and (tmp_path / "out" / "cartoon-1.png").exists()
    (tmp_path / "cartoons").mkdir()
    named.replace(tmp_path / "cartoons" / "only.png")
    assert "no photos in" in refused("apply", tmp_path / "cartoons", "--out", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_files_that_it_did_not_write_are_kept(tmp_path, drawn):
    photo(tmp_path / "in" / "a.jpg")
    photo(tmp_path / "in" / "b.jpg", 1)
    mine = photo(tmp_path / "out" / "b.jpg", 2)
    before = mine.read_bytes()
    status, stdout, stderr = call_here("apply", tmp_path / "in", "--out", tmp_path / "out")
    assert status == 1 and "1 cartoon in" in stdout and "1 skipped" in stdout
    assert stderr.count("\n") == 1 and f"skipped {mine} exists and was not written" in stderr
    assert mine.read_bytes() == before and len(drawn) == 1
    status, stdout, stderr = call_here("apply", tmp_path / "in", "--out", tmp_path / "out", "--overwrite")
    assert (status, stderr) == (0, "") and command_of(read_mark(mine)) == "demos.cartoonize apply"


def test_names_depend_on_the_photos_alone(tmp_path):
    photos = (
        *("x/a.gif", "x/a.png", "x/a-2.png", "y/a.png", "y/A.PNG", "y/deep/a.png", "x/a.heic"),
        *("x/STRASSE.jpg", "y/straße.jpg", "x/e\u0301.png", "y/\u00e9.png"),
    )
    places = {Path(name): Path(name).relative_to(name[0]) for name in photos}
    names = name_cartoons(places, tmp_path)
    assert list(names) == list(places)
    one_case = {str(target).casefold().replace("e\u0301", "\u00e9") for target in names.values()}
    assert len(one_case) == len(names)
    assert {names[Path(name)].name for name in ("x/a.png", "y/A.PNG", "y/a.png")} == {"A.PNG", "a-3.png", "a-4.png"}
    assert names[Path("x/a-2.png")] == tmp_path / "a-2.png"
    assert names[Path("y/deep/a.png")] == tmp_path / "deep" / "a.png"
    for seed in range(5):
        mixed = list(places.items())
        random.Random(seed).shuffle(mixed)
        assert name_cartoons(dict(mixed), tmp_path) == names, f"seed {seed}"
    for target in names.values():
        target.parent.mkdir(exist_ok=True)
        target.touch()
    assert name_cartoons(places, tmp_path) == names  # whatever already exists


def test_a_photo_named_twice_is_drawn_once(tmp_path, drawn):
    a = photo(tmp_path / "a.png")
    status, stdout, _ = call_here("apply", tmp_path, a, tmp_path / "." / "a.png", "--out", tmp_path / "out")
    assert status == 0 and "1 cartoon in" in stdout and os.listdir(tmp_path / "out") == ["a.png"]


@needs_links
def test_photos_are_never_overwritten_through_links(tmp_path, drawn):
    """Photos are never written to, whatever links to them from the output folder."""
    for number, name in enumerate(["a.png", "b.png", "c.png", "deep/d.png"]):
        photo(tmp_path / "in" / name, number)
    photo(tmp_path / "also" / "deep" / "d.png", 8)  # its cartoon would go to out/deep/d.png, which is in/deep/d.png
    photo(tmp_path / "other.png", 9)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").symlink_to("../in/a.png")
    os.link(tmp_path / "in" / "b.png", out / "b.png")
    (out / "c.png").symlink_to("../other.png")
    (out / "deep").symlink_to("../in/deep")
    before = contents(tmp_path / "in")
    for extra in ((), ("--overwrite",)):
        call_here("apply", tmp_path / "in", tmp_path / "also", "--out", out, *extra)
        now = contents(tmp_path / "in")
        assert {name: now[name] for name in before} == before
        assert read_mark(tmp_path / "other.png") is None


@needs_links
def test_a_line_end_in_a_name_makes_no_second_line(tmp_path, drawn):
    a, out = photo(tmp_path / "a.png"), tmp_path / "two\nlines"
    status, stdout, _ = call_here("apply", a, "--out", out)
    assert status == 0 and stdout.count("\n") == 1 and "two\\nlines" in stdout and (out / "a.png").exists()


@needs_links
@pytest.mark.parametrize("kind", ["pipe", "device", "missing"])
def test_what_cannot_be_read_is_one_line(tmp_path, kind):
    if kind == "pipe":
        os.mkfifo(tmp_path / "a.jpg")
    elif kind == "device":
        (tmp_path / "a.jpg").symlink_to("/dev/zero")
    expected = "no such file" if kind == "missing" else "not a regular file"
    assert expected in refused("apply", tmp_path / "a.jpg", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_skipped_files_are_named_and_change_the_exit_status(tmp_path, drawn):
    photo(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "gone.png").symlink_to("nowhere")
    status, stdout, stderr = call_here("apply", tmp_path / "in", "--out", tmp_path / "out")
    assert status == 1 and "1 cartoon in" in stdout
    assert stderr.count("\n") == 1 and "1 broken link" in stderr and "gone.png" in stderr


@pytest.mark.parametrize(
    "error", [cv2.error("too\nlarge"), MemoryError(), OverflowError("x"), ValueError("y"), OSError(5, "z")]
)
def test_a_photo_that_makes_a_library_fail_is_skipped(tmp_path, monkeypatch, error):
    for number, name in enumerate("abc"):
        photo(tmp_path / "in" / f"{name}.png", number)
    middle = read_image(tmp_path / "in" / "b.png")

    def fail(image, *_):
        if np.array_equal(image, middle):
            raise error
        return image

    monkeypatch.setattr(apply, "draw", fail)
    status, stdout, stderr = call_here("apply", tmp_path / "in", "--out", tmp_path / "out")
    assert status == 1 and "2 cartoons" in stdout and "1 skipped" in stdout
    assert stderr.count("\n") == 1 and "b.png" in stderr and type(error).__name__ in stderr
    assert sorted(os.listdir(tmp_path / "out")) == ["a.png", "c.png"]


def test_an_output_that_is_not_a_folder(tmp_path, drawn):
    a, file = photo(tmp_path / "a.png"), tmp_path / "file"
    file.touch()
    for out in (file, file / "deep"):
        status, _, stderr = call_here("apply", a, "--out", out)
        assert status == 2 and "cannot make the folder" in stderr and "Traceback" not in stderr
    assert file.read_bytes() == b""


@pytest.mark.parametrize("mode", ["L", "1", "LA", "I;16"])
def test_grey_photos_stay_grey(tmp_path, mode):
    grey = photo(tmp_path / "grey.png", mode="L" if mode == "I;16" else mode)
    if mode == "I;16":
        Image.fromarray(np.asarray(Image.open(grey)).astype(np.uint16) * 257).save(grey)
    assert call_here("apply", tmp_path, "--out", tmp_path / "out")[0] == 0
    cartoon = read_image(tmp_path / "out" / "grey.png")
    assert (cartoon == cartoon[..., :1]).all() and cartoon.std() > 5


def test_grey_is_the_luma_of_what_the_network_draws(monkeypatch):
    rng = np.random.default_rng(0)
    painted = rng.integers(0, 256, (40, 48, 3), dtype=np.uint8)
    monkeypatch.setattr(apply, "draw", lambda *_: painted)
    grey = rng.integers(0, 256, (40, 48, 1), dtype=np.uint8).repeat(3, axis=2)
    luma = painted @ np.array([0.299, 0.587, 0.114])
    assert np.abs(cartoonize(grey, None, 40, 1.0, "cpu") - luma[..., None]).max() <= 0.51
    compressed = grey.copy()  # a channel may be off by as much as compression and colour profiles make it
    compressed[7, 9, 1] = np.clip(int(grey[7, 9, 1]) + 3, 3, 252)
    assert np.ptp(cartoonize(compressed, None, 40, 1.0, "cpu"), axis=2).max() == 0
    coloured = grey.copy()
    coloured[7, 9] = 100, 104, 100
    np.testing.assert_array_equal(cartoonize(coloured, None, 40, 1.0, "cpu"), painted)


def test_a_coloured_photo_keeps_its_colours():
    generator, about = load_generator(SHIPPED)
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, :, 0] = 200
    cartoon = cartoonize(rgb, generator, about.strokes, 1.0, "cpu")
    assert cartoon[..., 0].mean() > cartoon[..., 1].mean() + 30
