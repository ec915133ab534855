"""The ablation of Pix2Pix's loss: four trainings that differ in nothing but the terms of their loss."""

import json

import numpy as np
import pytest

import nnlite
from demos.ablation import TITLES, build
from demos.cartoonize import two_sample
from demos.cartoonize.recipe import Recipe
from stylize import read_image

from .runner import call_here

pytestmark = pytest.mark.slow


def test_the_four_differ_only_in_their_terms():
    models = {name: build(name, Recipe(size=32)) for name in TITLES}
    terms = {name: (bool(model.lambda_gradient), bool(model.lambda_gan)) for name, model in models.items()}
    assert terms == {"l1": (False, False), "gradient": (True, False), "gan": (False, True), "all": (True, True)}
    assert len({model.lambda_l1 for model in models.values()}) == 1 and models["l1"].lambda_l1 > 0
    first = models["l1"].generator.state_dict()
    for model in models.values():
        for name, weight in model.generator.state_dict().items():
            np.testing.assert_array_equal(weight.numpy(), first[name].numpy(), err_msg=name)


def test_four_columns_and_their_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(two_sample, "STEPS", 2)
    options = ("--steps", 4, "--size", 32, "--batch", 1, "--device", "cpu", "--out", tmp_path)
    status, stdout, stderr = call_here(*options, demo="ablation")
    assert status == 0, stderr
    figures = json.loads((tmp_path / "metrics.json").read_text())
    lines = stdout.splitlines()
    for kind, title in TITLES.items():
        (row,) = [line for line in lines if line.startswith(title + "  ")]
        shown = row.removeprefix(title).split()
        assert shown[0] == f"{figures[kind]['l1_ratio']:.0%}" and shown[-1] == f"{figures[kind]['two_sample']:.0%}"
    assert figures["untouched"]["l1_ratio"] == 1 and figures["target"]["flat_share_way"] == 1
    assert len({figures[kind]["l1"] for kind in (*TITLES, "untouched")}) == 5
    assert all(0 <= figures[kind]["two_sample"] <= 1 for kind in (*TITLES, "untouched"))
    assert figures["test_photos"] == 4
    assert read_image(tmp_path / "ablation.png").std() > 10

    weights = nnlite.load(tmp_path / "generators.safetensors")
    assert len({weights[kind]["first.weight"].numpy().tobytes() for kind in TITLES}) == 4
    rows = (tmp_path / "losses.csv").read_text().splitlines()
    step = dict(zip(rows[0].split(","), map(float, rows[1].split(",")), strict=True))
    assert len({step[f"{kind} l1"] for kind in TITLES}) == 1  # the same weights and the same batch at the first step
    assert step["gradient gradient"] == step["all gradient"] and step["gan discriminator"] == step["all discriminator"]
    assert not {"l1 gradient", "l1 discriminator", "gradient discriminator", "gan gradient"} & step.keys()
