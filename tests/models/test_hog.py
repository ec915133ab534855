"""Histograms of oriented gradients against a loop over pixels, and what they do not see: light and contrast."""

import numpy as np
import pytest

from models.hog import CUT, SMALL, cells, hog


def by_loop(image, cell, bins):
    """The definition, pixel by pixel."""
    rows, columns = (side // cell for side in image.shape)
    histograms = np.zeros((rows, columns, bins))
    at = np.pad(image, 1, mode="edge")
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            across, down = at[y + 1, x + 2] - at[y + 1, x], at[y + 2, x + 1] - at[y, x + 1]
            degrees = np.degrees(np.arctan2(down, across)) % 180.0
            for k in range(bins):
                apart = abs(degrees - 180.0 * k / bins)
                near = max(0.0, 1.0 - min(apart, 180.0 - apart) * bins / 180.0)
                histograms[y // cell, x // cell, k] += near * np.hypot(across, down)
    vectors = []
    for row in range(rows - 1):
        for column in range(columns - 1):
            v = histograms[row : row + 2, column : column + 2].transpose(2, 0, 1).ravel()
            v = np.minimum(v / np.sqrt((v**2).sum() + SMALL**2), CUT)
            vectors.append(v / np.sqrt((v**2).sum() + SMALL**2))
    return np.concatenate(vectors)


@pytest.mark.parametrize(("cell", "bins"), [(4, 9), (6, 4)])
def test_it_is_the_loop_over_pixels(cell, bins, rng):
    images = rng.random((2, 2 * cell, 3 * cell))
    np.testing.assert_allclose(hog(images, cell, bins), [by_loop(image, cell, bins) for image in images], rtol=1e-9)


@pytest.mark.parametrize("k", range(9))
def test_a_slope_votes_for_its_direction_alone(k):
    angle = np.pi * k / 9
    slope = np.tensordot([np.cos(angle), np.sin(angle)], np.indices((12, 12))[::-1], 1)
    middle = cells(slope[None], 4)[0, 1, 1]
    np.testing.assert_allclose(middle, 2.0 * 16 * np.eye(9)[k], atol=1e-9)


def test_light_contrast_and_a_negative_change_next_to_nothing(rng):
    images = rng.random((3, 28, 28))
    expected = hog(images)
    for other in (0.5 * images + 0.3, 1.0 - images):
        np.testing.assert_allclose(hog(other), expected, atol=1e-4)
    assert np.abs(hog(images[:, ::-1]) - expected).max() > 0.1


def test_plain_images_have_no_edges_and_other_sides_are_refused():
    assert not hog(np.full((1, 28, 28), 0.5, np.float32)).any()
    assert hog(np.zeros((1, 28, 28), np.float32)).dtype == np.float32
    for shape in ((1, 28, 30), (1, 7, 28)):
        with pytest.raises(ValueError, match="multiples of cell = 7, two at least"):
            hog(np.zeros(shape))
