"""Nonlinearities against the standard library, also far out where careless formulas overflow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite.backend import cpu
from tests.helpers import backward, leaf, orders, seeds, signed

ACTIVATIONS = {
    "relu": (F.relu, lambda x: x if x > 0 else 0.0),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2), lambda x: x if x > 0 else 0.2 * x),
    "tanh": (F.tanh, math.tanh),
    "sigmoid": (F.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(shape=st.lists(st.integers(0, 4), max_size=4).map(tuple), order=orders, seed=seeds)
def test_values_and_gradients(name, shape, order, seed):
    function, python = ACTIVATIONS[name]
    x = leaf(3.0 * signed(np.random.default_rng(seed), shape), order=order)
    y = function(x)
    assert y.shape == shape
    np.testing.assert_allclose(y.numpy().ravel(), [python(float(v)) for v in x.numpy().flat], rtol=1e-14)
    if x.numel():
        nnlite.gradcheck(function, [x], seed=seed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_out_and_at_zero(dtype):
    x = leaf([-1e4, -100.0, 0.0, 100.0, 1e4], dtype)
    for function, value, slope in (
        (F.relu, [0, 0, 0, 100, 1e4], [0, 0, 0, 1, 1]),
        (lambda x: F.leaky_relu(x, 0.5), [-5e3, -50, 0, 100, 1e4], [0.5, 0.5, 0.5, 1, 1]),
        (F.tanh, [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
        (F.sigmoid, [0, math.exp(-100), 0.5, 1, 1], [0, math.exp(-100), 0.25, 0, 0]),
    ):
        x.grad = None
        y = function(x)
        y.sum().backward()
        np.testing.assert_allclose(y.numpy(), np.array(value, dtype), rtol=1e-6)
        np.testing.assert_allclose(x.grad.numpy(), np.array(slope, dtype), rtol=1e-6, atol=1e-40)


def test_sigmoid_keeps_its_digits_on_the_small_side():
    x = nnlite.tensor(np.array([-30.0, -80.0], np.float32))
    np.testing.assert_allclose(F.sigmoid(x).numpy(), [math.exp(-30), math.exp(-80)], rtol=1e-6)


def test_a_large_array_uses_blocks_and_threads_and_equals_small_ones(rng):
    x = rng.standard_normal((2, 9, 250, 240)).astype(np.float32)
    assert x.size > cpu.ELEMENTWISE_THREADED > cpu.ELEMENTWISE_BLOCK > x[:1, :, :5].size
    whole = leaf(x, np.float32)
    u = backward(F.tanh(whole))
    for n in range(2):
        part = leaf(x[n : n + 1, :, :5], np.float32)
        y = F.tanh(part)
        y.backward(nnlite.Tensor(u[n : n + 1, :, :5]))
        assert np.array_equal(y.numpy(), F.tanh(whole).numpy()[n : n + 1, :, :5])
        assert np.array_equal(part.grad.numpy(), whole.grad.numpy()[n : n + 1, :, :5])
