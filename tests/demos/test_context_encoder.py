"""The demo of the context encoder at a tiny size."""

import json

import numpy as np
import pytest

from demos.context_encoder import by_opencv, judge
from demos.shared.digits import Digits, load_digits, load_lenet5
from models.autoencoder import masked_square
from nnlite import tensor
from stylize import read_image

from .runner import call_here, refused


def test_opencv_fills_the_hole_of_a_plain_image():
    image = np.full((1, 1, 28, 28), 51 / 255, np.float32)
    holes = image.copy()
    holes[..., 8:18, 5:15] = 0.5
    np.testing.assert_allclose(by_opencv(holes), image, atol=0.01)


def test_originals_are_sharp_and_read_and_grey_squares_are_not():
    digits = load_digits()[1]
    few = Digits(digits.images[:300], digits.labels[:300])
    holes = masked_square(14)(tensor(few.images)).numpy()
    perfect, empty = (judge(x, holes, few, load_lenet5(), "cpu") for x in (few.images, holes))
    assert perfect["sharpness"] == 1.0 and perfect["psnr"] > 99.0 and perfect["read_right"] > 0.95
    assert empty["sharpness"] < 0.5 and empty["psnr"] < 20.0 and empty["read_right"] < 0.6


@pytest.mark.slow
def test_a_run(few_digits, tmp_path):
    few = ("--steps", 3, "--batch", 8, "--device", "cpu", "--out", tmp_path)
    status, stdout, stderr = call_here(*few, demo="context_encoder")
    assert status == 0, stderr
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert f"{figures['context encoder']['psnr']:.2f} dB" in stdout
    assert figures["original"]["read_right"] > 0.95 and read_image(tmp_path / "completed.png").std() > 20


def test_too_large_a_square_is_refused(tmp_path):
    assert "use at most 24" in refused("--side", 25, "--out", tmp_path / "out", demo="context_encoder")
