"""python -m stylize, as people start it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from stylize import stylize

from .pictures import REPOSITORY, blocks, save, save_blocks


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
        "stylize: skipped text.jpg: no readable image (damaged, or another kind of file); remove it"
    ]  # and no progress bar, as this is no terminal


@pytest.mark.parametrize("command", [[], ["image"], ["dataset"]])
def test_help(command):
    done = run(*command, "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: stylize")


def mistakes(tmp_path):
    photo = save(tmp_path / "photo.png", blocks())
    (tmp_path / "text.jpg").write_text("no pixels")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out.png"
    return {
        "no command": ([], "COMMAND"),
        "no output": (["image", photo], "OUT"),
        "a missing photo": (["image", tmp_path / "none.jpg", out], "No such file"),
        "a text file": (["image", tmp_path / "text.jpg", out], "no readable image"),
        "a misspelt style": (["image", photo, out, "--style", "ton"], "did you mean 'toon'"),
        "an unknown format": (["image", photo, tmp_path / "out.doc"], ".doc"),
        "the photo itself": (["image", photo, tmp_path / "." / "photo.png"], "is the photo itself"),
        "a scale of zero": (["image", photo, out, "--scale", "0"], "positive"),
        "a missing folder": (["image", photo, tmp_path / "none" / "out.png"], "cannot write"),
        "no photos": (["dataset", tmp_path / "empty", tmp_path / "out"], "no image files"),
        "one photo": (["dataset", photo, tmp_path / "out"], "at least two"),
        "a size in words": (["dataset", photo, tmp_path / "out", "--size", "big"], "invalid int"),
    }


def test_every_mistake_is_one_line_and_changes_nothing(tmp_path):
    cases = mistakes(tmp_path)
    photo = (tmp_path / "photo.png").read_bytes()
    for name, (arguments, message) in cases.items():
        done = run(*arguments)
        assert done.returncode == 2, name
        assert message in done.stderr, name
        assert done.stderr.startswith("stylize: ") and done.stderr.count("\n") == 1, done.stderr
    assert (tmp_path / "photo.png").read_bytes() == photo and not (tmp_path / "out.png").exists()


def test_a_missing_system_library_is_explained(tmp_path):
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    done = run("image", "a.png", "b.png", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1 and done.stderr.startswith("stylize: ") and done.stderr.count("\n") == 1
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
