"""Haar features against sums of pixels, AdaBoost against brute force and its bound, the cascade against its stages."""

import numpy as np
import pytest

from demos.classic_vision import boosting, cascade, detector, haar, pages

# Features


def test_the_integral_image_gives_the_sum_over_any_rectangle(rng):
    images = rng.random((2, 9, 7))
    table = haar.integral_image(images)
    assert table.shape == (2, 10, 8)
    for top, bottom, left, right in ((0, 9, 0, 7), (2, 5, 1, 6), (8, 9, 6, 7), (3, 3, 2, 5)):
        by_table = table[:, bottom, right] - table[:, top, right] - table[:, bottom, left] + table[:, top, left]
        np.testing.assert_allclose(by_table, images[:, top:bottom, left:right].sum((1, 2)), atol=1e-12)


def by_pixels(feature, image):
    """A feature's value from its definition: the pixels of each block are summed."""
    value = 0.0
    for (i, j), sign in np.ndenumerate(haar.PATTERNS[feature.pattern]):
        top, left = feature.top + i * feature.height, feature.left + j * feature.width
        value += sign * image[top : top + feature.height, left : left + feature.width].sum(dtype=np.float64)
    return value / (image.size * image.std(dtype=np.float64))


def test_features_are_differences_of_sums_of_pixels(rng):
    every = haar.all_features()
    features = [every[i] for i in rng.choice(len(every), 60, replace=False)]
    assert {feature.pattern for feature in features} == set(range(5))
    images = rng.random((3, 28, 28))
    expected = [[by_pixels(feature, image) for image in images] for feature in features]
    np.testing.assert_allclose(haar.evaluate(features, haar.windows_of(images)), expected, rtol=1e-4, atol=1e-6)


def test_neither_brightness_nor_contrast_matters(rng):
    features = haar.all_features(step=6)
    images = rng.random((2, 28, 28))
    values = [haar.evaluate(features, haar.windows_of(x)) for x in (images, 0.3 * images + 0.5)]
    np.testing.assert_allclose(*values, rtol=1e-4, atol=1e-6)


def test_all_features_stay_inside_the_window_and_none_comes_twice():
    features = haar.all_features(step=4)
    assert len(set(features)) == len(features)
    for kind, top, left, height, width in features:
        rows, columns = haar.PATTERNS[kind].shape
        assert 0 <= top <= 28 - rows * height and 0 <= left <= 28 - columns * width


def test_windows_of_a_page_share_its_table(rng):
    page = rng.random((40, 52))
    features = haar.all_features(step=6)
    windows, corners = haar.windows_in(page, 5)
    cut = np.stack([page[y : y + 28, x : x + 28] for x, y in corners])
    assert len(cut) == 3 * 5
    np.testing.assert_allclose(
        haar.evaluate(features, windows), haar.evaluate(features, haar.windows_of(cut)), rtol=1e-4, atol=1e-6
    )


# AdaBoost


def samples(rng, n=60, features=8):
    """Labels, and values that say a little about them; some are equal."""
    labels = rng.integers(0, 2, n)
    return np.round(rng.standard_normal((features, n)) + 0.6 * labels, 1).astype(np.float32), labels


