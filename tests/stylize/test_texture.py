"""Dots, strokes and grain: as much ink as asked for, in the places where the grid is."""

import numpy as np
import pytest

from stylize import texture
from stylize._cv2 import cv2


@pytest.mark.parametrize("coverage", [0, 0.1, 0.3, 0.5, 0.8, 1])
@pytest.mark.parametrize("period", [5.0, 8.3])
def test_halftone_keeps_the_mean(coverage, period):
    ink = texture.halftone(np.full((120, 160), coverage, np.float32), period)
    assert ink.shape == (120, 160) and ink.dtype == np.float32
    assert 0 <= ink.min() and ink.max() <= 1
    assert ink.mean() == pytest.approx(coverage, abs=0.03)
    assert coverage not in (0, 1) or np.ptp(ink) < 1e-6


def test_halftone_dots_lie_on_a_grid_of_45_degrees():
    period = 8.0
    ink = texture.halftone(np.full((128, 128), 0.2, np.float32), period, 45)
    dots, _, _, centres = cv2.connectedComponentsWithStats((ink > 0.5).astype(np.uint8))
    assert dots - 1 == pytest.approx(128 * 128 / period**2, rel=0.15)
    inner = [c for c in centres[1:] if 12 < c.min() and c.max() < 116]
    distances = [np.sort(np.hypot(*(centres[1:] - c).T))[1:5] for c in inner]
    np.testing.assert_allclose(distances, period, atol=0.8)  # four neighbours, all as far
    nearest = [(centres[1:] - c)[np.argsort(np.hypot(*(centres[1:] - c).T))[1]] for c in inner]
    angles = [abs(np.degrees(np.arctan2(dy, dx))) % 90 for dx, dy in nearest]
    np.testing.assert_allclose(angles, 45, atol=8)


@pytest.mark.parametrize("tone", [0.05, 0.3, 0.55, 0.8, 1.0])
def test_hatching_keeps_the_mean(tone):
    strokes = texture.hatching(np.full((400, 400), tone, np.float32), 8.0, 1.0)
    assert strokes.mean() == pytest.approx(tone, abs=0.04)
    assert 0 <= strokes.min() and strokes.max() <= 1


@pytest.mark.parametrize("degrees", [0, 30, -50])
def test_streaks_run_in_their_direction(degrees):
    streaks = texture.noise((300, 300), 12.0, 1.5, degrees, seed=1)
    gy, gx = np.gradient(streaks)
    angle = np.degrees(0.5 * np.arctan2(2 * (gx * gy).mean(), (gx * gx).mean() - (gy * gy).mean())) + 90
    assert abs((angle - degrees + 90) % 180 - 90) < 4


def test_noise_is_evenly_spread_and_always_the_same():
    grain = texture.noise((512, 512), 1.0, 1.0, seed=3)
    shares = np.histogram(grain, bins=10, range=(0, 1))[0] / grain.size
    np.testing.assert_allclose(shares, 0.1, atol=0.035)
    np.testing.assert_array_equal(grain, texture.noise((512, 512), 1.0, 1.0, seed=3))
    np.testing.assert_array_equal(grain[:100, :200], texture.noise((100, 200), 1.0, 1.0, seed=3))
    assert abs(np.corrcoef(grain.ravel(), texture.noise((512, 512), 1.0, 1.0, seed=4).ravel())[0, 1]) < 0.05


def test_noise_repeats_without_a_seam():
    row = texture.noise((8, 1100), 1.0, 1.0, seed=0)
    np.testing.assert_allclose(row[:, :500], row[:, 512:1012], atol=2e-2)
    jumps = np.abs(np.diff(row, axis=1))
    assert jumps[:, 510:513].max() < 1.5 * jumps[:, :500].max()
