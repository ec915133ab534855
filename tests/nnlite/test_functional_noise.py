"""Dropout: the share it drops, the scale it keeps, and whose random numbers it uses."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from tests.helpers import backward, leaf


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(40_000,), (4, 100, 10, 10)])
def test_it_drops_with_probability_p_and_scales_the_rest(p, shape):
    y = F.dropout(nnlite.Tensor(np.full(shape, 3.0, np.float32)), p).numpy()
    kept = y != 0
    np.testing.assert_allclose(y[kept], 3.0 / (1.0 - p), rtol=1e-6)
    assert abs(kept.mean() - (1.0 - p)) < 5 * np.sqrt(p * (1 - p) / y.size)
    if y.ndim == 4:  # drops elements, not whole channels or pixels
        assert (y[:, :, 0, 0] == 0).any() and (y[:, :, 0, 0] != 0).any() and len(np.unique(kept.sum((2, 3)))) > 1


def test_gradients_pass_where_values_passed(rng):
    x = leaf(rng.standard_normal((3, 50)))
    y = F.dropout(x, 0.3)
    u = backward(y)
    np.testing.assert_allclose(x.grad.numpy(), np.where(y.numpy() == 0, 0.0, u / 0.7), rtol=1e-12)


def test_p_of_0_and_1_and_evaluation():
    x = leaf(np.ones((2, 3)))
    assert F.dropout(x, 0.5, training=False) is x and F.dropout(x, 0.0) is x
    y = F.dropout(x, 1.0)
    y.sum().backward()
    assert not y.numpy().any() and not x.grad.numpy().any()


def test_the_seed_decides():
    x = nnlite.Tensor(np.ones(100))

    def drawn(seed):
        nnlite.manual_seed(seed)
        return [F.dropout(x).numpy() for _ in range(2)]

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_no_probability(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.dropout(nnlite.tensor([1.0]), p)
