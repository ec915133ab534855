"""Distances between images against closed forms, a loop, and scikit-image."""

import math

import numpy as np
import pytest

import nnlite
from nnlite import metrics


def images(rng, shape, dtype=np.float64):
    a = rng.uniform(0, 1, shape)
    return a.astype(dtype), np.clip(a + 0.2 * rng.standard_normal(shape), 0, 1).astype(dtype)


@pytest.mark.parametrize("shape", [(16, 23), (32, 20, 3), (11, 11, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ssim_and_psnr_equal_scikit_image(rng, shape, dtype):
    reference = pytest.importorskip("skimage.metrics")
    a, b = images(rng, shape, dtype)
    axis = 2 if len(shape) == 3 else None
    expected = reference.structural_similarity(
        a.astype(np.float64), b.astype(np.float64), gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=1.0, channel_axis=axis,
    )  # fmt: skip
    assert metrics.ssim(a, b) == pytest.approx(expected, abs=1e-7)
    expected = reference.peak_signal_noise_ratio(a.astype(np.float64), b.astype(np.float64), data_range=1.0)
    assert metrics.psnr(a, b) == pytest.approx(expected, rel=1e-6)


def test_ssim_window_by_window(rng):
    """Wang et al. (2004), equations 13 to 16, written out for each whole window."""
    a, b = images(rng, (14, 13))
    weight = np.array([[math.exp(-(i * i + j * j) / 4.5) for j in range(-5, 6)] for i in range(-5, 6)])
    weight /= weight.sum()
    values = []
    for top, left in np.ndindex(4, 3):
        p, q = a[top : top + 11, left : left + 11], b[top : top + 11, left : left + 11]
        mp, mq = (weight * p).sum(), (weight * q).sum()
        vp, vq = (weight * (p - mp) ** 2).sum(), (weight * (q - mq) ** 2).sum()
        cov = (weight * (p - mp) * (q - mq)).sum()
        values.append((2 * mp * mq + 1e-4) * (2 * cov + 9e-4) / ((mp**2 + mq**2 + 1e-4) * (vp + vq + 9e-4)))
    assert metrics.ssim(a, b) == pytest.approx(np.mean(values), rel=1e-10)


def test_closed_forms(rng):
    a, _ = images(rng, (20, 20, 3))
    assert metrics.l1(a, a) == 0.0 and metrics.psnr(a, a) == math.inf and metrics.ssim(a, a) == pytest.approx(1.0)
    black, grey = np.zeros((12, 12)), np.full((12, 12), 0.1)
    assert metrics.l1(black, grey) == pytest.approx(0.1)
    assert metrics.psnr(black, grey) == pytest.approx(20.0)
    assert metrics.ssim(black, grey) == pytest.approx(1e-4 / (0.01 + 1e-4))


def test_they_are_symmetric_and_fall_with_noise(rng):
    a, b = images(rng, (24, 24, 3))
    noisier = np.clip(b + 0.2 * rng.standard_normal(b.shape), 0, 1)
    for metric, better in ((metrics.l1, -1), (metrics.psnr, 1), (metrics.ssim, 1)):
        assert metric(a, b) == pytest.approx(metric(b, a), rel=1e-12)
        assert better * metric(a, b) > better * metric(a, noisier)


@pytest.mark.parametrize("metric", [metrics.l1, metrics.psnr, metrics.ssim])
def test_images_that_do_not_fit(metric, rng):
    for a, b in (((12, 12), (12, 13)), ((12, 12), (12, 12, 1)), ((2, 12, 12, 3), (2, 12, 12, 3)), ((12,), (12,))):
        with pytest.raises(nnlite.ShapeError, match=r"one shape .*got \(.*\) and \("):
            metric(np.zeros(a), np.zeros(b))
    with pytest.raises(TypeError, match=r"0\.\.1"):
        metric(np.zeros((12, 12), np.uint8), np.zeros((12, 12), np.uint8))


def test_an_image_smaller_than_the_window():
    with pytest.raises(nnlite.ShapeError, match=r"11x11 pixels, the images are \(10, 30\)"):
        metrics.ssim(np.zeros((10, 30)), np.zeros((10, 30)))
