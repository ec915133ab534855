"""Random changes of images against closed forms: numpy's rotations and flips, and functions known between pixels."""

import numpy as np
import pytest

import nnlite
from nnlite.data import Augment, DataLoader, RandomAffine, RandomCrop, RandomHorizontalFlip, RandomVerticalFlip
from nnlite.data.augment import affine, bilinear


def image(rng, shape=(3, 9, 9), dtype=np.float32):
    return rng.random(shape).astype(dtype)


@pytest.mark.parametrize("side", [1, 2, 7, 8])
@pytest.mark.parametrize("quarters", [-2, -1, 0, 1, 2, 3, 5])
def test_quarter_turns_are_numpys(side, quarters, rng):
    x = image(rng, (2, side, side))
    np.testing.assert_allclose(affine(x, 90.0 * quarters, 1.0), np.rot90(x, quarters, (1, 2)), atol=1e-6)


def test_half_a_turn_of_an_image_that_is_no_square(rng):
    x = image(rng, (1, 4, 7))
    np.testing.assert_allclose(affine(x, 180.0, 1.0), x[:, ::-1, ::-1], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 5, 5), (3, 4, 7)])
def test_no_turn_and_scale_1_change_nothing(shape, dtype, rng):
    x = image(rng, shape, dtype)
    y = affine(x, 0.0, 1.0)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, x)


def test_between_pixels_a_bilinear_function_is_exact(rng):
    """x[i, j] = 2 + 3 i - 5 j + i j / 2 is its own interpolation; pixels that come from outside are not compared."""

    def f(i, j):
        return 2.0 + 3.0 * i - 5.0 * j + 0.5 * i * j

    x = f(*np.indices((8, 6)).astype(np.float64))[None]
    rows, columns = rng.uniform(0, 7, (4, 30)), rng.uniform(0, 5, (4, 30))
    np.testing.assert_allclose(bilinear(x, rows, columns)[0], f(rows, columns), rtol=1e-12)


def test_the_border_fades_into_zeros(rng):
    x = image(rng, (1, 3, 4), np.float64)
    at = np.array([-2.0, -1.0, -0.25, 2.5, 3.0, 9.0])
    np.testing.assert_allclose(bilinear(x, at, np.zeros(6))[0], x[0, [0, 0, 0, 2, 2, 2], 0] * [0, 0, 0.75, 0.5, 0, 0])
    np.testing.assert_allclose(bilinear(x, np.zeros(2), np.array([3.5, -0.5]))[0], x[0, 0, [3, 0]] * 0.5)


def test_scale_2_stretches_about_the_middle(rng):
    """At twice the size a ramp rises half as steeply, and its middle stays."""
    ramp = np.broadcast_to(np.arange(9.0), (1, 9, 9))
    np.testing.assert_allclose(affine(ramp, 0.0, 2.0)[0], np.broadcast_to(np.arange(9) / 2 + 2, (9, 9)))
    half = affine(np.ones((1, 9, 9)), 0.0, 0.5)[0]
    assert half[2:7, 2:7].min() == 1.0 and not half[0].any() and not half[:, -1].any()


def test_a_positive_angle_is_counter_clockwise():
    """Ink to the right of the middle moves up, by the sine of the angle."""
    x = np.zeros((1, 41, 41))
    x[0, 20, 38] = 1.0
    y = affine(x, 30.0, 1.0)[0]
    rows, columns = np.indices(y.shape)
    centre = (rows * y).sum() / y.sum(), (columns * y).sum() / y.sum()
    np.testing.assert_allclose(centre, (20 - 18 * 0.5, 20 + 18 * np.cos(np.pi / 6)), atol=0.1)


def test_turns_and_scales_are_drawn_from_the_whole_range(rng, monkeypatch):
    from nnlite.data import augment

    drawn = []
    monkeypatch.setattr(augment, "affine", lambda image, degrees, scale: drawn.append((degrees, scale)))
    change = RandomAffine(degrees=20.0, scale=(0.5, 1.5))
    for _ in range(500):
        change(None, rng)
    least, most = np.min(drawn, 0), np.max(drawn, 0)
    assert -20 <= least[0] < -19 and 19 < most[0] <= 20 and 0.5 <= least[1] < 0.55 and 1.45 < most[1] <= 1.5
    assert abs(np.mean(drawn, 0) - [0.0, 1.0]).max() < 2.0


