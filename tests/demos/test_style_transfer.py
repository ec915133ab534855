"""The demo of style transfer at a tiny size, and what it says to those who ask for what cannot be."""

import json
import os

import numpy as np
import pytest

import nnlite
from demos.style_transfer import PAINTING, PHOTO, contrasts, covering, pyramid
from stylize import read_image, write_image

from .runner import PHOTOS, ROOT, call_here, refused

TINY = ("--size", 32, "--device", "cpu")


def test_the_middle_of_an_image_covers_any_shape(rng):
    image = np.zeros((40, 80, 3), np.uint8)
    image[15:25, 35:45] = 200
    for height, width in ((20, 20), (20, 60), (60, 20), (33, 47)):
        part = covering(image, height, width)
        assert part.shape == (height, width, 3)
        assert part[height // 2, width // 2].min() > 150 and part[0, 0].max() < 50


@pytest.mark.parametrize(("size", "sides"), [(16, [16]), (200, [200]), (256, [128, 256]), (600, [150, 300, 600])])
def test_a_pyramid_begins_at_128_pixels_or_a_little_more(size, sides):
    assert [min(image.shape[:2]) for image in pyramid(PHOTO, size)] == sides


def test_contrast_is_in_the_octave_that_has_the_detail():
    rows, columns = np.indices((64, 64))
    waves = np.sin(np.pi * (rows + columns) / 16) / 2 + 0.5
    fine, coarse, plain = (rows + columns) % 2, waves, np.zeros((64, 64))
    fine, coarse, plain = (contrasts(np.uint8(100.0 * x)[..., None].repeat(3, 2)) for x in (fine, coarse, plain))
    assert fine[0] > 45 and fine[1:].max() < 10
    assert coarse.argmax() > 1
    np.testing.assert_allclose(plain, 0.1)


def test_the_painting_is_small_and_stated():
    assert PHOTO.exists() and PAINTING.stat().st_size < 400_000 and min(read_image(PAINTING).shape[:2]) <= 512
    assert "Public domain" in (PAINTING.parent / "ATTRIBUTION.md").read_text()


def test_a_run_and_going_on_with_it(tmp_path, rng):
    """A grey-haired photo of odd size and a painting of another; in two parts it comes to the same bytes."""
    photo = tmp_path / "photo.png"
    write_image(photo, rng.integers(0, 255, (37, 53, 3), np.uint8))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    given = (*TINY, "--content", photo, "--style", PHOTOS / "coffee.jpg")
    status, stdout, stderr = call_here("--steps", 8, "--out", whole, *given, demo="style_transfer")
    assert status == 0, stderr
    figures = json.loads((whole / "metrics.json").read_text())
    assert figures["style_loss_falls"] > 1.2 and figures["steps"] == 8
    assert str(whole / "painted.png") in stdout
    assert read_image(whole / "painted.png").shape == (32, 46, 3)
    for picture in ("style_transfer.png", "progress.png", "losses.png"):
        assert read_image(whole / picture).std() > 10
    assert call_here("--steps", 3, "--out", parts, *given, demo="style_transfer")[0] == 0
    assert call_here("--steps", 8, "--out", parts, "--resume", demo="style_transfer")[0] == 0
    assert (parts / "painted.png").read_bytes() == (whole / "painted.png").read_bytes()


def test_lbfgs_paints_too(tmp_path):
    pytest.importorskip("scipy")
    given = ("--optimizer", "lbfgs", "--steps", 1, "--size", 16, "--device", "cpu")
    status, _, stderr = call_here("--out", tmp_path, *given, demo="style_transfer")
    assert status == 0, stderr
    assert json.loads((tmp_path / "metrics.json").read_text())["style_loss_falls"] > 1.2
    assert read_image(tmp_path / "painted.png").std() > 10


def test_lbfgs_without_scipy_is_one_line(tmp_path):
    (tmp_path / "scipy.py").write_text("raise ImportError('not here')")
    env = {"PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))}
    line = refused("--optimizer", "lbfgs", "--out", tmp_path / "out", *TINY, demo="style_transfer", env=env)
    assert line.startswith("style_transfer: L-BFGS") and "pip install scipy" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--content", "nowhere.jpg"), "nowhere.jpg"),
        (("--style", __file__), "test_style_transfer.py"),
        (("--vgg", "nowhere.safetensors"), "nowhere.safetensors"),
        (("--optimizer", "sgd"), "invalid choice: 'sgd'"),
        (("--size", 8), "--size must be at least 16"),
        (("--style-weight", -1), "--style-weight must be at least 0"),
        (("--style-weight", "nan"), "--style-weight must be at least 0"),
    ],
)
def test_bad_input_is_one_line(options, expected, tmp_path):
    assert expected in refused("--out", tmp_path / "out", "--steps", 1, *options, demo="style_transfer")


def test_weights_of_another_network_are_refused(tmp_path):
    nnlite.save({"features.0.weight": np.zeros((64, 3, 3, 3), np.float32)}, tmp_path / "other.safetensors")
    options = ("--out", tmp_path / "out", "--vgg", tmp_path / "other.safetensors", *TINY)
    assert "expected features.0.bias of shape (64,)" in refused(*options, demo="style_transfer")
