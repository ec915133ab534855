"""Losses from their definitions, number by number, and where naive formulas overflow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from tests.helpers import far, leaf, orders, probability, seeds, signed


def cross_entropy(p, t):
    return -(t * math.log(p) + (1 - t) * math.log(1 - p))


LOSSES = {
    "l1_loss": (F.l1_loss, lambda a, b: math.fabs(a - b), signed, far),
    "mse_loss": (F.mse_loss, lambda a, b: (a - b) ** 2, signed, signed),
    "binary_cross_entropy": (F.binary_cross_entropy, cross_entropy, probability, probability),
    "binary_cross_entropy_with_logits": (
        F.binary_cross_entropy_with_logits,
        lambda z, t: cross_entropy(1 / (1 + math.exp(-z)), t),
        signed,
        probability,
    ),
}
every_loss = pytest.mark.parametrize("name", LOSSES)


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@given(shape=st.lists(st.integers(1, 4), max_size=4).map(tuple), layout=st.tuples(orders, orders), seed=seeds)
def test_values_and_gradients_for_input_and_target(name, reduction, shape, layout, seed):
    function, python, input_values, target_values = LOSSES[name]
    rng = np.random.default_rng(seed)
    a, b = leaf(input_values(rng, shape), order=layout[0]), leaf(target_values(rng, shape), order=layout[1])
    each = [python(float(x), float(y)) for x, y in zip(a.numpy().flat, b.numpy().flat, strict=True)]
    expected = {"mean": math.fsum(each) / len(each), "sum": math.fsum(each), "none": np.reshape(each, shape)}
    y = function(a, b, reduction=reduction)
    np.testing.assert_allclose(y.numpy(), expected[reduction], rtol=1e-12)
    nnlite.gradcheck(lambda a, b: function(a, b, reduction=reduction), [a, b], seed=seed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_far_out_neither_overflow_nor_lose_digits(dtype):
    z, t = leaf([-1000.0, 1000.0, -40.0, 40.0, 0.0], dtype), nnlite.tensor(np.array([1, 0, 0, 1, 1], dtype))
    y = F.binary_cross_entropy_with_logits(z, t, "none")
    y.sum().backward()
    np.testing.assert_allclose(y.numpy(), [1000, 1000, math.exp(-40), math.exp(-40), math.log(2)], rtol=1e-6)
    np.testing.assert_allclose(z.grad.numpy(), [-1, 1, math.exp(-40), -math.exp(-40), -0.5], rtol=1e-6, atol=1e-17)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_probabilities_give_finite_losses(dtype):
    p, t = leaf([0.0, 1.0, 0.0, 1.0], dtype), leaf([0.0, 1.0, 1.0, 0.0], dtype)
    y = F.binary_cross_entropy(p, t, "none")
    y.sum().backward()
    assert y.numpy().tolist() == [0.0, 0.0, 100.0, 100.0]
    assert np.isfinite(p.grad.numpy()).all() and np.isfinite(t.grad.numpy()).all()


def test_certain_probabilities_equal_pytorch(torch):
    values = [[0.0, 1.0, 0.0, 1.0, 1e-30], [0.0, 1.0, 1.0, 0.0, 0.5]]
    a, b = leaf(values[0]), torch.tensor(values[0], dtype=torch.float64, requires_grad=True)
    y = F.binary_cross_entropy(a, nnlite.tensor(np.array(values[1])))
    z = torch.nn.functional.binary_cross_entropy(b, torch.tensor(values[1], dtype=torch.float64))
    y.backward()
    z.backward()
    assert float(y) == pytest.approx(z.item(), rel=1e-12)
    # PyTorch's smallest divisor, 1e-12, is a float32 number: 4e-9 off
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-8)


@every_loss
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (2, 3, 1), ()])
def test_shapes_that_would_broadcast_to_another_loss(name, shape):
    with pytest.raises(nnlite.ShapeError, match=rf"{name}: input has shape \(2, 3\), target "):
        LOSSES[name][0](nnlite.Tensor(np.full((2, 3), 0.5)), nnlite.Tensor(np.full(shape, 0.5)))


@every_loss
def test_other_arguments_refused(name):
    x = nnlite.tensor([0.5])
    with pytest.raises(ValueError, match="'median'"):
        LOSSES[name][0](x, x, reduction="median")
    with pytest.raises(nnlite.ShapeError, match=r"target \(\)"):
        LOSSES[name][0](x, 0.5)


@pytest.mark.parametrize("p", [-0.01, 1.01])
def test_no_probabilities(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.binary_cross_entropy(nnlite.tensor([p]), nnlite.tensor([1.0]))
