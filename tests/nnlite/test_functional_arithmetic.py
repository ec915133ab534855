"""Arithmetic: broadcasting, the standard library's functions, numbers and NumPy arrays beside tensors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import nnlite
import nnlite.functional as F
from tests.helpers import backward, leaf, orders, positive, seeds, signed

BINARY = {
    "add": (F.add, lambda a, b: a + b),
    "sub": (F.sub, lambda a, b: a - b),
    "mul": (F.mul, lambda a, b: a * b),
    "div": (F.div, lambda a, b: a / b),
}


@pytest.mark.parametrize("name", BINARY)
@given(
    shapes=mutually_broadcastable_shapes(num_shapes=2, min_side=1, max_side=3, max_dims=4),
    layout=st.tuples(orders, orders),
    seed=seeds,
)
def test_any_two_shapes_that_broadcast(name, shapes, layout, seed):
    function, python = BINARY[name]
    rng = np.random.default_rng(seed)
    a, b = (leaf(signed(rng, s), order=o) for s, o in zip(shapes.input_shapes, layout, strict=True))
    y = function(a, b)
    assert y.shape == shapes.result_shape
    spread = [np.broadcast_to(t.detach().numpy(), shapes.result_shape) for t in (a, b)]
    one_at_a_time = [python(float(p), float(q)) for p, q in zip(*(s.flat for s in spread), strict=True)]
    np.testing.assert_allclose(y.detach().numpy().ravel(), one_at_a_time, rtol=1e-15)
    nnlite.gradcheck(function, [a, b], seed=seed)


UNARY = {
    "exp": (F.exp, math.exp),
    "log": (F.log, math.log),
    "sqrt": (F.sqrt, math.sqrt),
    "abs": (F.abs, math.fabs),
    "neg": (F.neg, lambda x: -x),
    "cube": (lambda x: x**3, lambda x: x * x * x),
    "root": (lambda x: x**0.5, math.sqrt),
    "inverse": (lambda x: x**-1, lambda x: 1 / x),
}


@pytest.mark.parametrize("name", UNARY)
@given(shape=st.lists(st.integers(1, 3), max_size=4).map(tuple), order=orders, seed=seeds)
def test_functions_of_one_number(name, shape, order, seed):
    function, python = UNARY[name]
    x = leaf(positive(np.random.default_rng(seed), shape), order=order)
    y = function(x).detach().numpy()
    assert y.shape == shape
    np.testing.assert_allclose(y.ravel(), [python(float(v)) for v in x.detach().numpy().flat], rtol=1e-14)
    nnlite.gradcheck(function, [x], seed=seed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2.5), np.float32(2.5), np.int64(3)])
def test_numbers_keep_the_dtype(dtype, number):
    x = leaf([1.0, -2.0], dtype)
    for y in (x + number, number + x, x - number, number - x, x * number, number * x, x / number, number / x):
        assert y.dtype == dtype
    np.testing.assert_allclose((number - x).detach().numpy(), [number - 1.0, number + 2.0])
    np.testing.assert_allclose((number / x).detach().numpy(), [number, number / -2.0])
    assert (x**2.0).dtype == (x ** np.float64(2)).dtype == dtype
    assert F.leaky_relu(x, np.float64(0.2)).dtype == dtype


def test_numpy_arrays_may_stand_on_either_side(rng):
    a, b = rng.standard_normal((2, 3)), leaf(signed(rng, (2, 3)))
    for y, expected in (
        (a + b, a + b.detach().numpy()),
        (a - b, a - b.detach().numpy()),
        (a * b, a * b.detach().numpy()),
        (a / b, a / b.detach().numpy()),
        (b - a, b.detach().numpy() - a),
    ):
        assert isinstance(y, nnlite.Tensor) and y.grad_fn is not None
        np.testing.assert_array_equal(y.detach().numpy(), expected)
    u = backward(a * b)
    np.testing.assert_allclose(b.grad.numpy(), a * u)


def test_whole_numbers_beside_floats_take_their_dtype():
    x, labels = leaf([0.5, 1.5], np.float32), nnlite.tensor([1, 0])
    assert labels.dtype == np.int64
    for y in (x * labels, labels - x, F.l1_loss(x, labels)):
        assert y.dtype == np.float32


def test_arithmetic_of_whole_numbers_is_pytorchs(torch):
    def run(lib):
        a, b = lib.tensor([7, -3, 5]), lib.tensor([2, 4, 1])
        results = [a + b, a - b, a * b, a / b, a / 2, 3 / b, -a, a**2, a * 0.5, a.abs(), a.sum(), a.max(), a.clip(0, 6)]
        return [(str(y.dtype).removeprefix("torch."), y.tolist()) for y in results]

    assert run(nnlite) == run(torch)
    with pytest.raises(ValueError, match="no negative powers"):
        nnlite.tensor([2]) ** -1


def test_the_gradient_of_abs_at_zero_is_zero_and_of_x_to_the_0_too():
    x = leaf([0.0, 3.0])
    (x.abs() + x**0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 1.0])


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(nnlite.ShapeError, match=r"sub: shapes \(2, 3\) and \(2,\) do not broadcast"):
        nnlite.tensor(np.ones((2, 3))) - nnlite.tensor(np.ones(2))


@pytest.mark.parametrize("other", ["text", [1.0, 2.0], None, object(), 1j])
def test_operands_that_are_no_numbers_are_refused(other):
    x = nnlite.tensor([1.0, 2.0])
    with pytest.raises(TypeError):
        x + other
    with pytest.raises(TypeError):
        other * x
    with pytest.raises(TypeError):
        x**other
