"""The ablation of Pix2Pix's loss: three trainings that differ in nothing but the weights of its terms."""

import json

import numpy as np
import pytest

import nnlite
from stylize import read_image

from .runner import call

pytestmark = pytest.mark.slow


def test_three_columns_and_their_figures(tmp_path):
    status, stdout, stderr = call("--steps", 6, "--size", 32, "--device", "cpu", "--out", tmp_path, demo="ablation")
    assert status == 0, stderr
    figures = json.loads((tmp_path / "metrics.json").read_text())
    for name in ("L1 only", "cGAN only", "L1 + cGAN"):
        assert name in stdout
    assert len({figures[name]["l1"] for name in ("l1", "gan", "both", "untouched")}) == 4
    assert read_image(tmp_path / "ablation.png").std() > 10
    weights = nnlite.load(tmp_path / "generators.safetensors")
    first = [np.asarray(weights[name]["first.0.0.weight"].numpy()) for name in ("l1", "gan", "both")]
    assert (first[0] != first[1]).any() and (first[0] != first[2]).any() and (first[1] != first[2]).any()
    rows = (tmp_path / "losses.csv").read_text().splitlines()
    header, first_step = rows[0].split(","), rows[1].split(",")
    step = dict(zip(header, map(float, first_step), strict=True))
    assert step["l1 l1"] == step["gan l1"] == step["both l1"]  # the same weights and the same batch at the first step
