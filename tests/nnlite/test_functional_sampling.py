"""functional/sampling.py: moments, supports, seeds, refusals. Fixed seeds; bounds are five standard errors wide."""

import itertools
import math

import numpy as np
import pytest

import nnlite
from nnlite import GraphError, ShapeError, no_grad, tensor
from tests.helpers import leaf

N = 20_000


def close(values, mean, std):
    """Whether numbers have this mean and standard deviation, as far as so many can tell."""
    values = values.numpy().astype(np.float64)
    error = 5.0 * std / math.sqrt(values.size)
    assert abs(values.mean() - mean) <= error
    assert abs(values.std() - std) <= 2.0 * error


DRAWS = {
    "normal": (lambda: nnlite.normal(2.0, 3.0, (N,)), 2.0, 3.0),
    "normal about tensors": (lambda: nnlite.normal(nnlite.full((N, 1), 2.0), tensor([3.0])), 2.0, 3.0),
    "normal about a tensor": (lambda: nnlite.normal(nnlite.full((N,), 2.0)), 2.0, 1.0),
    "normal as wide as a tensor": (lambda: nnlite.normal(-1, nnlite.full((N,), 0.5)), -1.0, 0.5),
    "normal_": (lambda: nnlite.zeros(N).normal_(), 0.0, 1.0),
    "normal_ elsewhere": (lambda: nnlite.zeros(N).normal_(mean=5, std=2), 5.0, 2.0),
    "uniform_": (lambda: nnlite.zeros(N).uniform_(), 0.5, math.sqrt(1 / 12)),
    "uniform_ elsewhere": (lambda: nnlite.zeros(N).uniform_(-3, to=1), -1.0, math.sqrt(16 / 12)),
    "bernoulli": (lambda: nnlite.bernoulli(nnlite.full((N,), 0.3)), 0.3, math.sqrt(0.21)),
    "bernoulli with one probability": (lambda: nnlite.zeros(N).bernoulli(0.8), 0.8, 0.4),
    "bernoulli_": (lambda: nnlite.zeros(N).bernoulli_(), 0.5, 0.5),
    "bernoulli_ by a tensor": (lambda: nnlite.zeros(N).bernoulli_(tensor(0.2)), 0.2, 0.4),
    "random_": (lambda: nnlite.zeros(N).random_(4), 1.5, math.sqrt(15 / 12)),
    "random_ between": (lambda: nnlite.zeros(N).random_(-2, 2), -0.5, math.sqrt(15 / 12)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_moments(name):
    draw, mean, std = DRAWS[name]
    nnlite.manual_seed(1)
    first, second = draw(), draw()
    close(first, mean, std)
    assert first.tolist() != second.tolist()
    nnlite.manual_seed(1)
    assert draw().tolist() == first.tolist()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_and_devices_are_those_of_the_tensors(dtype):
    x = nnlite.full((2, 3), 0.5, dtype=dtype)
    for y in (nnlite.bernoulli(x), nnlite.normal(x, 1.0), nnlite.normal(0.0, x), nnlite.zeros_like(x).uniform_()):
        assert y.dtype == dtype and y.shape == (2, 3)
    assert nnlite.normal(x, nnlite.ones(2, 1, dtype="float64")).dtype == dtype
    assert nnlite.normal(0, 1, size=(2,), dtype=dtype, requires_grad=True).is_leaf


def test_supports():
    p = tensor([0.0, 1.0] * 100)
    assert nnlite.bernoulli(p).tolist() == p.tolist()
    x = nnlite.zeros(1000)
    assert 2 <= x.uniform_(2, 3).min() and x.max() <= 3
    assert sorted(set(x.random_(-1, 2).tolist())) == [-1, 0, 1]
    for dtype, end in [("uint8", 2**8), ("int64", 2**63), ("float16", 2**11), ("float32", 2**24)]:
        y = nnlite.zeros(1000, dtype=dtype).random_()
        assert y.min() >= 0 and end / 2 < float(y.max()) <= end


def test_a_number_of_mean_and_width_zero_is_no_surprise():
    assert nnlite.zeros(3).normal_(1, 0).tolist() == [1.0] * 3
    assert nnlite.zeros(3, dtype="int64").bernoulli_(1).tolist() == [1, 1, 1]


def test_gradients_are_zero_as_in_pytorch():
    for draw in (nnlite.bernoulli, lambda x: nnlite.normal(x, x), lambda x: nnlite.normal(0.0, x)):
        x = leaf([0.3, 0.6])
        draw(x).sum().backward()
        assert x.grad.tolist() == [0.0, 0.0]


# multinomial


@pytest.mark.parametrize("replacement", [True, False])
def test_frequencies_follow_the_weights(replacement):
    nnlite.manual_seed(2)
    weights = np.array([[0.0, 1.0, 3.0, 0.0, 4.0], [2.0, 0.0, 0.0, 2.0, 0.0]])
    for row, p in enumerate(weights / weights.sum(1, keepdims=True)):
        drawn = nnlite.multinomial(tensor(np.repeat(weights, N, 0)), 1, replacement)[row * N : (row + 1) * N]
        share = np.bincount(drawn.numpy().ravel(), minlength=5) / N
        assert np.all(np.abs(share - p) <= 5.0 * np.sqrt(p * (1 - p) / N))


def test_several_with_replacement_follow_the_weights_too():
    nnlite.manual_seed(3)
    p = np.array([0.1, 0.0, 0.6, 0.3])
    drawn = nnlite.multinomial(tensor(p * 7), N, True)
    assert drawn.shape == (N,) and drawn.dtype == np.int64
    share = np.bincount(drawn.numpy(), minlength=4) / N
    assert np.all(np.abs(share - p) <= 5.0 * np.sqrt(p * (1 - p) / N))


def test_without_replacement_each_order_is_as_likely_as_it_should_be():
    """The second is drawn from what the first has left: p_i p_j / (1 - p_i)."""
    nnlite.manual_seed(4)
    p = np.array([0.5, 0.3, 0.2])
    drawn = nnlite.multinomial(tensor(np.tile(p, (N, 1))), 2).numpy()
    for i, j in itertools.permutations(range(3), 2):
        expected = p[i] * p[j] / (1 - p[i])
        share = np.mean((drawn == [i, j]).all(1))
        assert abs(share - expected) <= 5.0 * math.sqrt(expected * (1 - expected) / N)


def test_indices_without_weight_come_last_if_at_all():
    assert nnlite.multinomial(tensor([0.0, 1.0, 0.0]), 3).tolist()[0] == 1
    assert sorted(tensor([0.0, 1.0, 2.0]).multinomial(2).tolist()) == [1, 2]


@pytest.mark.parametrize("replacement", [True, False])
def test_no_rows_give_no_indices(replacement):
    assert nnlite.multinomial(nnlite.ones(0, 3), 1, replacement).shape == (0, 1)


REFUSED = {
    "probability": (ValueError, lambda: nnlite.bernoulli(tensor([1.5]))),
    "NaN": (ValueError, lambda: nnlite.bernoulli(tensor([float("nan")]))),
    "whole probabilities": (TypeError, lambda: nnlite.bernoulli(tensor([0, 1]))),
    "one probability": (ValueError, lambda: nnlite.zeros(2).bernoulli_(-0.5)),
    "probabilities of another shape": (ShapeError, lambda: nnlite.zeros(2).bernoulli_(nnlite.ones(3, 2))),
    "std": (ValueError, lambda: nnlite.normal(0.0, -1.0, (2,))),
    "std of tensors": (ValueError, lambda: nnlite.normal(0.0, tensor([1.0, -1.0]))),
    "std in place": (ValueError, lambda: nnlite.zeros(2).normal_(0, -1)),
    "no size": (TypeError, lambda: nnlite.normal(0.0, 1.0)),
    "a size with tensors": (TypeError, lambda: nnlite.normal(nnlite.ones(2), 1.0, (2,))),
    "a dtype with tensors": (TypeError, lambda: nnlite.normal(nnlite.ones(2), 1.0, dtype="float64")),
    "a whole mean": (TypeError, lambda: nnlite.normal(tensor([1]), tensor([1.0]))),
    "shapes": (ShapeError, lambda: nnlite.normal(nnlite.ones(2), nnlite.ones(3))),
    "whole numbers": (TypeError, lambda: nnlite.zeros(2, dtype="int64").normal_()),
    "whole numbers in between": (TypeError, lambda: nnlite.zeros(2, dtype="int64").uniform_()),
    "bounds": (ValueError, lambda: nnlite.zeros(2).uniform_(1, 0)),
    "whole bounds": (ValueError, lambda: nnlite.zeros(2).random_(3, 3)),
    "bounds beyond the dtype": (ValueError, lambda: nnlite.zeros(2, dtype="uint8").random_(300)),
    "negative weight": (ValueError, lambda: nnlite.multinomial(tensor([1.0, -1.0]), 1)),
    "infinite weight": (ValueError, lambda: nnlite.multinomial(tensor([1.0, float("inf")]), 1)),
    "no weight": (ValueError, lambda: nnlite.multinomial(tensor([[1.0, 0.0], [0.0, 0.0]]), 1, True)),
    "whole weights": (TypeError, lambda: nnlite.multinomial(tensor([1, 1]), 1)),
    "too many": (ShapeError, lambda: nnlite.multinomial(nnlite.ones(2), 3)),
    "none": (ValueError, lambda: nnlite.multinomial(nnlite.ones(2), 0)),
    "three axes": (ShapeError, lambda: nnlite.multinomial(nnlite.ones(1, 2, 3), 1)),
    "a generator": (TypeError, lambda: nnlite.multinomial(nnlite.ones(2), 1, generator=object())),
    "a leaf": (GraphError, lambda: leaf([1.0]).normal_()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    error, call = REFUSED[name]
    with pytest.raises(error):
        call()


def test_weights_are_drawn_in_place_without_a_graph():
    w = leaf(np.zeros((2, 3)))
    with no_grad():
        assert w.normal_(0.0, 0.02) is w
    assert w.data.uniform_(1, 2).min() >= 1 and w.min() >= 1
