"""What the tests of the demos share: a few photographs and one tiny training of them, and few digits."""

import shutil

import pytest

from demos.shared.digits import Digits, load_digits

from .runner import PHOTOS, TINY, call


@pytest.fixture
def few_digits(monkeypatch):
    """Demos that run in this process have 400 digits to learn from, and 200 held out."""
    few = [Digits(digits.images[:n], digits.labels[:n]) for digits, n in zip(load_digits(), (400, 200), strict=True)]
    monkeypatch.setattr("demos.shared.digits.load_digits", lambda data="bundled": few)


@pytest.fixture(autouse=True)
def few_patches(monkeypatch):
    """Filters for style transfer are learnt in a second."""
    monkeypatch.setattr("models.patch_filters.PATCHES", 300)


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder with six photographs."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("astronaut", "cat", "coffee", "parrot", "rocket", "sunset"):
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    return folder


@pytest.fixture(scope="session")
def trained(photos, tmp_path_factory):
    """The folder of a whole tiny training, and what it printed."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    status, stdout, stderr = call("--photos", photos, "--out", out, *TINY)
    assert status == 0, stderr
    return out, stdout
