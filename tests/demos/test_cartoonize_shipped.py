"""The weights that come with the project: they work at once, and draw photos that they never saw."""

import json

import numpy as np
import pytest

import nnlite
from demos.cartoonize import two_sample
from demos.cartoonize.judge import judge_on_unseen
from demos.cartoonize.recipe import SHIPPED, shipped_styles
from stylize import read_image

from .runner import PHOTOS, call

pytestmark = pytest.mark.slow


def test_apply_needs_no_training(tmp_path):
    status, _, stderr = call("apply", PHOTOS / "cat.jpg", "--out", tmp_path)
    assert status == 0, stderr
    photo, cartoon = read_image(PHOTOS / "cat.jpg"), read_image(tmp_path / "cat.jpg")
    assert cartoon.shape == photo.shape
    assert 3 < np.abs(cartoon.astype(int) - photo).mean() < 40


def test_they_beat_the_untouched_photo_on_photos_never_seen(tmp_path, monkeypatch):
    for name in ("STEPS", "REPEATS"):  # what a whole test finds is in the docs; here it would take too long
        monkeypatch.setattr(two_sample, name, 1)
    photos = [PHOTOS / f"{name}.jpg" for name in ("astronaut", "bridge", "coffee", "two-dogs")]
    figures = judge_on_unseen(SHIPPED, photos, tmp_path, "cpu")
    generated, untouched = figures["generated"], figures["untouched"]
    assert generated["l1"] < 0.5 * untouched["l1"]
    assert generated["psnr"] > untouched["psnr"] + 5 and generated["ssim"] > untouched["ssim"] + 0.05
    assert generated["ink_f1"] > 0.85
    assert generated["flat_share_way"] > 0.75 and 0.7 < generated["ink_percent_way"] < 1.3
    assert figures["two_sample"].keys() == {"photo", "generated", "target"}
    assert (tmp_path / "sheet-2.jpg").exists()  # four photos, three a sheet


def test_they_are_small_and_say_how_they_were_made():
    assert SHIPPED == shipped_styles()["toon"]
    for style, path in shipped_styles().items():
        assert path.stat().st_size < 2_000_000
        metadata = nnlite.load_metadata(path)
        assert (metadata["style"], json.loads(metadata["recipe"])["preset"]) == (style, "full")
