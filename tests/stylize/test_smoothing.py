"""L0 minimisation and the guided filter: their definitions, limits, and what they are for."""

import numpy as np
import pytest

from stylize import smoothing
from stylize._cv2 import cv2
from stylize.filters import resize


def energy(result, image, strength):
    """What l0_smooth minimises, with differences below 1/1000 counted as none."""
    dx, dy = np.zeros_like(result), np.zeros_like(result)
    dx[:, :-1], dy[:-1] = np.diff(result, axis=1), np.diff(result, axis=0)
    steps = np.abs(dx).sum(2) + np.abs(dy).sum(2) > 3e-3
    return ((result - image) ** 2).sum() + strength * steps.sum()


@pytest.mark.parametrize("shape", [(32, 48), (33, 47)])
def test_l0_turns_a_noisy_step_into_a_step(shape, rng):
    clean = np.where(np.arange(shape[1]) < 20, 0.3, 0.7)[None, :, None] * np.ones((*shape, 3))
    noisy = (clean + rng.normal(0, 0.03, clean.shape)).astype(np.float32)
    smooth = smoothing.l0_smooth(noisy, 0.02)
    assert smooth.shape == noisy.shape and smooth.dtype == np.float32
    np.testing.assert_allclose(smooth[:, :19], 0.3, atol=0.015)
    np.testing.assert_allclose(smooth[:, 19], 0.3, atol=0.1)  # here a step is paid for already, so noise is free
    np.testing.assert_allclose(smooth[:, 20:], 0.7, atol=0.015)
    assert energy(smooth, noisy, 0.02) < 1.15 * energy(clean, noisy, 0.02) < 0.2 * energy(noisy, noisy, 0.02)


def test_l0_of_one_row_is_the_best_piecewise_constant_row():
    """Against all ways to cut a row of ten into pieces, each as its mean."""
    row = np.array([0.1, 0.12, 0.08, 0.1, 0.62, 0.58, 0.6, 0.6, 0.3, 0.3])
    strength, best = 0.01, (np.inf, None)
    for cuts in range(2**9):
        ends = [i + 1 for i in range(9) if cuts >> i & 1]
        fit = np.concatenate([np.full(len(part), part.mean()) for part in np.split(row, ends)])
        # the picture is grey (three channels), and every row of it costs the same
        best = min(best, (3 * ((fit - row) ** 2).sum() + strength * len(ends), fit.tolist()))
    image = np.tile(row[None, :, None], (6, 1, 3)).astype(np.float32)
    np.testing.assert_allclose(smoothing.l0_smooth(image, strength)[2, :, 0], best[1], atol=0.01)


def test_l0_keeps_constants_and_strength_0_almost_everything(rng):
    flat = np.full((20, 30, 3), 0.4, np.float32)
    np.testing.assert_allclose(smoothing.l0_smooth(flat, 0.02), flat, atol=1e-5)
    image = rng.random((20, 30, 3)).astype(np.float32)
    np.testing.assert_allclose(smoothing.l0_smooth(image, 1e-7), image, atol=0.02)


def guided_at(image, guide, y, x, radius, eps):
    """He's filter at one pixel far from the borders: the mean of the linear fits of all windows it lies in."""
    values = []
    for cy in range(y - radius, y + radius + 1):
        for cx in range(x - radius, x + radius + 1):
            window = np.s_[cy - radius : cy + radius + 1, cx - radius : cx + radius + 1]
            i, g = image[window].ravel(), guide[window].ravel()
            slope = ((i - i.mean()) * (g - g.mean())).mean() / (g.var() + eps)
            values.append(slope * (guide[y, x] - g.mean()) + i.mean())
    return np.mean(values)


def test_guided_filter_is_its_definition(rng):
    image, guide = rng.random((2, 16, 18)).astype(np.float32)
    out = smoothing.guided_filter(image, guide, 2, 0.01)
    for y, x in [(4, 4), (8, 9), (11, 13)]:
        assert out[y, x] == pytest.approx(guided_at(image.astype(float), guide.astype(float), y, x, 2, 0.01), abs=1e-4)


def test_limits_of_the_guided_filter(rng):
    image = rng.random((24, 30, 3)).astype(np.float32)
    np.testing.assert_allclose(smoothing.guided_filter(image, image, 2, 1e-8), image, atol=1e-4)
    blurred = smoothing.guided_filter(image, image, 2, 1e8)

    def mean(x):
        return cv2.blur(x, (5, 5), borderType=cv2.BORDER_REFLECT_101)

    np.testing.assert_allclose(blurred, mean(mean(image)), atol=1e-4)


def test_a_large_guide_lends_its_edge():
    large = np.where(np.arange(96) < 50, 0.2, 0.8)[None, :, None] * np.ones((60, 96, 3), np.float32)
    large = large.astype(np.float32)
    small = resize(large, 24, 15)
    enlarged = smoothing.guided_filter(1 - small, large, 1, 1e-4)
    np.testing.assert_allclose(enlarged, 1 - large, atol=0.02)  # plain enlargement is off by 0.3 beside the edge
    assert np.abs(resize(1 - small, 96, 60) - (1 - large)).max() > 0.2


def test_paint_reduced_paints_small_images_as_they_are_and_large_ones_small(rng):
    seen = []

    def paint(image, scale):
        seen.append((image.shape, scale))
        return image.astype(np.float32) / 255

    image = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    np.testing.assert_array_equal(smoothing.paint_reduced(paint, image, 2.0, 2.0), image.astype(np.float32) / 255)
    assert smoothing.paint_reduced(paint, image, 2.0, 0.5).shape == image.shape
    assert seen == [((40, 60, 3), 2.0), ((10, 15, 3), 0.5)]
