"""Dropout and sampling: the shares, scales and moments, and whose random numbers are used."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from tests.helpers import backward, leaf

every_dropout = pytest.mark.parametrize("dropout", [F.dropout, F.dropout2d])


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(40_000,), (4, 100, 10, 10)])
def test_it_drops_with_probability_p_and_scales_the_rest(p, shape):
    y = F.dropout(nnlite.Tensor(np.full(shape, 3.0, np.float32)), p).numpy()
    kept = y != 0
    np.testing.assert_allclose(y[kept], 3.0 / (1.0 - p), rtol=1e-6)
    assert abs(kept.mean() - (1.0 - p)) < 5 * np.sqrt(p * (1 - p) / y.size)
    if y.ndim == 4:  # drops elements, not whole channels or pixels
        assert (y[:, :, 0, 0] == 0).any() and (y[:, :, 0, 0] != 0).any() and len(np.unique(kept.sum((2, 3)))) > 1


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_whole_channels_are_dropped_each_image_its_own(p):
    y = F.dropout2d(nnlite.Tensor(np.full((100, 80, 3, 2), 3.0, np.float32)), p).numpy()
    kept = y[:, :, 0, 0] != 0
    assert np.array_equal(y != 0, np.broadcast_to(kept[:, :, None, None], y.shape))
    np.testing.assert_allclose(y[y != 0], 3.0 / (1.0 - p), rtol=1e-6)
    assert abs(kept.mean() - (1.0 - p)) < 5 * np.sqrt(p * (1 - p) / kept.size)
    assert kept.all(0).sum() + (~kept).all(0).sum() == 0 and kept.all(1).sum() + (~kept).all(1).sum() == 0


@every_dropout
def test_gradients_pass_where_values_passed(rng, dropout):
    x = leaf(rng.standard_normal((3, 5, 2, 4)))
    y = dropout(x, 0.3)
    u = backward(y)
    np.testing.assert_allclose(x.grad.numpy(), np.where(y.detach().numpy() == 0, 0.0, u / 0.7), rtol=1e-12)


@every_dropout
def test_p_of_0_and_1_and_evaluation(dropout):
    x = leaf(np.ones((2, 3, 1, 1)))
    assert dropout(x, 0.5, training=False) is x and dropout(x, 0.0) is x
    y = dropout(x, 1.0)
    y.sum().backward()
    assert not y.detach().numpy().any() and not x.grad.numpy().any()


def drop(x):
    return F.dropout(x)


def drop_channels(x):
    return F.dropout2d(x.reshape(1, 100, 1, 1))


def sample(x):
    return F.rsample(x, x)


@pytest.mark.parametrize("draw", [drop, drop_channels, sample])
def test_the_seed_decides(draw):
    x = nnlite.Tensor(np.ones(100))

    def drawn(seed):
        nnlite.manual_seed(seed)
        return [draw(x).numpy() for _ in range(2)]

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


@every_dropout
@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("training", [True, False])
def test_no_probability(dropout, p, training):
    with pytest.raises(ValueError, match=f"{dropout.__name__}: p must lie between 0 and 1, got"):
        dropout(nnlite.zeros(1, 1, 1, 1), p, training)


def test_only_images_have_channels_to_drop():
    with pytest.raises(nnlite.ShapeError, match=r"expected images \(N, C, H, W\), got shape \(2, 3\)"):
        F.dropout2d(nnlite.zeros(2, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples_have_the_mean_and_variance_asked_for(dtype):
    mu = np.repeat(np.array([-3.0, 0.0, 2.0], dtype)[:, None], 100_000, 1)
    log_var = np.repeat(np.log(np.array([0.25, 1.0, 9.0], dtype))[:, None], 100_000, 1)
    z = F.rsample(nnlite.tensor(mu), nnlite.tensor(log_var)).numpy()
    assert z.dtype == dtype
    std = np.exp(log_var[:, 0] / 2)
    assert np.all(np.abs(z.mean(1) - mu[:, 0]) < 5 * std / np.sqrt(1e5))
    np.testing.assert_allclose(z.std(1), std, rtol=0.02)
    skew, tail = (((z - mu) / np.exp(log_var / 2)) ** 3).mean(1), (np.abs((z - mu) / np.exp(log_var / 2)) < 1).mean(1)
    assert np.all(np.abs(skew) < 0.05) and np.all(np.abs(tail - 0.6827) < 0.01)


def test_the_gradients_of_a_sample_are_those_of_the_formula(rng):
    mu, log_var = leaf(rng.standard_normal((4, 3))), leaf(rng.standard_normal((4, 3)))
    z = F.rsample(mu, log_var)
    u = backward(z)
    np.testing.assert_allclose(mu.grad.numpy(), u, rtol=1e-15)
    np.testing.assert_allclose(log_var.grad.numpy(), u * (z.detach().numpy() - mu.detach().numpy()) / 2, rtol=1e-10)


def test_a_samples_gradient_moves_the_expectation(rng):
    """d/dmu E z^2 = 2 mu and d/dlog_var E z^2 = e^log_var, which the average over samples must come to."""
    mu, log_var = leaf(np.full(200_000, 0.7)), leaf(np.full(200_000, -0.4))
    (F.rsample(mu, log_var) ** 2).sum().backward()
    assert mu.grad.numpy().mean() == pytest.approx(1.4, abs=0.02)
    assert log_var.grad.numpy().mean() == pytest.approx(np.exp(-0.4), abs=0.02)


def test_a_mean_and_a_variance_of_one_shape():
    with pytest.raises(nnlite.ShapeError, match=r"rsample: mu has shape \(2, 3\), log_var \(3,\)"):
        F.rsample(nnlite.zeros(2, 3), nnlite.zeros(3))
