"""A trained generator on photos of any kind and size."""

import resource
import sys

import numpy as np
import pytest

import nnlite
from demos.cartoonize.tiles import draw
from nnlite import nn
from stylize import read_image, read_picture, write_image
from stylize.images import resize

from .runner import PHOTOS, call, call_here, refused

pytestmark = pytest.mark.slow


class Blur(nn.Module):
    """Stands in for a generator: local, and easy to compute whole."""

    multiple = 16

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 5, 1, 2, bias=False)
        self.conv.weight.array[...] = 0.0
        for channel in range(3):
            self.conv.weight.array[channel, channel] = 1 / 25

    def forward(self, x):
        return self.conv(x)


def test_tiles_join_without_a_seam():
    """Tiles of 64 against the 5x5 mean of the whole photo, mirrored at its border, by NumPy."""
    photo = np.random.default_rng(0).integers(0, 255, (150, 210, 3), np.uint8)
    mirrored = np.pad(photo.astype(float), ((2, 2), (2, 2), (0, 0)), mode="symmetric")
    mean = np.mean([mirrored[i : i + 150, j : j + 210] for i in range(5) for j in range(5)], axis=0)
    for tile in (64, 1024):
        drawn = draw(photo, Blur(), tile=tile, overlap=48)
        assert np.abs(drawn - mean).max() <= 0.51


@pytest.fixture(scope="module")
def applied(trained, tmp_path_factory):
    """Photos of many kinds, and what `apply` made of them."""
    folder = tmp_path_factory.mktemp("apply")
    source, out = folder / "in", folder / "out"
    (source / "deeper").mkdir(parents=True)
    cat = read_image(PHOTOS / "cat.jpg")
    write_image(source / "odd.png", cat[:101, :157])
    write_image(source / "tiny.png", cat[:17, :20])
    write_image(source / "deeper" / "odd.png", cat[100:250, 200:300])
    alpha = np.zeros(cat.shape[:2], np.uint8)
    alpha[:, 100:] = 255
    write_image(source / "seen-through.png", cat, alpha)
    status, stdout, stderr = call("apply", source, "--model", trained[0] / "generator.safetensors", "--out", out)
    assert status == 0, stderr
    assert "4 cartoons" in stdout
    return source, out


def test_outputs_have_their_photos_places_and_sizes(applied):
    source, out = applied
    for name in ("odd.png", "tiny.png", "deeper/odd.png", "seen-through.png"):
        assert read_image(out / name).shape == read_image(source / name).shape


def test_alpha_is_kept(applied):
    source, out = applied
    np.testing.assert_array_equal(
        read_picture(out / "seen-through.png").alpha, read_picture(source / "seen-through.png").alpha
    )


def test_a_photo_is_never_overwritten(trained, tmp_path):
    photo = tmp_path / "cat.jpg"
    photo.write_bytes((PHOTOS / "cat.jpg").read_bytes())
    before = photo.read_bytes()
    status, _, stderr = call_here("apply", photo, "--model", trained[0] / "generator.safetensors", "--out", tmp_path)
    assert status == 0, stderr
    assert photo.read_bytes() == before
    assert read_image(tmp_path / "cat-2.jpg").shape == read_image(photo).shape


def test_bad_files_are_skipped_with_a_reason(trained, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.jpg").write_text("not a picture")
    model = trained[0] / "generator.safetensors"
    assert "none of the 1 photos" in refused("apply", tmp_path / "in", "--model", model, "--out", tmp_path / "out")
    (tmp_path / "in" / "cat.jpg").write_bytes((PHOTOS / "cat.jpg").read_bytes())
    status, stdout, stderr = call_here("apply", tmp_path / "in", "--model", model, "--out", tmp_path / "out")
    assert status == 1 and "1 skipped" in stdout and "text.jpg" in stderr and "Traceback" not in stderr


def test_models_that_do_not_fit(trained, tmp_path):
    cat, out = PHOTOS / "cat.jpg", tmp_path / "out"
    assert "there is no file" in refused("apply", cat, "--model", tmp_path / "none.safetensors", "--out", out)
    weights = nnlite.load(trained[0] / "generator.safetensors")
    nnlite.save(weights, tmp_path / "plain.safetensors")
    assert "does not say" in refused("apply", cat, "--model", tmp_path / "plain.safetensors", "--out", out)
    metadata = nnlite.load_metadata(trained[0] / "generator.safetensors")
    weights["surplus"] = weights.pop("last.bias")
    weights["last.weight"] = nnlite.tensor(np.zeros((3, 16, 5, 5), np.float32))
    nnlite.save(weights, tmp_path / "other.safetensors", metadata)
    line = refused("apply", cat, "--model", tmp_path / "other.safetensors", "--out", out)
    for fault in ("missing: last.bias", "unexpected: surplus", "last.weight (file (3, 16, 5, 5)"):
        assert fault in line


def test_twelve_megapixels_stay_under_two_gigabytes(trained, tmp_path):
    photo = resize(read_image(PHOTOS / "mountain-meadow.jpg"), 4000, 3000)
    write_image(tmp_path / "large.jpg", photo)
    # Many tiles: a short side of 10 times 96, for which the strokes of the tiny generator are meant
    arguments = ("apply", tmp_path / "large.jpg", "--model", trained[0] / "generator.safetensors", "--scale", 10)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    status, _, stderr = call(*arguments, "--out", tmp_path / "out")
    assert status == 0, stderr
    assert read_image(tmp_path / "out" / "large.jpg").shape == (3000, 4000, 3)
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    assert peak * (1 if sys.platform == "darwin" else 1024) < 2e9
