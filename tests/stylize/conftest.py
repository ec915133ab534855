"""What the tests of the dataset generator share."""

import pytest

from .pictures import save_blocks


@pytest.fixture
def photos(tmp_path):
    """A folder with six pictures."""
    return save_blocks(tmp_path / "photos", 6)


@pytest.fixture
def out(tmp_path):
    """Where the dataset goes; nothing is there yet."""
    return tmp_path / "out"
