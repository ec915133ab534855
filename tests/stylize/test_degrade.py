"""Photos made worse on purpose: what is changed and what is not, and that the seed decides."""

import numpy as np
import pytest

from stylize import read_image, resize_short_side
from stylize.degrade import HOLE, find_holes, grey, holes, night, noise, rain, sketch

from .pictures import PHOTOS

ALL = [grey, rain, noise, holes, sketch, night]
SEED = 7


def degraded(degrade, photo, seed=SEED):
    return degrade(photo, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def photo():
    return resize_short_side(read_image(PHOTOS / "two-dogs.jpg"), 160)


@pytest.mark.parametrize("degrade", ALL)
def test_the_seed_decides_and_the_photo_stays(degrade, photo):
    before = photo.copy()
    result = degraded(degrade, photo)
    np.testing.assert_array_equal(photo, before)
    assert result.shape == photo.shape and result.dtype == np.uint8
    np.testing.assert_array_equal(degraded(degrade, photo), result)
    assert np.array_equal(degraded(degrade, photo, SEED + 1), result) == (degrade in (grey, sketch))
    assert np.abs(result.astype(int) - photo).mean() > 2


@pytest.mark.parametrize("degrade", ALL)
@pytest.mark.parametrize("size", [(16, 16), (16, 90), (75, 31)])
def test_sizes(degrade, size):
    assert degraded(degrade, np.full((*size, 3), 90, np.uint8)).shape == (*size, 3)


def test_grey_is_the_luma(photo):
    expected = photo @ np.array([0.299, 0.587, 0.114])
    for channel in np.moveaxis(degraded(grey, photo), 2, 0):
        assert np.abs(channel - expected).max() <= 1


def test_noise_is_gaussian_and_independent():
    difference = degraded(noise, np.full((200, 200, 3), 128, np.uint8)) - 128.0
    sigma = difference.std()
    assert 10 <= sigma <= 40 and abs(difference.mean()) < 4 * sigma / np.sqrt(difference.size)
    assert (np.abs(difference) < sigma).mean() == pytest.approx(0.683, abs=0.02)
    assert np.abs(np.corrcoef(difference.reshape(-1, 3).T) - np.eye(3)).max() < 0.03
    neighbours = np.corrcoef(difference[:, 1:].ravel(), difference[:, :-1].ravel())[0, 1]
    assert abs(neighbours) < 0.03


def test_what_is_not_a_hole_stays(photo):
    shares = []
    for seed in range(20):
        torn = degraded(holes, photo, seed)
        missing = (torn == np.array(HOLE)).all(2)
        np.testing.assert_array_equal(find_holes(torn), missing)
        np.testing.assert_array_equal(torn[~missing], photo[~missing])
        shares.append(missing.mean())
    assert 0.05 < np.mean(shares) < 0.3 and max(shares) < 0.5
    assert not find_holes(photo).any()


@pytest.mark.parametrize("degrade", [rain, holes])
def test_lengths_grow_with_the_photo(degrade):
    """So that the damaged share is about the same at every size."""
    shares = []
    for side in (400, 1200):
        dark = np.zeros((side, side, 3), np.uint8)
        shares.append(np.mean([(degraded(degrade, dark, seed)[..., 0] > 60).mean() for seed in range(10)]))
    assert 0.02 < shares[1] < 0.3
    assert shares[0] == pytest.approx(shares[1], rel=0.4)


def test_rain_falls_in_streaks_through_a_veil():
    """Black comes out as the veil, the same everywhere, or as a streak, brighter; a row crosses streaks, a column
    follows them."""
    wet = degraded(rain, np.zeros((300, 300, 3), np.uint8))[..., 0].astype(int)
    veil = np.bincount(wet.ravel()).argmax()
    assert 0.05 * 0.75 * 255 - 1 <= veil <= 0.25 * 0.75 * 255 + 1 and wet.min() == veil
    streaks = wet > veil + 30
    assert 0.02 < streaks.mean() < 0.5
    across, along = (np.abs(np.diff(streaks.astype(int), axis=axis)).sum() for axis in (1, 0))
    assert across > 1.5 * along


def test_rain_brightens_no_more_than_rain(photo):
    assert degraded(rain, np.full((64, 64, 3), 255, np.uint8)).min() >= 0.75 * 255


def test_a_sketch_is_grey_and_has_lines_where_there_are_edges():
    photo = np.full((128, 128, 3), 200, np.uint8)
    photo[:, 64:] = 60
    drawn = degraded(sketch, photo)[20:-20]
    assert (np.ptp(drawn, axis=2) == 0).all()
    columns = drawn.mean(axis=(0, 2))
    assert abs(columns.argmin() - 64) <= 3  # the line
    assert columns.min() < columns[78:118].mean() < columns[10:50].mean()  # the dark side is hatched


def test_night_is_dark_and_blue_but_for_lamps(photo):
    dark = degraded(night, photo)
    assert dark.mean() < 0.5 * photo.mean()
    assert dark[..., 2].mean() / photo[..., 2].mean() > 1.2 * dark[..., 0].mean() / photo[..., 0].mean()
    lamp = np.full((150, 150, 3), 40, np.uint8)
    lamp[73:77, 73:77] = 255
    lit = degraded(night, lamp).astype(int)
    around, far = lit[68:72, 73:77].mean((0, 1)), lit[:30].mean((0, 1))
    assert lit[73:77, 73:77, 0].min() > 150  # the lamp itself
    assert around[0] > around[2] and far[2] > far[0]  # warm light around it, cold further off