@pytest.mark.parametrize("flip, axis", [(RandomHorizontalFlip, 2), (RandomVerticalFlip, 1)])
def test_flips(flip, axis, rng):
    x = image(rng, (3, 5, 7))
    np.testing.assert_array_equal(flip(1.0)(x, rng), np.flip(x, axis))
    np.testing.assert_array_equal(flip(0.0)(x, rng), x)
    flipped = sum(not np.array_equal(flip()(x, rng), x) for _ in range(400))
    assert 150 < flipped < 250


@pytest.mark.parametrize("size, padding", [(5, 0), (9, 0), (9, 2), (11, 1), (1, 0)])
def test_crops_are_windows_and_all_windows_occur(size, padding, rng):
    x = image(rng, (2, 9, 10))
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    crops = [RandomCrop(size, padding)(x, rng) for _ in range(1500)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2, size, size))[0].reshape(-1, 2, size, size)
    assert {crop.tobytes() for crop in crops} == {window.tobytes() for window in windows}


def test_changes_follow_one_another_and_labels_stay(rng):
    sample = image(rng), 7, "name"
    augment = Augment(lambda x, rng: x + 1.0, RandomHorizontalFlip(1.0), RandomCrop(5))
    changed, *others = augment(sample, rng)
    assert changed.shape == (3, 5, 5) and others == [7, "name"] and changed.min() >= 1.0
    same, label = Augment()((sample[0], 7), rng)
    assert same is sample[0] and label == 7


def test_the_loader_draws_them_from_its_seed(rng):
    samples = [(image(rng, (1, 8, 8)), np.int64(k)) for k in range(6)]
    augment = Augment(RandomAffine(30.0, (0.8, 1.2)), RandomCrop(8, padding=2), RandomHorizontalFlip())

    def epoch(seed, number=0):
        loader = DataLoader(samples, 6, seed=seed, transform=augment)
        return next(loader.batches(start=number))[0].numpy()

    np.testing.assert_array_equal(epoch(1), epoch(1))
    assert not np.array_equal(epoch(1), epoch(2)) and not np.array_equal(epoch(1), epoch(1, 1))
    assert epoch(1).dtype == np.float32 and epoch(1).shape == (6, 1, 8, 8)


def test_images_are_not_changed_in_place(rng):
    x = image(rng)
    before = x.copy()
    Augment(RandomAffine(30.0, (0.8, 1.2)), RandomCrop(9, 2), RandomHorizontalFlip(1.0), RandomVerticalFlip(1.0))(
        (x,), rng
    )
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: RandomHorizontalFlip(1.5), "RandomHorizontalFlip: p is a probability in 0..1, got 1.5"),
        (lambda: RandomVerticalFlip(float("nan")), "RandomVerticalFlip: p is a probability"),
        (lambda: RandomCrop(0), "size >= 1 and padding >= 0, got 0 and 0"),
        (lambda: RandomCrop(3, -1), "size >= 1 and padding >= 0, got 3 and -1"),
        (lambda: RandomAffine(-1.0), "degrees must not be negative, got -1.0"),
        (lambda: RandomAffine(float("nan")), "degrees must not be negative, got nan"),
        (lambda: RandomAffine(scale=(1.2, 0.8)), "0 < least <= most"),
        (lambda: RandomAffine(scale=(0.0, 1.0)), "0 < least <= most"),
    ],
)
def test_bad_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_image_smaller_than_the_crop_is_refused(rng):
    with pytest.raises(nnlite.ShapeError, match=r"no 8 x 8 pixels in .* \(1, 7, 11\) with its padding of 1"):
        RandomCrop(8, padding=1)(np.zeros((1, 5, 9), np.float32), rng)
