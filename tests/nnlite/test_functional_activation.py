"""Nonlinearities against the standard library, also far out where careless formulas overflow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
import nnlite.torch
from nnlite.backend.cpu import blocks
from nnlite.functional.activation import normal_cdf
from tests.helpers import backward, leaf, orders, seeds, signed


def share_below(x):
    return math.erfc(-x / math.sqrt(2.0)) / 2.0


def gelu_tanh(x):
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


ACTIVATIONS = {
    "relu": (F.relu, lambda x: x if x > 0 else 0.0),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2), lambda x: x if x > 0 else 0.2 * x),
    "prelu": (lambda x: F.prelu(x, nnlite.tensor([0.3], dtype=x.dtype)), lambda x: x if x > 0 else 0.3 * x),
    "elu": (lambda x: F.elu(x, 0.7), lambda x: x if x > 0 else 0.7 * math.expm1(x)),
    "gelu": (F.gelu, lambda x: x * share_below(x)),
    "gelu tanh": (lambda x: F.gelu(x, "tanh"), gelu_tanh),
    "silu": (F.silu, lambda x: x / (1 + math.exp(-x))),
    "softplus": (lambda x: F.softplus(x, 3.0), lambda x: math.log1p(math.exp(3.0 * x)) / 3.0),
    "tanh": (F.tanh, math.tanh),
    "sigmoid": (F.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(shape=st.lists(st.integers(0, 4), max_size=4).map(tuple), order=orders, seed=seeds)
def test_values_and_gradients(name, shape, order, seed):
    function, python = ACTIVATIONS[name]
    x = leaf(1.5 * signed(np.random.default_rng(seed), shape), order=order)
    y = function(x)
    assert y.shape == shape
    np.testing.assert_allclose(
        y.detach().numpy().ravel(), [python(float(v)) for v in x.detach().numpy().flat], rtol=1e-12, atol=1e-14
    )
    if x.numel():
        nnlite.gradcheck(function, [x], seed=seed)


def test_the_share_of_the_normal_distribution_is_exact():
    x = np.concatenate([np.linspace(-37, -12, 5000), np.linspace(-12, 12, 48_001), np.geomspace(1e-300, 1, 1000)])
    x = np.append(x, [0.0, -40.0, 40.0])
    expected = np.array([share_below(v) for v in x])
    np.testing.assert_allclose(normal_cdf(np, x), expected, rtol=5e-13, atol=1e-300)
    y = F.gelu(nnlite.tensor(x)).numpy()
    np.testing.assert_allclose(y, x * expected, rtol=5e-13, atol=1e-300)
    single = F.gelu(nnlite.tensor(x.astype(np.float32))).numpy()
    assert single.dtype == np.float32
    assert np.abs(single - x * expected).max() <= 12 * 2e-7


FAR_OUT = {
    "relu": lambda F, x: F.relu(x),
    "leaky_relu": lambda F, x: F.leaky_relu(x, 0.5),
    "elu": lambda F, x: F.elu(x, 2.0),
    "gelu": lambda F, x: F.gelu(x),
    "gelu tanh": lambda F, x: F.gelu(x, approximate="tanh"),
    "silu": lambda F, x: F.silu(x),
    "softplus": lambda F, x: F.softplus(x),
    "softplus downwards": lambda F, x: F.softplus(x, -1.0),
    "tanh": lambda F, x: x.tanh(),
    "sigmoid": lambda F, x: x.sigmoid(),
    "softmax": lambda F, x: F.softmax(x, 0),
    "log_softmax": lambda F, x: F.log_softmax(x, -1),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FAR_OUT)
def test_far_out_and_at_zero_equal_pytorch(torch, name, dtype):
    values = np.array([-1e4, -100.0, -30.0, -12.0, 0.0, 12.0, 30.0, 100.0, 1e4], dtype)
    x, theirs = leaf(values, dtype), torch.tensor(values, requires_grad=True)
    y, z = FAR_OUT[name](F, x), FAR_OUT[name](torch.nn.functional, theirs)
    u = backward(y)
    z.backward(torch.tensor(u))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-6, atol=1e-28)
    np.testing.assert_allclose(x.grad.numpy(), theirs.grad.numpy(), rtol=1e-5, atol=1e-28)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("far", [1e4, 1e36, 1e300])
@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_reaches_its_limits(far, approximate):
    """0 on the left, x on the right, with slopes 0 and 1, however far out."""
    for dtype in (np.float32, np.float64) if far < 1e38 else (np.float64,):
        x = leaf([-far, far, -40.0, 40.0], dtype)
        y = F.gelu(x, approximate)
        y.sum().backward()
        np.testing.assert_allclose(y.detach().numpy(), [0.0, dtype(far), 0.0, 40.0], rtol=1e-6, atol=1e-300)
        np.testing.assert_allclose(x.grad.numpy(), [0.0, 1.0, 0.0, 1.0], rtol=1e-6, atol=1e-300)


def test_softplus_is_smooth_up_to_any_threshold():
    x = leaf([-1e4, -1.0, 0.0, 1.0, 1e4])
    y = F.softplus(x, 50.0, 1e6)  # PyTorch's is infinite here
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), [0, math.exp(-50) / 50, math.log(2) / 50, 1, 1e4], rtol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), [0, math.exp(-50), 0.5, 1, 1], rtol=1e-12)


def test_sigmoid_keeps_its_digits_on_the_small_side():
    x = nnlite.tensor(np.array([-30.0, -80.0], np.float32))
    np.testing.assert_allclose(F.sigmoid(x).numpy(), [math.exp(-30), math.exp(-80)], rtol=1e-6)


@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple), order=orders, seed=seeds, data=st.data())
def test_softmax_and_its_logarithm_are_shares(shape, order, seed, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = leaf(3.0 * np.random.default_rng(seed).standard_normal(shape), order=order)
    powers = np.exp(x.detach().numpy())
    shares = powers / powers.sum(dim, keepdims=True)
    np.testing.assert_allclose(F.softmax(x, dim).detach().numpy(), shares, rtol=1e-12)
    np.testing.assert_allclose(F.log_softmax(x, dim).detach().numpy(), np.log(shares), rtol=1e-12, atol=1e-14)
    for function in (F.softmax, F.log_softmax):
        nnlite.gradcheck(lambda x, f=function: f(x, dim), [x], seed=seed)


def test_softmax_does_not_see_a_constant_and_gives_nothing_to_minus_infinity():
    x = np.array([[0.0, 1.0, -np.inf]])
    for shift in (0.0, 1e4, -1e4):
        y = F.softmax(nnlite.tensor(x + shift), 1).numpy()
        np.testing.assert_allclose(y, [[1 / (1 + math.e), math.e / (1 + math.e), 0.0]], rtol=1e-12)
        logarithm = F.log_softmax(nnlite.tensor(x + shift), 1).numpy()
        np.testing.assert_allclose(logarithm[0, :2], np.log(y[0, :2]), rtol=1e-10)
        assert logarithm[0, 2] == -np.inf


def test_prelu_with_equal_weights_is_leaky_relu(rng):
    for shape in ((4,), (3, 4), (2, 4, 3), (2, 4, 3, 3), (2, 4, 1, 3, 2), (0, 4), (2, 4, 0)):
        x = leaf(rng.standard_normal(shape))
        for weight in (nnlite.full((1,), 0.2), *([nnlite.full((4,), 0.2)] if len(shape) > 1 else [])):
            y = F.prelu(x, weight.double())
            assert y.shape == shape
            np.testing.assert_allclose(y.detach().numpy(), F.leaky_relu(x, 0.2).detach().numpy(), rtol=1e-6)


def test_a_large_array_uses_blocks_and_threads_and_equals_small_ones(rng):
    x = rng.standard_normal((2, 9, 250, 240)).astype(np.float32)
    assert x.size > blocks.ELEMENTWISE_THREADED > blocks.ELEMENTWISE_BLOCK > x[:1, :, :5].size
    for function in (F.tanh, F.gelu, F.softplus):
        whole = leaf(x, np.float32)
        y = function(whole)
        u = backward(y)
        for n in range(2):
            part = leaf(x[n : n + 1, :, :5], np.float32)
            few = function(part)
            few.backward(nnlite.Tensor(u[n : n + 1, :, :5]))
            assert np.array_equal(few.detach().numpy(), y.detach().numpy()[n : n + 1, :, :5])
            assert np.array_equal(part.grad.numpy(), whole.grad.numpy()[n : n + 1, :, :5])


@pytest.mark.parametrize("name", ["relu6", "hardtanh", "selu", "softsign", "logsigmoid"])
def test_at_kinks_and_far_out_they_are_pytorchs(torch, name):
    values = np.array([-np.inf, -1e15, -200.0, -1.0, -0.0, 0.0, 1.0, 6.0, 200.0, 1e15, np.inf, np.nan], np.float32)
    x, a = leaf(values, np.float32), torch.tensor(values, requires_grad=True)
    with np.errstate(invalid="ignore"):
        y, b = getattr(nnlite.torch.nn.functional, name)(x), getattr(torch.nn.functional, name)(a)
        y.sum().backward()
    b.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), b.detach().numpy(), rtol=1e-6)
    finite = np.isfinite(values)
    np.testing.assert_allclose(x.grad.numpy()[finite], a.grad.numpy()[finite], rtol=1e-6)


def test_what_is_refused():
    with pytest.raises(ValueError, match="hardtanh: min_val 2 is larger than max_val 1"):
        F.hardtanh(nnlite.ones(2), 2, 1)
    x = nnlite.zeros(2, 3)
    for function in (F.softmax, F.log_softmax):
        with pytest.raises(TypeError, match=f"{function.__name__}: dim must be a whole number.*got None"):
            function(x, None)
        with pytest.raises(TypeError, match="dim"):
            function(x)
        with pytest.raises(IndexError, match=r"dim 2 of a tensor with shape \(2, 3\)"):
            function(x, 2)
        with pytest.raises(nnlite.ShapeError, match=r"no elements along dim 1 of shape \(2, 0\)"):
            function(nnlite.zeros(2, 0), 1)
    with pytest.raises(nnlite.ShapeError, match=r"weight has shape \(2,\), input \(2, 3\)"):
        F.prelu(x, nnlite.zeros(2))
    with pytest.raises(TypeError, match="prelu: input is float32, weight float64"):
        F.prelu(x, nnlite.zeros(3).double())
    with pytest.raises(TypeError, match="prelu: weight must be a Tensor, got float"):
        F.prelu(x, 0.25)
    with pytest.raises(ValueError, match="'none' or 'tanh', got 'sigmoid'"):
        F.gelu(x, "sigmoid")
    with pytest.raises(ValueError, match="beta must not be 0"):
        F.softplus(x, 0.0)
    with pytest.raises(TypeError, match="elu: alpha must be a number, got '1'"):
        F.elu(x, "1")
    with pytest.raises(TypeError, match="expected floating-point numbers, got int64"):
        F.gelu(x.long())
