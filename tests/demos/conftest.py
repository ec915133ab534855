"""What the tests of the demo share: a few photographs, and one tiny training of them."""

import shutil

import pytest

from .runner import PHOTOS, TINY, call


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
