"""CycleGAN's data without pairs, its demo at a tiny size, and the weights in the hands of `apply` and `judge`."""

import argparse
import hashlib
import json
import re
import shutil

import numpy as np
import pytest

import nnlite
from demos.cyclegan import __main__ as cyclegan
from demos.cyclegan.cartoons import Cartoons
from stylize import read_image, resize_short_side, stylize, write_image

from .runner import PHOTOS, refused
from .runner import call_here as cartoonize
from .test_autoencoding import AfterTwo

TINY = ("--width", "2", "--blocks", "1", "--size", "32", "--device", "cpu")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder with three bundled photos, none of them known to Pix2Pix: the first is held out."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("sunset", "two-dogs", "cat"):
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    return folder


def unpaired(*photos, size=32):
    return Cartoons(argparse.Namespace(photos=list(photos), size=size, seed=0, batch=1, device="cpu"))


def test_photos_cartoons_and_pairs_are_of_different_photos(photos):
    """One photo each here, in six orders of its colours; the first order is the photo's own."""
    images = unpaired(photos)
    sunset, dogs, cat = (resize_short_side(read_image(photos / f"{n}.jpg"), 384) for n in ("sunset", "two-dogs", "cat"))
    assert len(images.photos) == len(images.cartoons) == 6
    np.testing.assert_array_equal(images.photos[0], sunset)
    np.testing.assert_array_equal(images.cartoons[0], stylize(dogs, "toon", 384 / 512))
    [(photo, cartoon)] = images.held_out
    np.testing.assert_array_equal(photo, cat)
    np.testing.assert_array_equal(cartoon, stylize(cat, "toon", 384 / 512))
    assert images.test_photos == [hashlib.sha256((photos / "cat.jpg").read_bytes()).hexdigest()]


def test_of_photos_that_nothing_was_taught_with_each_fifth_is_held_out(tmp_path):
    for number in range(6):
        noise = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
        write_image(tmp_path / f"{number}.png", np.kron(noise, np.ones((16, 16, 1), np.uint8)))
    images = unpaired(tmp_path)
    assert len(images.held_out) == 2 and len(images.photos) == len(images.cartoons) == 12


def test_a_batch_is_a_crop_of_a_photo_and_one_of_a_cartoon(photos):
    images = unpaired(photos)
    images.photos = [np.zeros((40, 50, 3), np.uint8)]
    images.cartoons = [np.full((40, 60, 3), 255, np.uint8)]
    images.options.batch = 2
    photo, cartoon = next(iter(images.loader()))
    assert photo.shape == cartoon.shape == (2, 3, 32, 32)
    assert (photo.numpy() == -1).all() and (cartoon.numpy() == 1).all()


@pytest.mark.slow
def test_a_run(photos, tmp_path, monkeypatch, capsys):
    """It writes what it promises, goes on as if never stopped, and its weights are of use to `apply` and `judge`."""

    monkeypatch.setattr("demos.cyclegan.cartoons.resize_short_side", lambda photo, _: resize_short_side(photo, 128))

    def call_here(out, *arguments, status=0):
        monkeypatch.setattr("sys.argv", ["cyclegan", "--photos", str(photos), "--out", str(tmp_path / out), *arguments])
        assert cyclegan.main() == status
        return tmp_path / out, capsys.readouterr()

    out, said = call_here("whole", "--steps", "3", *TINY)
    figures = json.loads((out / "metrics.json").read_text())
    for kind in ("generated", "pix2pix", "untouched"):
        assert f"{figures[kind]['l1']:.4f}" in said.out and f"{figures[kind]['psnr']:.2f}" in said.out
    for picture in ("test.png", "losses.png", "progress.png"):
        assert read_image(out / picture).std() > 5, picture

    with monkeypatch.context() as patch:
        patch.setattr("demos.shared.run.Interrupt", AfterTwo)
        stopped, said = call_here("stopped", "--steps", "3", *TINY, status=130)
    assert f"--resume --photos {photos}" in said.err
    call_here("stopped", "--resume", "--device", "cpu")
    assert (stopped / "losses.csv").read_bytes() == (out / "losses.csv").read_bytes()
    weights = [nnlite.load(folder / "generator.safetensors") for folder in (out, stopped)]
    assert all(np.array_equal(weights[0][name].numpy(), weights[1][name].numpy()) for name in weights[0])
    (photos / "another.jpg").write_bytes((PHOTOS / "drum.jpg").read_bytes())
    line = refused("--photos", photos, "--resume", "--out", stopped, demo="cyclegan")
    assert re.search(r"learns from 3 photos \(.*\), but --photos names 4 photos .*; name the same again", line), line
    (photos / "another.jpg").unlink()

    model = ("--model", out / "generator.safetensors")
    status, _, stderr = cartoonize("apply", photos / "cat.jpg", "--out", tmp_path / "cartoons", *model)
    assert status == 0, stderr
    assert read_image(next((tmp_path / "cartoons").iterdir())).shape == read_image(photos / "cat.jpg").shape
    status, stdout, stderr = cartoonize("judge", "--photos", photos, "--out", tmp_path / "judged", *model)
    assert status == 0 and "1 photo never seen" in stdout, stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", 33), "--size must be a multiple of 2, got 33"),
        (("--photos", PHOTOS / "cat.jpg"), "0 photos to learn from .* 1 to be judged by; give --photos"),
        (("--photos", PHOTOS, "--size", 1024), "0 photos to learn from with room for a crop of 1024x1024"),
        (("--photos", *(PHOTOS / f"{name}.jpg" for name in ("sunset", "drum", "cat")), "--batch", 19), "than the 18"),
        (("--photos", "nowhere"), "nowhere: no such file or folder"),
    ],
    ids=["size", "one photo", "large crops", "large batch", "no folder"],
)
def test_mistakes_are_named(arguments, message, tmp_path):
    line = refused(*arguments, "--out", tmp_path, demo="cyclegan")
    assert re.search(message, line), line
