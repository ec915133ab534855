"""Lab against OpenCV's, there and back, and tones against the definition in `stylize`."""

import cv2
import numpy as np

import nnlite
from models.lab import lab_to_rgb, rgb_to_lab, tones
from nnlite.gradcheck import gradcheck
from stylize.filters import soft_quantize
from tests.helpers import leaf


def colours(rng, n=40):
    """A row of colours (1, 3, 1, n) in [-1, 1], black and white among them."""
    values = rng.uniform(-1, 1, (1, 3, 1, n)).astype(np.float32)
    values[..., 0], values[..., 1] = -1, 1
    return values


def test_lab_is_opencvs(rng):
    rgb = colours(rng)
    theirs = cv2.cvtColor(np.ascontiguousarray(rgb[0].transpose(1, 2, 0) / 2 + 0.5), cv2.COLOR_RGB2Lab) / 100
    ours = rgb_to_lab(nnlite.tensor(rgb)).numpy()[0].transpose(1, 2, 0)
    np.testing.assert_allclose(ours, theirs, atol=0.006)  # its table of white differs in the fourth digit


def test_there_and_back(rng):
    rgb = colours(rng)
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(nnlite.tensor(rgb))).numpy(), rgb, atol=1e-4)


def test_greys_have_no_colour_and_white_is_one():
    grey = nnlite.linspace(-1, 1, 9).reshape(1, 1, 1, 9) * nnlite.ones(1, 3, 1, 1)
    lab = rgb_to_lab(grey).numpy()
    assert np.abs(lab[:, 1:]).max() < 1e-5
    assert abs(lab[0, 0, 0, 0]) < 1e-6 and abs(lab[0, 0, 0, -1] - 1) < 1e-6


def test_gradients(rng):
    away = rng.uniform(0.1, 0.9, (1, 3, 2, 3)) * 2 - 1  # from the knees, on both sides of which the curves are smooth
    gradcheck(rgb_to_lab, [leaf(away)])
    gradcheck(lab_to_rgb, [leaf(rgb_to_lab(nnlite.tensor(away)).numpy())])
    light, hardness = leaf(rng.uniform(0.27, 0.36, (1, 1, 2, 3))), leaf(rng.uniform(0.5, 5, (1, 1, 2, 3)))
    gradcheck(lambda light, hardness: tones(light, hardness, 4), [light, hardness])


def test_tones_are_those_of_stylize(rng):
    light, hardness = rng.uniform(0, 1, (1, 1, 5, 40)), rng.uniform(0.2, 12, (1, 1, 5, 40))
    ours = tones(nnlite.tensor(light), nnlite.tensor(hardness), 8).numpy()
    np.testing.assert_allclose(ours, soft_quantize(light, 8, 1.0, hardness), atol=1e-12)


def test_hard_tones_are_steps_and_soft_ones_change_nothing():
    light = nnlite.linspace(0, 1, 101, dtype="float64").reshape(1, 1, 1, 101)
    hard = tones(light, nnlite.full_like(light, 1e3), 4).numpy().ravel()
    assert set(np.round(hard, 6)) <= {0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, -0.125, 1.125}
    np.testing.assert_allclose(tones(light, nnlite.full_like(light, 1e-4), 4).numpy(), light.numpy(), atol=1e-6)
