"""Networks side by side, and a second task after a first: both demos at a tiny size."""

import json

import numpy as np
import pytest

import nnlite
from demos import depth, transfer
from demos.shared.digits import Digits
from models.classifiers import Classifier, LeNet5
from stylize import read_image

from .runner import call_here, refused

# Transfer


@pytest.fixture
def source():
    nnlite.manual_seed(5)
    return Classifier(transfer.with_head(LeNet5()))


def test_the_second_task_is_5_to_9_under_new_labels():
    digits = Digits(np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1), np.array([7, 0, 9, 4, 5, 3, 2, 8, 6, 1]))
    known, new = transfer.halves(digits)
    assert known.labels.tolist() == [0, 4, 3, 2, 1] and known.images.ravel().tolist() == [1, 3, 5, 6, 9]
    assert new.labels.tolist() == [2, 4, 0, 3, 1] and new.images.ravel().tolist() == [0, 2, 4, 7, 8]


@pytest.mark.parametrize("way", transfer.LR)
def test_what_is_taken_over_and_what_learns(way, source, rng):
    """From scratch nothing is taken over; else the convolutions; frozen, the dense layers alone learn, else all."""
    model = transfer.learner(way, source)
    before = {name: p.detach().numpy().copy() for name, p in model.network.named_parameters()}
    same = {name: np.array_equal(p.detach().numpy(), before[name]) for name, p in source.network.named_parameters()}
    heads = {"layers.9.weight", "layers.9.bias", "output.weight", "output.bias"}
    weights = {name for name in before if name.endswith("weight")} - heads
    assert weights and {same[name] for name in weights} == {way != "from scratch"}
    assert not any(same[name] for name in heads)
    taken = {name: p.detach().numpy().copy() for name, p in source.network.named_parameters()}
    x = nnlite.Tensor(rng.random((10, 1, 28, 28)).astype(np.float32))
    for _ in range(3):
        model.train_step(x, nnlite.Tensor(np.arange(10) % 5))
    moved = {
        name for name, p in model.network.named_parameters() if not np.array_equal(p.detach().numpy(), before[name])
    }
    assert moved == (heads if way == "frozen features" else set(before))
    for name, p in source.network.named_parameters():
        np.testing.assert_array_equal(p.detach().numpy(), taken[name])


def test_all_ways_are_taught_the_same_digits(source, monkeypatch):
    """A few of each class, equal for the three ways of one draw, others in the next draw."""
    seen = []
    monkeypatch.setattr(transfer, "learn", lambda model, few, held_out, options: seen.append(few) or [0.5, 0.25])
    monkeypatch.setattr(transfer, "DRAWS", 2)
    new = Digits(np.arange(200, dtype=np.float32).reshape(200, 1, 1, 1), np.arange(200) % 5)
    options = transfer.argparse.Namespace(labels=4, seed=0, device="cpu")
    wrong = transfer.transfer(source, new, new, options)
    assert {way: w.tolist() for way, w in wrong.items()} == {way: [[0.5, 0.25]] * 2 for way in transfer.LR}
    draws = [few.images.ravel().tolist() for few in seen]
    assert draws[0] == draws[1] == draws[2] != draws[3] == draws[4] == draws[5]
    assert all(np.bincount(few.labels).tolist() == [4] * 5 for few in seen)


@pytest.mark.slow
def test_transfer_writes_what_it_promises(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(transfer, "DRAWS", 1)
    monkeypatch.setattr(transfer, "STEPS", 4)
    monkeypatch.setattr(transfer, "LOOK_EVERY", 2)
    arguments = ["transfer", "--steps", "4", "--batch", "8", "--labels", "2", "--device", "cpu", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    assert transfer.main() == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())
    printed = capsys.readouterr().out
    for way in transfer.LR:
        assert 0 <= figures[way]["mean"] <= 100 and f"{way} {figures[way]['mean']:.1f}%" in printed
    for picture in ("transfer.png", "course.png", "augmented.png"):
        assert read_image(tmp_path / picture).std() > 5 and picture in printed


@pytest.mark.slow
def test_too_many_labels_are_refused(tmp_path):
    line = refused("--out", tmp_path, "--labels", 900, demo="transfer")
    assert "--labels must be at most 679, got 900" in line


# Depth


@pytest.mark.slow
def test_depth_writes_what_it_promises(tmp_path, few_digits):
    """Four networks, each with its figures; and it goes on where it stopped."""
    tiny = ("--width", 2, "--batch", 4, "--device", "cpu")
    status, stdout, stderr = call_here("--steps", 6, "--out", tmp_path / "whole", *tiny, demo="depth")
    assert status == 0, stderr
    figures = json.loads((tmp_path / "whole" / "metrics.json").read_text())
    for name in ("plain-8", "plain-20", "ResNet-8", "ResNet-20"):
        assert 0 <= figures[name]["accuracy"] <= 1 and figures[name]["layers_with_weights"] == int(name.split("-")[1])
        assert f"{figures[name]['training_loss']:.3f}" in stdout
    assert read_image(tmp_path / "whole" / "depth.png").std() > 5
    assert call_here("--steps", 3, "--out", tmp_path / "parts", *tiny, demo="depth")[0] == 0
    assert call_here("--steps", 6, "--out", tmp_path / "parts", "--resume", demo="depth")[0] == 0
    assert depth.DEPTHS == (8, 20)
