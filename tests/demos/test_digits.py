"""The digits that come with the project, and all of MNIST."""

import numpy as np
import pytest

import nnlite
from demos.shared import digits as digits_module
from demos.shared.digits import FEWEST, load_digits

from .runner import call_here


def test_split_ranges_and_classes():
    train, test = load_digits()
    assert train.images.shape == (8000, 1, 28, 28) and test.images.shape == (2000, 1, 28, 28)
    for digits in (train, test):
        assert digits.images.dtype == np.float32 and digits.images.min() == 0.0 and digits.images.max() == 1.0
        assert digits.labels.shape == (len(digits),) and set(digits.labels) == set(range(10))
    assert np.bincount(train.labels).min() == FEWEST
    known = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in known for image in test.images), "a test digit is trained on"


@pytest.fixture
def tiny_mnist(monkeypatch, tmp_path):
    """mnist() without a download: which split was asked for is in the labels; returns the folders it was asked for."""
    asked = []

    def mnist(root, train, download):
        asked.append(root)
        n = 40 if train else 20
        images = np.random.default_rng(0).random((n, 1, 28, 28), np.float32)
        return images, np.arange(n) % 10

    monkeypatch.setattr(digits_module, "mnist", mnist)
    monkeypatch.setattr(digits_module, "MNIST_FOLDER", tmp_path / "data")
    return asked


def test_all_of_mnist_is_split_as_published(tiny_mnist, tmp_path, capsys):
    train, test = load_digits("mnist")
    assert (len(train), len(test)) == (40, 20)
    assert set(tiny_mnist) == {tmp_path / "data"}
    assert "Downloading MNIST" in capsys.readouterr().err


@pytest.mark.parametrize("demo", ["classify", "dcgan"])
def test_demos_learn_from_mnist_and_are_judged_on_it(demo, tiny_mnist, tmp_path, monkeypatch):
    nnlite.manual_seed(0)
    judged = []
    monkeypatch.setattr("demos.shared.gans.judge_digits", lambda sample, device, data: judged.append(data) or {})
    few = ("--data", "mnist", "--steps", 1, "--batch", 20, "--device", "cpu", "--out", tmp_path / "run")
    status, stdout, stderr = call_here(*few, demo=demo)
    assert status == 0, stderr
    assert "20 digits never seen" in stdout if demo == "classify" else judged == ["mnist"]


def test_mnist_that_cannot_be_downloaded_is_one_line(monkeypatch, tmp_path):
    def mnist(*_, **__):
        raise nnlite.DataError("cannot download train-images-idx3-ubyte.gz (no network)")

    monkeypatch.setattr(digits_module, "mnist", mnist)
    monkeypatch.setattr(digits_module, "MNIST_FOLDER", tmp_path)
    status, _, stderr = call_here("--data", "mnist", "--out", tmp_path / "run", demo="vae")
    assert status == 2 and len(stderr.strip().splitlines()) == 1 and "cannot download" in stderr
