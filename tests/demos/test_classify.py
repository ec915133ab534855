"""The classifier's demo at a tiny size, and the classifier that comes with the project."""

import csv
import json
from argparse import Namespace

import numpy as np
import pytest

import nnlite
from demos.classify import DEFAULTS, NETWORKS, SIDE, judge, labelled
from demos.shared.digits import LENET5, Digits, load_digits, load_lenet5
from demos.shared.images import in_batches
from models.classifiers import multiply_adds
from stylize import read_image

from .runner import call, call_here, refused


def test_the_shipped_weights_read_held_out_digits():
    _, test = load_digits()
    taken = in_batches(load_lenet5(), test.images).argmax(1)
    accuracy = (taken == test.labels).mean()
    assert accuracy >= 0.975
    metadata = nnlite.load_metadata(LENET5)
    assert metadata["network"] == "LeNet5" and metadata["command"] == "python -m demos.classify"
    assert accuracy == pytest.approx(float(metadata["held_out_accuracy"]), abs=0.001)
    assert LENET5.stat().st_size < 1_000_000


def test_the_shipped_network_does_not_learn():
    lenet = load_lenet5()
    assert not lenet.training and not any(p.requires_grad for p in lenet.parameters())


def test_other_weights_are_refused(tmp_path):
    nnlite.save(nnlite.nn.Linear(2, 2).state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(nnlite.CheckpointError, match="LeNet5"):
        load_lenet5(tmp_path / "other.safetensors")


@pytest.mark.parametrize("n", [1, 5, 6, 7])
def test_batches_are_put_together_in_order(n, rng):
    images = rng.standard_normal((n, 1, 2, 2)).astype(np.float32)
    seen = []

    def function(x):
        seen.append(len(x))
        return (x * 2.0).flatten(1)

    np.testing.assert_array_equal(in_batches(function, images, batch=3), 2 * images.reshape(n, 4))
    assert max(seen) <= 3 and sum(seen) == n


def test_a_digit_moves_by_two_pixels_at_most_and_never_comes_round():
    ink = np.zeros((300, 1, SIDE, SIDE), np.float32)
    ink[:, 0, 27, 10] = 1.0  # in the last row
    options = Namespace(batch=300, seed=0, device="cpu")
    moved, labels = next(labelled(Digits(ink, np.full(300, 3)), options).batches())
    assert moved.shape == ink.shape and (labels.numpy() == 3).all()
    places = {tuple(p) for p in np.argwhere(moved.numpy())[:, 2:]}
    assert places == {(row, column) for row in (25, 26, 27) for column in range(8, 13)}
    lost = (moved.numpy().sum((1, 2, 3)) == 0).mean()
    assert 0.25 < lost < 0.55, "two of five moves push it out"


def test_every_network_has_defaults_and_lenet5_those_it_was_shipped_with():
    assert NETWORKS.keys() == DEFAULTS.keys() and next(iter(DEFAULTS)) == "lenet5" and not DEFAULTS["lenet5"]
    metadata = nnlite.load_metadata(LENET5)
    assert (metadata["steps"], metadata["batch"], metadata["seed"]) == ("4000", "64", "0")


def test_judge_counts_and_shows_the_surest_mistakes(tmp_path, monkeypatch):
    """Three digits: a 7 read right, a 2 surely taken for a 3, a 4 barely taken for a 9."""
    from demos import classify

    tables, grids = [], []
    monkeypatch.setattr(classify, "table", lambda counts, path, **labels: tables.append(counts))
    monkeypatch.setattr(classify, "image_grid", lambda rows, path, titles, scale: grids.append((rows, titles)))
    p = np.full((13, 10), 0.01)
    p[range(13), [7, 9, 3, *range(10)]] = [0.9, 0.5, 0.8, *[0.9] * 10]
    images = np.arange(13, dtype=np.float32)[:, None, None, None] / 13 * np.ones((1, 1, 28, 28), np.float32)
    figures = judge(p, Digits(images, np.array([7, 4, 2, *range(10)])), tmp_path)
    assert figures["accuracy"] == pytest.approx(11 / 13)
    assert figures["accuracy_of_4"] == figures["accuracy_of_2"] == 0.5 and figures["accuracy_of_7"] == 1.0
    expected = np.eye(10, dtype=int)
    expected[7, 7], expected[2, 3], expected[4, 9] = 2, 1, 1
    np.testing.assert_array_equal(tables[0], expected)
    [(rows, titles)] = grids
    assert titles == ["2 as 3", "4 as 9"]
    assert [round(float(picture.mean()) / 255 * 13) for picture in rows[0]] == [2, 1]


@pytest.mark.slow
def test_a_run_and_going_on_with_it(tmp_path):
    """It writes what it promises, twice the same, and goes on for more steps but not with another seed."""
    common = ("--batch", 16, "--device", "cpu")
    whole, again = tmp_path / "whole", tmp_path / "again"
    status, stdout, stderr = call("--steps", 8, "--out", whole, *common, demo="classify")
    assert status == 0, stderr
    figures = json.loads((whole / "metrics.json").read_text())
    assert 0.1 < figures["accuracy"] <= 1 and figures["steps"] == 8
    assert f"{figures['accuracy']:.2%} of 2000 digits" in stdout and str(whole / "mistakes.png") in stdout
    for picture in ("losses.png", "mistakes.png", "confusion.png"):
        assert read_image(whole / picture).std() > 10
    with open(whole / "losses.csv", newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(1, 9))
    _, test = load_digits()
    taken = in_batches(load_lenet5(whole / "lenet5.safetensors"), test.images).argmax(1)
    assert (taken == test.labels).mean() == pytest.approx(figures["accuracy"], abs=1e-3)

    assert call_here("--steps", 8, "--out", again, *common, demo="classify")[0] == 0
    assert (whole / "losses.csv").read_text() == (again / "losses.csv").read_text(), "the seed decides all of it"
    line = refused("--out", again, *common, demo="classify")
    assert "--resume" in line
    line = refused("--out", again, "--resume", "--seed", 3, demo="classify")
    assert "--seed 3 (was 0)" in line
    status, _, stderr = call_here("--out", again, "--resume", "--steps", 9, demo="classify")
    assert status == 0, stderr
    assert json.loads((again / "metrics.json").read_text())["steps"] == 9


@pytest.mark.slow
def test_another_network(tmp_path):
    """Its layers are printed, its weights are written under its name, and a resumed run knows what it trains."""
    network = "alexnet"
    status, stdout, stderr = call("--network", network, "--steps", 2, "--out", tmp_path, "--batch", 4, demo="classify")
    assert status == 0, stderr
    assert f'Model: "{NETWORKS[network].__name__}"' in stdout
    assert f"{multiply_adds(NETWORKS[network](), (1, 28, 28)):,} multiplications" in stdout
    weights = tmp_path / f"{network}.safetensors"
    NETWORKS[network]().load_state_dict(nnlite.load(weights))
    metadata = nnlite.load_metadata(weights)
    assert metadata["network"] == NETWORKS[network].__name__
    assert float(metadata["lr"]) == DEFAULTS[network]["lr"]
    assert call_here("--out", tmp_path, "--resume", "--steps", 3, demo="classify")[0] == 0
    line = refused("--out", tmp_path, "--resume", "--network", "plain", demo="classify")
    assert "--network plain (was alexnet)" in line


@pytest.mark.slow
def test_bad_options(tmp_path):
    assert "--batch must be at least 1" in refused("--out", tmp_path, "--batch", 0, demo="classify")
    assert "there is no file" in refused("--out", tmp_path, "--resume", demo="classify")
    assert "invalid choice: 'lenet'" in refused("--out", tmp_path, "--network", "lenet", demo="classify")
