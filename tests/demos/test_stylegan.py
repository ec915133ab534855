"""demos.stylegan: whose digit a mixed image shows, what truncation and noise change, and its pictures."""

import argparse
import json
from types import SimpleNamespace

import numpy as np
import pytest

import nnlite
from demos import stylegan
from demos.shared.digits import load_digits
from demos.shared.gans import digit_images
from models.stylegan import StyleGenerator
from stylize import read_image

IMAGES = 60


class Copier:
    """A generator that paints held-out digits: which one, the style of a single layer says, in its only number."""

    sides, mix = [4, 8, 16, 32, 32], StyleGenerator.mix

    def __init__(self, layer):
        self.layer = layer
        self.digits = digit_images(load_digits()[1], 32)

    def eval(self):
        return self

    def style(self, noise):
        return noise

    def draw_maps(self):
        return []

    def truncate(self, w, psi):
        return w if psi == 1.0 else 0.0 * w

    def synthesize(self, styles, noise):
        return nnlite.tensor(self.digits[styles[self.layer].numpy()[:, 0].astype(int)])


def studio(layer, monkeypatch):
    nnlite.manual_seed(0)
    monkeypatch.setattr(stylegan, "IMAGES", IMAGES)
    model = SimpleNamespace(generator=Copier(layer), draw_noise=lambda n: nnlite.randint(0, 2000, (n, 1)).float())
    return stylegan.Studio(model, argparse.Namespace(device="cpu", seed=0))


@pytest.mark.parametrize("layer", [0, 2, 4])
def test_a_mixed_image_shows_the_digit_of_the_source_that_decides_it(layer, monkeypatch):
    shares = studio(layer, monkeypatch).judge_mixing()
    for side in (8, 16, 32):
        coarse = Copier.sides[layer] < side
        assert shares[f"from {side} pixels"] == {"coarse": float(coarse), "fine": float(not coarse)}


def test_truncation_and_noise_of_a_generator_that_they_do_not_touch(monkeypatch):
    painter = studio(0, monkeypatch)
    truncated = painter.judge_truncation()
    assert truncated["psi 1"]["variety"] == 1.0 and truncated["psi 1"]["sure"] > 0.8
    assert truncated["psi 0"]["variety"] == pytest.approx(0.0, abs=1e-3), "all are the same image"
    assert painter.judge_noise() == {"same_digit_with_other_noise": 1.0}


def test_there_is_a_source_for_each_digit(monkeypatch):
    painter = studio(0, monkeypatch)
    read = painter.read(painter.paint_plainly(painter.one_of_each))
    assert (read.argmax(1) == np.arange(10)).all()


def test_a_tiny_run_writes_its_pictures_and_figures(few_digits, monkeypatch, tmp_path, capsys):
    for name, value in (("IMAGES", 20), ("DRAWS", 3)):
        monkeypatch.setattr(stylegan, name, value)
    monkeypatch.setattr("demos.shared.gans.judge_digits", lambda *_: {})
    tiny = ("--steps", 1, "--batch", 2, "--width", 2, "--latent", 4, "--device", "cpu", "--out", tmp_path)
    monkeypatch.setattr("sys.argv", ["stylegan", *map(str, tiny)])
    assert stylegan.main() == 0
    stdout = capsys.readouterr().out
    assert "same digit" in stdout and "psi 0.4" in stdout
    for name, rows, columns in (("mixing", 11, 1 + stylegan.COLUMNS), ("truncation", 10, 6), ("noise", 10, 4)):
        height, width, _ = read_image(tmp_path / f"{name}.png").shape
        assert height > 64 * rows and width > 64 * columns
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert set(figures["mixing"]) == {"from 8 pixels", "from 16 pixels", "from 32 pixels"}
