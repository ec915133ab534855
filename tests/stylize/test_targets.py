"""No command replaces an input or a file that it did not write, and each checks this before it starts work."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylize import build_dataset, read_image
from stylize.__main__ import main
from stylize.formats import WRITABLE
from stylize.images import write_image
from stylize.marks import read_mark

from .pictures import blocks, contents, save, save_blocks

FAST = ("--style", "classic", "--scale", "0.5")


@pytest.fixture
def run(capsys):
    """Run a command: (exit status, stdout, stderr)."""

    def run(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as exit:  # of argparse
            status = exit.code
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def refuse(run):
    """Run a command that must fail; the one line that it prints."""

    def refuse(*arguments):
        status, stdout, stderr = run(*arguments)
        assert (status, stdout, stderr.count("\n")) == (2, "", 1), stderr
        return stderr

    return refuse


@pytest.mark.parametrize("ending", [*WRITABLE, *map(str.upper, WRITABLE)])
def test_two_photos_are_not_a_photo_and_a_cartoon(tmp_path, run, refuse, ending):
    """`stylize image *.jpg` where two files match."""
    for number, name in enumerate("ab"):
        save(tmp_path / f"{name}{ending}", blocks(number))
    photos = sorted(tmp_path.iterdir())
    before = contents(tmp_path)
    said = refuse("image", *photos, *FAST)
    assert photos[1].name in said and "not written by python -m stylize image" in said and "--overwrite" in said
    assert contents(tmp_path) == before
    assert run("image", *photos, *FAST, "--overwrite")[0] == 0
    assert photos[1].read_bytes() != before[photos[1].name] and read_mark(photos[1]) == "stylize image"
    assert photos[0].read_bytes() == before[photos[0].name]


@pytest.mark.parametrize("ending", WRITABLE)
def test_a_cartoon_is_drawn_again(tmp_path, run, ending):
    photo, out = save(tmp_path / "photo.png", blocks()), tmp_path / f"out{ending}"
    assert run("image", photo, out, *FAST)[0] == 0
    first = read_image(out)
    status, _, stderr = run("image", photo, out, "--style", "toon", "--scale", "0.5")
    assert (status, stderr) == (0, "") and (read_image(out) != first).any()
    assert sorted(os.listdir(tmp_path)) == sorted(["photo.png", out.name])


def test_a_cartoon_that_was_edited_is_kept(tmp_path, run, refuse):
    photo, out = save(tmp_path / "photo.png", blocks()), tmp_path / "out.png"
    run("image", photo, out, *FAST)
    with Image.open(out) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(out)
    edited = out.read_bytes()
    assert "not written by" in refuse("image", photo, out, *FAST)
    assert out.read_bytes() == edited


def test_what_another_command_wrote_is_kept(tmp_path, refuse):
    photo, out = save(tmp_path / "photo.png", blocks()), tmp_path / "out.png"
    write_image(out, blocks(), command="stylize check")
    assert "not written by python -m stylize image" in refuse("image", photo, out, *FAST)
    assert read_mark(out) == "stylize check"


@pytest.mark.parametrize("exists", [False, True])
def test_a_misspelt_photo_is_named_whether_or_not_the_cartoon_exists(tmp_path, refuse, exists):
    out = save(tmp_path / "out.png", blocks()) if exists else tmp_path / "out.png"
    assert "typo.jpg" in refuse("image", tmp_path / "typo.jpg", out) and "Traceback" not in refuse(
        "image", tmp_path / "deep" / "typo.jpg", out
    )
    assert "x" * 300 in refuse("image", tmp_path / ("x" * 300), out)


@pytest.mark.parametrize("count", [3, 12])
def test_many_photos_get_advice(tmp_path, refuse, count):
    photos = sorted(save_blocks(tmp_path, count).iterdir())
    before = contents(tmp_path)
    said = refuse("image", *photos)
    for part in ("one photo", f"{count} names", "demos.cartoonize apply", "for photo in *.jpg; do"):
        assert part in said
    assert contents(tmp_path) == before
    assert said == refuse("image", "--style", "anime", *photos) == refuse("image", *photos, "--scale", "2")


def test_the_target_is_checked_before_the_work(tmp_path, refuse, monkeypatch):
    monkeypatch.setattr("stylize.commands.image.stylize", lambda *_, **__: pytest.fail("drawn first"))
    photo, out = save(tmp_path / "photo.png", blocks()), save(tmp_path / "mine.png", blocks())
    refuse("image", photo, out)
    refuse("image", photo, tmp_path / "missing" / "out.png")
    assert ".gif" in refuse("image", photo, tmp_path / "out.gif")
    (tmp_path / "folder.png").mkdir()
    refuse("image", photo, tmp_path / "folder.png", "--overwrite")


@pytest.mark.skipif(sys.platform == "win32", reason="makes POSIX links and pipes")
def test_the_photo_is_never_the_target(tmp_path, refuse, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo = save(Path("photo.png"), blocks())
    before = photo.read_bytes()
    os.link(photo, "hard.png")
    Path("link.png").symlink_to(photo)
    for name in ("photo.png", "./photo.png", tmp_path / "photo.png", "hard.png", "link.png"):
        for extra in ((), ("--overwrite",)):
            assert "is the input itself" in refuse("image", "photo.png", name, *FAST, *extra)
    os.mkfifo("pipe.png")
    assert "not a regular file" in refuse("image", "pipe.png", "out.png")
    assert "not a regular file" in refuse("image", "photo.png", "pipe.png", "--overwrite")
    assert photo.read_bytes() == before and Path("link.png").is_symlink()


def test_preprocessing_sees_transparency_on_white(tmp_path, run):
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, :32] = 255
    photo = save(tmp_path / "photo.png", np.dstack([blocks(), alpha]))
    assert run("image", photo, tmp_path / "a.png", *FAST, "--preprocess", "grey")[0] == 0
    white = save(tmp_path / "white.png", np.where(alpha[..., None] > 0, blocks(), np.uint8(255)))
    assert run("image", white, tmp_path / "b.png", *FAST, "--preprocess", "grey")[0] == 0
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), read_image(tmp_path / "b.png"))


def test_a_contact_sheet_replaces_only_a_contact_sheet(tmp_path, run, refuse):
    build_dataset([save_blocks(tmp_path / "photos", 3)], tmp_path / "pairs", workers=1, style="classic")
    sheet = tmp_path / "pairs-contact-sheet.png"
    for _ in range(2):
        assert run("check", tmp_path / "pairs")[0] == 0
        assert read_mark(sheet) == "stylize check"
    save(sheet, blocks())
    before = sheet.read_bytes()
    assert "not written by python -m stylize check" in refuse("check", tmp_path / "pairs")
    mine = save(tmp_path / "mine.jpg", blocks())
    assert "not written by python -m stylize check" in refuse("check", tmp_path / "pairs", "--sheet", mine)
    assert ".doc" in refuse("check", tmp_path / "pairs", "--sheet", tmp_path / "sheet.doc")
    assert sheet.read_bytes() == before
    assert run("check", tmp_path / "pairs", "--overwrite")[0] == 0 and read_mark(sheet) == "stylize check"


@pytest.mark.parametrize("command", ["image", "check"])
def test_the_option_has_the_same_words_everywhere(run, command):
    words = " ".join(run(command, "--help")[1].split())
    assert "--overwrite replace any file (without it, a command replaces only its own earlier output)" in words
