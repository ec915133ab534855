"""Fixtures of the tests of PyTorch's room."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photo(rng):
    """An image of 11 x 7 pixels, wide and high, in RGB."""
    return Image.fromarray(rng.integers(0, 256, (7, 11, 3), np.uint8))
