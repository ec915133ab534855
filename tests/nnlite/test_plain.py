"""The plain backend, which defines the primitives, against loops in plain Python."""

import itertools

import numpy as np
import pytest
from hypothesis import given

import nnlite
from nnlite import backend as backends
from nnlite.backend.cpu import Cpu
from nnlite.backend.plain import Plain
from tests.helpers import backward, in_order, leaf, orders
from tests.operations import OPERATIONS
from tests.primitives import convolutions

plain = Plain(np)


def taps(x, w, y, geometry, groups):
    """Every product that a convolution is a sum of, as the places of its factors in x, w and y."""
    (_, _, height, width), (o, c, kh, kw) = x.shape, w.shape
    for image, out, i, j in np.ndindex(y.shape):
        for channel, u, v in itertools.product(range(c), range(kh), range(kw)):
            row = i * geometry.stride[0] + u * geometry.dilation[0] - geometry.padding[0]
            column = j * geometry.stride[1] + v * geometry.dilation[1] - geometry.padding[1]
            if 0 <= row < height and 0 <= column < width:
                seen = out // (o // groups) * c + channel
                yield (image, seen, row, column), (out, channel, u, v), (image, out, i, j)


@given(case=convolutions())
def test_convolutions_equal_the_loop(case):
    x, w, y, geometry, groups = case
    bias = np.arange(len(w)) + 0.5
    sums = np.zeros((len(x), len(w), *geometry.windows_along(x.shape[2:]))) + bias[:, None, None]
    spread, weight = np.zeros(x.shape) + 0.5, np.zeros(w.shape)
    for in_x, in_w, in_y in taps(x, w, sums, geometry, groups):
        sums[in_y] += x[in_x] * w[in_w]
    for in_x, in_w, in_y in taps(x, w, y, geometry, groups):
        spread[in_x] += y[in_y] * w[in_w]
        weight[in_w] += y[in_y] * x[in_x]
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(plain.correlate(x, w, geometry, groups, bias), sums, **close)
    halves = np.full(x.shape[1], 0.5)
    np.testing.assert_allclose(plain.spread(y, w, geometry, groups, x.shape[2:], halves), spread, **close)
    np.testing.assert_allclose(plain.correlate_weight(x, y, geometry, groups), weight, **close)


@given(order=orders)
def test_a_constant_belongs_to_a_channel_and_so_does_a_sum(order):
    x = in_order(np.random.default_rng(1).standard_normal((2, 3, 4, 5)), order)
    vector = np.array([1.0, 10.0, 100.0])
    y = plain.elementwise(lambda x, v, number: x * v + number, x, constants=(vector, 2.0))
    sums, (mean, var) = plain.column_sums(lambda x, v: x * v, x, constants=(vector,)), plain.moments(x)
    for channel in range(3):
        values = x[:, channel]
        np.testing.assert_allclose(y[:, channel], values * vector[channel] + 2.0)
        np.testing.assert_allclose(sums[channel], values.sum() * vector[channel])
        np.testing.assert_allclose((mean[channel], var[channel]), (values.mean(), values.var()))


def test_a_float64_vector_is_not_rounded_before_the_formula():
    x = np.array([[10_000.25], [10_000.5]], np.float32)
    y = plain.elementwise(lambda x, mean: x - mean, x, constants=(np.array([10_000.25 + 1e-6]),))
    np.testing.assert_allclose(y, [[-1e-6], [0.25 - 1e-6]], rtol=1e-4)
    assert y.dtype == np.float32


@pytest.mark.parametrize("name", OPERATIONS)
def test_gradients(name, plain):
    tensors = [leaf(a) for a in OPERATIONS[name].arrays(3)]
    nnlite.gradcheck(OPERATIONS[name].nnlite, tensors, seed=3)


def test_a_choice_is_one_of_three():
    with pytest.raises(ValueError, match="no backend 'quick'; expected 'default', 'plain', 'fast'"):
        nnlite.backends.use("quick")
    chosen = backends._chosen
    try:
        for name, kind in ("plain", Plain), ("fast", Cpu):
            nnlite.backends.use(name)
            x = nnlite.ones(2, requires_grad=True)
            y = x.relu()
            assert type(y.grad_fn.backend) is kind
            backward(y)
    finally:
        nnlite.backends.use(chosen)