def test_the_best_stump_is_the_best_of_all(rng):
    values, labels = samples(rng)
    weights = rng.random(len(labels))
    weights /= weights.sum()
    order = values.argsort(axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    ties = ordered[:, :-1] == ordered[:, 1:]
    feature, threshold, parity, error = boosting.best_stump(values, order, ties, labels, weights)
    wrong = (parity * values[feature] < parity * threshold) != labels
    assert error == pytest.approx(weights[wrong].sum())
    every = [
        weights[(p * row < p * (0.5 * (low + high))) != labels].sum()
        for row in values
        for low, high in zip(np.unique(row)[:-1], np.unique(row)[1:], strict=True)
        for p in (1, -1)
    ]
    assert error == pytest.approx(min(every), abs=1e-6)


def test_the_training_error_stays_below_its_bound(rng):
    values, labels = samples(rng)
    mistakes = []
    for rounds in (1, 5, 40):
        strong = boosting.adaboost(values, labels, rounds)
        said = strong.score(values[strong.features]) >= strong.threshold
        mistakes.append((said != labels).mean())
        assert mistakes[-1] <= np.prod(2 * np.sqrt(strong.errors * (1 - strong.errors))) + 1e-12
        np.testing.assert_allclose(strong.votes, np.log((1 - strong.errors) / strong.errors))
    assert mistakes[2] < mistakes[0]


def test_after_a_round_the_last_stump_is_no_better_than_a_coin(rng):
    """Freund & Schapire: with the new weights, half of the weight is on what it got wrong."""
    values, labels = samples(rng)
    strong = boosting.adaboost(values, labels, 1)
    right = (strong.score(values[strong.features]) > 0) == labels
    weights = np.where(labels == 1, 0.5 / labels.sum(), 0.5 / (1 - labels).sum())
    weights = weights * np.where(right, strong.errors / (1 - strong.errors), 1.0)
    assert weights[~right].sum() == pytest.approx(0.5 * weights.sum())


# Cascade


def bright_and_dark(rng, n):
    """Windows that are brighter on the left, for yes, or anywhere, for no."""
    images = rng.random((n, 28, 28))
    yes = images.copy()
    yes[:, :, :14] += 0.4
    return yes, images + 0.4 * rng.random((n, 1, 28))


def test_each_stage_lets_the_digits_pass_and_learns_from_what_passed_before(rng):
    yes, _ = bright_and_dark(rng, 200)
    drawn = []

    def draw():
        drawn.append(bright_and_dark(rng, 300)[1])
        return drawn[-1]

    every = haar.all_features(step=7)
    stages = cascade.learn_cascade(yes, draw, every, sizes=(1, 2))
    for stage in stages:
        assert (stage.score(haar.windows_of(yes[1::2])) >= stage.strong.threshold).mean() >= cascade.DETECTED - 1e-9
    windows = haar.windows_of(np.concatenate([yes, drawn[0]]))
    passed, scores = cascade.look(stages, windows)
    each = [stage.score(windows) >= stage.strong.threshold for stage in stages]
    for i, left in enumerate(passed):
        np.testing.assert_array_equal(left, np.flatnonzero(np.all(each[: i + 1], axis=0)))
    assert len(scores) == len(passed[-1])
    alarms = cascade.false_alarms(stages[:1], draw)
    assert (stages[0].score(haar.windows_of(alarms)) >= stages[0].strong.threshold).all()
    expected = sum(n * len(s.features) for n, s in zip((len(windows.starts), len(passed[0])), stages, strict=False))
    assert detector.features_looked_at(stages, windows) == pytest.approx(expected / len(windows.starts))


def test_the_threshold_lets_the_share_pass():
    scores = np.arange(1000.0)
    assert (scores >= cascade.passing(scores, 0.995)).mean() == pytest.approx(0.995)


def test_pages_hold_their_digits_and_other_windows_none(rng):
    digits = np.ones((1, 28, 28), np.float32)
    page, places = pages.make_page(digits, [np.full((50, 60), 51, np.uint8)], rng)
    for x, y in places:
        assert (page[y : y + 28, x : x + 28] == 1).all()
    others = pages.without_digit(page, places, 100, rng)
    assert others.shape == (100, 28, 28)
    assert ((others == 1).mean((1, 2)) < 1).all()


def test_of_windows_that_overlap_the_strongest_stays():
    corners = np.array([[0, 0], [4, 2], [40, 0], [42, 2], [20, 0]])
    found = detector.strongest(corners, np.array([0, 1, 2, 3]), np.array([1.0, 3.0, 2.0, 1.0]))
    np.testing.assert_array_equal(found, [[4, 2], [40, 0]])
    assert detector.strongest(corners, np.zeros(0, int), np.zeros(0)).shape == (0, 2)
