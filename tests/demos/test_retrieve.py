"""The classes that are never trained on, the classes made by turning, and a small run."""

import json

import numpy as np
import pytest

from demos import retrieve
from demos.shared.digits import load_digits
from stylize import read_image

from .runner import call_here


def test_classes_are_parted_and_no_digit_is_lost():
    train, _ = load_digits()
    known, new = retrieve.of_classes(train, 0, 7), retrieve.of_classes(train, 7, 10)
    assert set(known.labels) == set(range(7)) and set(new.labels) == {7, 8, 9} and len(known) + len(new) == len(train)


def test_each_way_of_turning_is_a_class(monkeypatch, rng):
    """A mark in a corner goes to six corners-and-mirrorings of a 5, to two classes of a 1; and never a half turn."""
    monkeypatch.setattr(retrieve, "warped", lambda image, rng: image)
    image = np.arange(4.0, dtype=np.float32).reshape(1, 2, 2)
    for label, classes in ((5, 6), (1, 2)):
        seen = {}
        for _ in range(80):
            turned, new, changed, upright = retrieve.sample((image, label), rng)
            assert new % 10 == label and (changed == image).all() and (upright == image).all()
            assert not (turned == image[:, ::-1, ::-1]).all()
            seen.setdefault(new, set()).add(tuple(turned.ravel()))
        assert len(seen) == classes and (label == 1 or all(len(images) == 1 for images in seen.values()))


@pytest.mark.slow
def test_a_run(few_digits, tmp_path):
    status, stdout, stderr = call_here(
        "--out", tmp_path, "--steps", 2, "--batch", 8, "--device", "cpu", demo="retrieve"
    )
    assert status == 0, stderr
    figures = json.loads((tmp_path / "metrics.json").read_text())
    for among in ("among_new", "among_all"):
        assert set(figures[among]) == {"pixels", "autoencoder", "pairs", "triplets"}
        assert all(f"{value:.1%}" in stdout for value in figures[among].values())
    assert figures["among_new"]["pixels"] > figures["among_all"]["pixels"] > 0.3
    assert read_image(tmp_path / "retrieved.png").std() > 20
