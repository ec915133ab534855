"""python -m stylize, as people start it."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from stylize import build_dataset, stylize
from stylize.__main__ import main

from .films import film
from .pictures import REPOSITORY, blocks, contents, save, save_blocks


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "stylize", *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_image_draws_a_photo_and_keeps_its_transparency(tmp_path):
    rgba = np.dstack([blocks(), np.full((48, 64), 200)]).astype(np.uint8)
    photo = save(tmp_path / "photo.png", rgba)
    done = run("image", photo, tmp_path / "cartoon.png", "--style", "classic", "--scale", "0.5")
    assert (done.returncode, done.stderr) == (0, "") and "cartoon.png" in done.stdout
    expected = np.dstack([stylize(blocks(), "classic", 0.5), rgba[..., 3]])
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "cartoon.png")), expected)


def test_dataset_reports_what_it_made_and_what_it_skipped(tmp_path):
    photos = save_blocks(tmp_path / "photos", 4)
    (photos / "text.jpg").write_text("no pixels")
    done = run("dataset", photos, tmp_path / "out", "--size", 32, "--crops", 2, "--minimum-test", 1)
    assert done.returncode == 0
    assert "train: 6 pairs from 3 photos" in done.stdout or "train: 4 pairs from 2 photos" in done.stdout
    assert str(tmp_path / "out" / "manifest.jsonl") in done.stdout
    assert done.stderr.splitlines() == [
        "stylize: skipped text.jpg: not a readable image (damaged, or another kind of file); copy it again "
        "or leave it out"
    ]  # and no progress bar, as this is no terminal
    again = run("dataset", photos, tmp_path / "out", "--size", 32, "--crops", 2)
    assert again.returncode == 2 and "holds a dataset; add --resume" in again.stderr
    strict = run("dataset", photos, tmp_path / "out", "--size", 32, "--crops", 2, "--resume", "--strict")
    assert strict.returncode == 1 and "0 photos drawn by this run, 1 skipped" in strict.stdout


def test_every_option_of_a_dataset_reaches_it(tmp_path):
    photos = save_blocks(tmp_path / "photos", 5, height=64)
    (photos / "a\nb.png").write_bytes(b"")
    options = ["--style", "pencil", "--set", "line_threshold=0.01", "--preprocess", "rotate=90..90"]
    options += ["--preprocess", "grey", "--short-side", 60, "--strokes", 90, "--size", 24, "--crops", 2, "--flip"]
    options += ["--layout", "folders", "--test-fraction", 0, "--minimum-test", 2, "--val-fraction", 0.1]
    done = run("dataset", photos, tmp_path / "out", *options, "--seed", 3, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "stylize: skipped a\\nb.png: the file is empty (0 bytes); copy it again or leave it out\n"
    assert "val: 4 pairs from 1 photo in" in done.stdout and str(tmp_path / "out" / "B" / "val") in done.stdout
    build_dataset(
        [photos], tmp_path / "same", style="pencil", parameters={"line_threshold": 0.01},
        preprocess=["rotate=90..90", "grey"], short_side=60, strokes=90, size=24, crops=2, flip=True, layout="folders",
        test_fraction=0, minimum_test=2, val_fraction=0.1, seed=3,
    )  # fmt: skip
    assert contents(tmp_path / "out") == contents(tmp_path / "same")


def test_image_preprocesses(tmp_path):
    photo = save(tmp_path / "photo.png", blocks())
    steps = ["--preprocess", "rotate=90", "--preprocess", "grey"]
    done = run("image", photo, tmp_path / "out.png", "--style", "classic", *steps)
    assert done.returncode == 0, done.stderr
    grey = np.asarray(Image.fromarray(np.rot90(blocks())).convert("L").convert("RGB"))
    drawn = np.asarray(Image.open(tmp_path / "out.png")).astype(int)
    assert np.abs(drawn - stylize(grey, "classic")).mean() < 0.1  # two roundings of grey


def test_check_reports_and_exits_with_1_if_something_is_wrong(tmp_path):
    photos = save_blocks(tmp_path / "photos", 4)
    build_dataset([photos], tmp_path / "out")
    before = contents(tmp_path / "out")
    sound = run("check", tmp_path / "out")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert "train: " in sound.stdout and "nothing is wrong" in sound.stdout
    assert (tmp_path / "out-contact-sheet.png").exists() and contents(tmp_path / "out") == before
    next((tmp_path / "out" / "train").iterdir()).write_bytes(b"no picture")
    broken = run("check", tmp_path / "out", "--sheet", tmp_path / "sheet.png")
    assert broken.returncode == 1 and broken.stderr == "" and (tmp_path / "sheet.png").exists()
    assert "wrong: not a readable image" in broken.stdout and "1 fault\n" in broken.stdout


@pytest.mark.parametrize("command", [[], ["image"], ["dataset"], ["check"]])
def test_help(command):
    done = run(*command, "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: stylize")


@pytest.mark.skipif(sys.platform == "win32", reason="such names do not exist there")
def test_a_line_end_in_a_name_makes_no_second_line(tmp_path, capsys):
    photos, folder = save_blocks(tmp_path / "photos", 2), tmp_path / "two\nlines"
    folder.mkdir()
    moving = film(tmp_path / "moving.avi", frames=3)
    for command, lines in (
        (["image", photos / "0.png", folder / "a.png"], 1),
        (["video", moving, folder / "a.avi"], 1),
        (["dataset", photos, folder / "pairs"], 3),
        (["check", folder / "pairs"], 6),
    ):
        assert main(list(map(str, command))) in (0, 1)
        out = capsys.readouterr().out
        assert out.count("\n") == lines and "two\\nlines" in out, out


def test_parameters_of_a_style_are_listed_and_set(tmp_path):
    done = run("styles", "toon")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[:3] for line in done.stdout.splitlines()]
    assert ["tones", "8", "2..64"] in listed
    assert run("styles").stdout.count("line_sigma") > 1
    photo, out = save(tmp_path / "photo.png", blocks()), tmp_path / "out.png"
    done = run("image", photo, out, "--scale", "0.5", "--set", "tones=3", "--set", "chroma=0")
    assert (done.returncode, done.stderr) == (0, "")
    expected = stylize(blocks(), "toon", 0.5, tones=3, chroma=0)
    np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


def mistakes(tmp_path):
    photo = save(tmp_path / "photo.png", blocks())
    (tmp_path / "text.jpg").write_text("no pixels")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out.png"
    return {
        "no command": ([], "COMMAND"),
        "no output": (["image", photo], "OUT"),
        "a missing photo": (["image", tmp_path / "none.jpg", out], "No such file"),
        "a text file": (["image", tmp_path / "text.jpg", out], "not a readable image"),
        "a misspelt style": (["image", photo, out, "--style", "ton"], "did you mean 'toon'"),
        "a misspelt parameter": (["image", photo, out, "--set", "tone=6"], "did you mean 'tones'"),
        "a parameter out of range": (["image", photo, out, "--set", "tones=900"], "whole number in 2..64"),
        "a parameter without a value": (["image", photo, out, "--set", "tones"], "NAME=VALUE"),
        "no such style to list": (["styles", "tooon"], "did you mean 'toon'"),
        "an unknown format": (["image", photo, tmp_path / "out.doc"], ".doc"),
        "the photo itself": (["image", photo, tmp_path / "." / "photo.png"], "is the input itself"),
        "megapixels that are no number": (["image", photo, out, "--max-megapixels", "nan"], "above 0, got nan"),
        "an empty name": (["image", photo, ""], "the name is empty"),
        "a scale of zero": (["image", photo, out, "--scale", "0"], "it needs 0.015625..64"),
        "a missing folder": (["image", photo, tmp_path / "none" / "out.png"], "cannot write"),
        "no photos": (["dataset", tmp_path / "empty", tmp_path / "out"], "no image files"),
        "one photo": (["dataset", photo, tmp_path / "out"], "train and test need 2"),
        "a misspelt step": (["image", photo, out, "--preprocess", "rotat=90"], "did you mean 'rotate'"),
        "a range for one photo": (["image", photo, out, "--preprocess", "rotate=-9..9"], "give a number"),
        "an unknown layout": (["dataset", photo, tmp_path / "out", "--layout", "sides"], "side, folders"),
        "nothing to check": (["check", tmp_path / "empty"], "no pictures"),
        "no folder to check": (["check", tmp_path / "none"], "no such folder"),
        "a sheet among the data": (["check", tmp_path, "--sheet", tmp_path / "out.png"], "elsewhere"),
        "a size in words": (["dataset", photo, tmp_path / "out", "--size", "big"], "invalid int"),
    }


def test_every_mistake_is_one_line_and_changes_nothing(tmp_path, capsys):
    cases = mistakes(tmp_path)
    photo = (tmp_path / "photo.png").read_bytes()
    for name, (arguments, message) in cases.items():
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit:  # of argparse
            code = exit.code
        stderr = capsys.readouterr().err
        assert code == 2, name
        assert message in stderr, name
        assert stderr.startswith("stylize: ") and stderr.count("stylize: ") == stderr.count("\n") == 1, stderr
    assert (tmp_path / "photo.png").read_bytes() == photo and not (tmp_path / "out.png").exists()


def test_a_missing_system_library_is_explained(tmp_path):
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    done = run("image", "a.png", "b.png", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2 and done.stderr.startswith("stylize: ") and done.stderr.count("\n") == 1
    for remedy in ("libGL.so.1", "apt install libgl1 libglib2.0-0", "pip install opencv-python-headless"):
        assert remedy in done.stderr
    imported = subprocess.run(
        [sys.executable, "-c", "from stylize import build_dataset"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert imported.stderr.splitlines()[-1].startswith("ImportError: OpenCV failed to load (libGL.so.1")


NO_OPENCV = "is called cv2, but it is not OpenCV"
WRONG_CV2 = {
    "an empty package": ("cv2/__init__.py", "", NO_OPENCV),
    "a script": ("cv2.py", "import cmath", NO_OPENCV),
    "too old": ("cv2.py", "__version__ = '4.9.0'\nimdecode = print", r"OpenCV 4\.9\.0 is too old \(4\.10 or later"),
    "another NumPy": ("cv2.py", "raise ImportError('numpy.core failed to import')", "does not fit the installed NumPy"),
    "nothing": ("cv2.py", "raise ModuleNotFoundError(\"No module named 'cv2'\")", "OpenCV is not installed"),
}


@pytest.mark.parametrize("name", WRONG_CV2)
def test_a_cv2_of_the_wrong_kind_is_named_as_such(name, tmp_path):
    file, text, message = WRONG_CV2[name]
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    done = run("image", "a.png", "b.png", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2 and done.stderr.startswith("stylize: ") and done.stderr.count("\n") == 1, done.stderr
    assert re.search(message, done.stderr) and "pip install" in done.stderr


def test_a_cv2_that_an_uninstall_left_behind_is_named_as_such():
    """A folder without __init__.py, which Python treats as a package if it finds no other of that name."""
    left = "import sys, types; cv2 = types.ModuleType('cv2'); cv2.__path__ = ['/left/cv2']; sys.modules['cv2'] = cv2"
    done = subprocess.run(
        [sys.executable, "-c", f"{left}; import stylize.api"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: /left/cv2 {NO_OPENCV}; rename it")
