"""Palettes: few colours, the right ones, always the same."""

import numpy as np
import pytest

from stylize import palette


def spots(rng, colours, pixels=400, spread=0.5):
    """A Lab picture of `colours` in random places, each a little off."""
    which = rng.integers(0, len(colours), (20, pixels // 20))
    lab = np.asarray(colours)[which] + rng.normal(0, spread, (*which.shape, 3))
    return lab.astype(np.float32), which


COLOURS = [(10, 5, 5), (40, 60, 30), (55, -50, 40), (70, 0, -60), (95, 0, 2)]  # from dark to light


def test_separate_colours_are_found_from_dark_to_light(rng):
    lab, which = spots(rng, COLOURS)
    fitted = palette.fit_palette(lab, 5)
    expected = [lab[which == i].mean(axis=0) for i in range(5)]
    np.testing.assert_allclose(fitted, expected, atol=0.5)


def test_k_means_ends_where_each_centre_is_the_mean_of_its_pixels(rng):
    lab = rng.uniform((20, -20, -20), (80, 20, 20), (100, 100, 3)).astype(np.float32)
    fitted = palette.fit_palette(lab, 4)
    weights = np.array([0.7, 1, 1])
    pixels = lab.reshape(-1, 3)
    nearest = (((pixels[:, None] - fitted) * weights) ** 2).sum(2).argmin(1)
    for i, centre in enumerate(fitted):  # cells of 4 units hide a little, and so does the root of their counts
        np.testing.assert_allclose(centre, pixels[nearest == i].mean(0), atol=2.5)
    error = np.mean(((pixels[:, None] - fitted) ** 2).sum(2).min(1))
    assert error < 0.6 * pixels.var(axis=0).sum()


@pytest.mark.parametrize("colours", [1, 2, 7, 14])
def test_at_most_so_many_colours_sorted_and_repeatable(colours, rng):
    lab = rng.uniform((0, -80, -80), (100, 80, 80), (40, 50, 3)).astype(np.float32)
    before = np.random.get_state()[1].copy()
    fitted = palette.fit_palette(lab, colours)
    assert fitted.shape == (colours, 3) and fitted.dtype == np.float32
    assert (np.diff(fitted[:, 0]) >= 0).all()
    np.testing.assert_array_equal(palette.fit_palette(lab, colours), fitted)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # no random state of others is touched


def test_fewer_pixels_than_colours():
    lab = np.array([[[10, 0, 0], [50, 20, 0]], [[10, 0, 0], [90, 0, 30]]], np.float32)
    np.testing.assert_allclose(palette.fit_palette(lab, 14), [(10, 0, 0), (50, 20, 0), (90, 0, 30)], atol=1e-4)
    np.testing.assert_allclose(palette.fit_palette(np.full((4, 4, 3), 30, np.float32), 3), [(30, 30, 30)])


def test_small_things_in_a_colour_of_their_own_keep_it(rng):
    lab = np.zeros((100, 100, 3), np.float32)
    lab[..., 0] = np.linspace(20, 90, 100)  # a grey slope fills the picture
    lab[50:54, 50:54] = (60, -40, 50)  # a green spot of 16 pixels
    fitted = palette.fit_palette(lab, 6)
    assert np.abs(fitted - (60, -40, 50)).max(axis=1).min() < 2


def test_painting_takes_the_nearest_colour_away_from_borders():
    lab = np.zeros((40, 60, 3), np.float32)
    lab[:, :30], lab[:, 30:] = (20, 1, -1), (80, -2, 2)
    lab[10, 10] = (80, 0, 0)  # a speck
    two = np.array([(18, 0, 0), (82, 0, 0)], np.float32)
    painted = palette.paint_by_palette(lab, two, 1.5, 60, 40)
    np.testing.assert_allclose(painted[:, :27, 0], 18, atol=0.5)
    np.testing.assert_allclose(painted[:, 33:, 0], 82, atol=0.5)
    large = palette.paint_by_palette(lab, two, 1.5, 240, 160)
    np.testing.assert_allclose(large[:, :112, 0], 18, atol=1)
    np.testing.assert_allclose(large[:, 128:, 0], 82, atol=1)
