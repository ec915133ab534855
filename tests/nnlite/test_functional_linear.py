"""Products and look-ups: what the table of operations cannot say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from tests.helpers import leaf, orders, seeds


@st.composite
def factors(draw):
    """Shapes that matmul takes: vectors, matrices, stacks that broadcast."""
    n, k, m = (draw(st.integers(1, 3)) for _ in range(3))
    front = draw(st.lists(st.integers(1, 3), max_size=2))
    thin = [draw(st.sampled_from([1, size])) for size in front]
    a = draw(st.sampled_from([(k,), (n, k), (*front, n, k), (*thin, n, k)]))
    b = draw(st.sampled_from([(k,), (k, m), (*thin[-1:], k, m), (*front, k, m)]))
    return a, b


@given(shapes=factors(), order=orders, seed=seeds)
def test_matmul_of_all_shapes_is_numpys_and_has_its_gradient(shapes, order, seed):
    rng = np.random.default_rng(seed)
    a, b = (leaf(rng.standard_normal(shape), order=order) for shape in shapes)
    np.testing.assert_allclose(
        (a @ b).detach().numpy(), np.matmul(a.detach().numpy(), b.detach().numpy()), rtol=1e-12, atol=1e-12
    )
    nnlite.gradcheck(F.matmul, [a, b], seed=seed)


def test_numpy_arrays_are_no_factors_but_numbers_of_either_side_are_refused():
    a = leaf(np.ones((2, 3)))
    assert (a @ nnlite.tensor(np.ones((3, 1)))).shape == (2, 1)
    for bad in (2.0, "a"):
        with pytest.raises(TypeError, match="matmul: expected a Tensor"):
            a @ bad


def test_a_padded_row_of_an_embedding_gets_no_gradient(torch):
    weight = np.arange(12.0).reshape(4, 3)
    results = []
    for lib, G in ((nnlite, F), (torch, torch.nn.functional)):
        w = lib.tensor(weight, requires_grad=True)
        y = G.embedding(lib.tensor([[2, 0], [1, 2]]), w, padding_idx=-2)
        (y * y).sum().backward()
        results.append((y.detach().numpy(), w.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda t: t(2, 3) @ t(4, 3), nnlite.ShapeError, r"\(2, 3\) by \(4, 3\): the last axis"),
        (lambda t: t(2, 2, 3) @ t(3, 3, 1), nnlite.ShapeError, r"do not broadcast: \(2, 2, 3\) by \(3, 3, 1\)"),
        (lambda t: t() @ t(3), nnlite.ShapeError, r"use \* instead"),
        (lambda t: F.linear(t(2, 3, 4, 4), t(5, 48)), nnlite.ShapeError, r"rows of 4 values, .* x\.flatten\(1\)"),
        (lambda t: F.linear(t(2, 3), t(5, 3), t(4)), nnlite.ShapeError, r"bias has shape \(4,\), expected \(5,\)"),
        (lambda t: F.linear(t(2, 3), t(5)), nnlite.ShapeError, r"weight \(5,\)"),
        (lambda t: F.linear(t(2, 3).float(), t(5, 3)), TypeError, "input is float32, weight float64"),
        (lambda t: F.embedding(t(2), t(4, 3)), TypeError, r"int64 or int32, not float64; use \.long\(\)"),
        (lambda t: F.embedding(nnlite.tensor([0, 4]), t(4, 3)), IndexError, "from 0 to 4, .* expected 0 to 3"),
        (lambda t: F.embedding(nnlite.tensor([-1]), t(4, 3)), IndexError, "expected 0 to 3"),
        (lambda t: F.embedding(nnlite.tensor([0]), t(4, 3), 4), IndexError, "padding_idx 4"),
        (lambda t: F.embedding(nnlite.tensor([0]), t(4)), nnlite.ShapeError, r"\(V, D\), got \(4,\)"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(lambda *shape: nnlite.tensor(np.ones(shape)))
