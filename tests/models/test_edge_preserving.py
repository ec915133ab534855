"""The recursive filter: against a loop, what it keeps, and its gradient for the image and for the joins."""

import numpy as np
import pytest

import nnlite
from models.edge_preserving import Sweeps, smooth
from nnlite.errors import ShapeError
from nnlite.gradcheck import gradcheck
from tests.helpers import leaf


def sweep_by_hand(line, joins):
    """Forth and back along one line of numbers."""
    y = [float(line[0])]
    for x, a in zip(line[1:], joins[1:], strict=True):
        y.append((1 - a) * x + a * y[-1])
    z = [y[-1]]
    for x, a in zip(y[-2::-1], joins[:0:-1], strict=True):
        z.append((1 - a) * x + a * z[-1])
    return z[::-1]


@pytest.mark.parametrize("dim", [2, 3])
def test_sweeps_are_the_loop_of_the_paper(rng, dim):
    x, a = rng.standard_normal((2, 3, 4, 6)), rng.random((2, 1, 4, 6))
    y = np.moveaxis(Sweeps.apply(nnlite.tensor(x), nnlite.tensor(a), dim=dim).numpy(), dim, -1)
    lines, joins = np.moveaxis(x, dim, -1), np.moveaxis(a, dim, -1)
    for n, c, i in np.ndindex(y.shape[:3]):
        np.testing.assert_allclose(y[n, c, i], sweep_by_hand(lines[n, c, i], joins[n, 0, i]), rtol=1e-12)


def test_the_gradient(rng):
    image = leaf(rng.standard_normal((2, 3, 5, 4)))
    joins = [leaf(rng.uniform(0.05, 0.95, (2, 1, 5, 4))) for _ in range(2)]
    gradcheck(smooth, [image, *joins])


def test_nothing_joined_changes_nothing_and_everything_joined_leaves_one_colour(rng):
    image = nnlite.tensor(rng.standard_normal((1, 3, 6, 7)))
    none, all_ = nnlite.zeros(1, 1, 6, 7, dtype="float64"), nnlite.ones(1, 1, 6, 7, dtype="float64")
    np.testing.assert_array_equal(smooth(image, none, none).numpy(), image.numpy())
    flat = smooth(image, all_, all_).numpy()
    assert np.ptp(flat, axis=(2, 3)).max() < 1e-12


def test_an_edge_stays_sharp_and_noise_on_either_side_goes(rng):
    image = np.zeros((1, 1, 8, 20)) + 0.1 * rng.standard_normal((1, 1, 8, 20))
    image[..., 10:] += 1
    left, above = np.full((1, 1, 8, 20), 0.9), np.full((1, 1, 8, 20), 0.9)
    left[..., 10] = 0
    y = smooth(*map(nnlite.tensor, (image, left, above))).numpy()
    assert y[..., :10].std() < 0.3 * image[..., :10].std()
    assert y[..., 10].min() - y[..., 9].max() > 0.8


def test_an_even_colour_stays_as_it_is(rng):
    """Whatever is joined: the weights of a sweep add up to 1."""
    left, above = (nnlite.tensor(rng.random((1, 1, 5, 6))) for _ in range(2))
    constant = nnlite.full((1, 2, 5, 6), 0.7, dtype="float64")
    np.testing.assert_allclose(smooth(constant, left, above).numpy(), 0.7, rtol=1e-12)


def test_joins_of_another_shape_are_refused():
    image, joins = nnlite.zeros(1, 3, 4, 4), nnlite.zeros(1, 1, 4, 4)
    with pytest.raises(ShapeError, match=r"expected above of shape \(1, 1, 4, 4\), got \(1, 3, 4, 4\)"):
        smooth(image, joins, image)
