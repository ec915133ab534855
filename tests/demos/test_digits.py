"""The digits that come with the project."""

import numpy as np

from demos.shared.digits import FEWEST, load_digits


def test_split_ranges_and_classes():
    train, test = load_digits()
    assert train.images.shape == (8000, 1, 28, 28) and test.images.shape == (2000, 1, 28, 28)
    for digits in (train, test):
        assert digits.images.dtype == np.float32 and digits.images.min() == 0.0 and digits.images.max() == 1.0
        assert digits.labels.shape == (len(digits),) and set(digits.labels) == set(range(10))
    assert np.bincount(train.labels).min() == FEWEST
    known = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in known for image in test.images), "a test digit is trained on"
