"""Function, the base of all operations: what it demands of a backward, and how it reports what is wrong."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import nnlite
from nnlite import Function, GraphError, NonFiniteError, detect_anomaly, no_grad, tensor, unbroadcast
from tests.helpers import leaf


class Double(Function):
    """An operation of the reader's own, with a backward that a test can replace."""

    def forward(self, x, *, answer=None):
        self.answer = answer
        return 2.0 * x

    def backward(self, dy):
        return 2.0 * dy if self.answer is None else self.answer(dy)


def test_an_operation_of_the_readers_own():
    x = leaf([1.0, 2.0])
    y = Double.apply(x)
    assert type(y.grad_fn) is Double and y.detach().numpy().tolist() == [2.0, 4.0]
    nnlite.gradcheck(Double.apply, [x])


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (lambda dy: dy[:1], nnlite.ShapeError, r"Double\.backward returned shape \(1,\) for input 0 of shape \(2,\)"),
        (lambda dy: (dy, dy), GraphError, r"Double\.backward returned 2 gradients for 1 inputs"),
        (lambda dy: [], GraphError, "returned 0 gradients"),
        (lambda dy: 2.0, TypeError, r"Double\.backward returns arrays or None, not float"),
    ],
)
def test_a_backward_that_returns_something_else(answer, error, says):
    x = leaf([1.0, 2.0])
    with pytest.raises(error, match=says):
        Double.apply(x, answer=answer).sum().backward()


def test_a_backward_may_return_none():
    x = leaf([1.0, 2.0])
    Double.apply(x, answer=lambda dy: None).sum().backward()
    assert x.grad is None


def test_forward_and_backward_must_be_defined():
    class Nothing(Function):
        pass

    with pytest.raises(NotImplementedError, match="Nothing defines no forward"):
        Nothing.apply(leaf([1.0]))

    class OneWay(Function):
        def forward(self, x):
            return x * 1.0

    with pytest.raises(NotImplementedError, match="OneWay defines no backward"):
        OneWay.apply(leaf([1.0])).backward()


def test_nothing_is_recorded_without_need():
    assert Double.apply(tensor([1.0])).grad_fn is None
    with no_grad():
        assert Double.apply(leaf([1.0])).grad_fn is None


@given(shapes=mutually_broadcastable_shapes(num_shapes=2, min_side=1, max_side=3, max_dims=4))
def test_unbroadcast_is_the_transpose_of_broadcasting(shapes):
    """<broadcast(a), g> = <a, unbroadcast(g)> for all a and g of these shapes."""
    shape, whole = shapes.input_shapes[0], shapes.result_shape
    rng = np.random.default_rng(len(whole))
    a, g = rng.standard_normal(shape), rng.standard_normal(whole)
    back = unbroadcast(g, shape)
    assert back.shape == shape
    assert math.isclose((np.broadcast_to(a, whole) * g).sum(), (a * back).sum(), rel_tol=1e-9, abs_tol=1e-9)


# detect_anomaly


def test_detect_anomaly_names_the_first_operation():
    x = leaf([1.0, 0.0])
    with np.errstate(all="ignore"):
        (x.log() * 0.0).sum()  # outside: nothing happens
        with detect_anomaly(), pytest.raises(NonFiniteError, match=r"Log made a NaN .* finite inputs .*\(2,\)"):
            (x.log() * 0.0).sum()
        with detect_anomaly(), pytest.raises(NonFiniteError, match=r"Mul made a NaN .* an input already had one"):
            tensor([np.nan]) * 2.0
        with detect_anomaly(), pytest.raises(NonFiniteError, match=r"Sqrt\.backward made a NaN"):
            x.sqrt().sum().backward()
        (x.sqrt()).sum().backward()  # and outside again nothing
    assert np.isinf(x.grad.numpy()[1])


def test_detect_anomaly_lets_sound_steps_pass():
    x = leaf([1.0, 2.0])
    with detect_anomaly():
        (x.log() / x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), (1 - np.log([1.0, 2.0])) / np.array([1.0, 4.0]))
