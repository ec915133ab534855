"""Sums and means over every choice of axes, against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from tests.helpers import leaf, orders, seeds


@st.composite
def axes(draw):
    """(shape, dim): dim an axis counted from either end, several different ones, or None."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    one = st.integers(-len(shape), len(shape) - 1)
    several = st.lists(one, unique_by=lambda d: d % len(shape), max_size=len(shape)).map(tuple)
    return shape, draw(st.one_of(st.none(), one, several))


def loop(x, dim, keepdim):
    """(sum, how many) for each place of the result, adding one number at a time."""
    given = dim if isinstance(dim, tuple) else (dim,)
    dims = range(x.ndim) if dim in (None, ()) else [d % x.ndim for d in given]
    result = np.zeros([1 if a in dims else n for a, n in enumerate(x.shape)])
    for place in np.ndindex(x.shape):
        result[tuple(0 if a in dims else p for a, p in enumerate(place))] += x[place]
    count = x.size // result.size
    return (result if keepdim else result.reshape([n for a, n in enumerate(x.shape) if a not in dims])), count


@given(case=axes(), keepdim=st.booleans(), order=orders, seed=seeds)
def test_sum_and_mean(case, keepdim, order, seed):
    shape, dim = case
    x = leaf(np.random.default_rng(seed).standard_normal(shape), order=order)
    total, count = loop(x.detach().numpy(), dim, keepdim)
    for function, expected in ((F.sum, total), (F.mean, total / count)):
        y = function(x, dim, keepdim)
        assert y.shape == expected.shape
        np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
        nnlite.gradcheck(lambda x, f=function: f(x, dim, keepdim), [x], seed=seed)


@pytest.mark.parametrize("function", [F.sum, F.mean])
@pytest.mark.parametrize("dim", [2, -3, (0, 5)])
def test_an_axis_that_is_not_there(function, dim):
    with pytest.raises(IndexError, match=r"dim .* of a tensor with shape \(2, 3\); expected -2 to 1"):
        function(nnlite.tensor(np.ones((2, 3))), dim)


def test_the_mean_of_nothing_is_refused():
    with pytest.raises(nnlite.ShapeError, match=r"no elements .*\(0, 3\)"):
        nnlite.tensor(np.ones((0, 3))).mean()
    assert nnlite.tensor(np.ones((0, 3))).sum(0).numpy().tolist() == [0.0, 0.0, 0.0]


def test_the_sum_of_many_float32_numbers_keeps_its_digits():
    x = nnlite.tensor(np.full((1, 1, 1000, 1000), 0.1, np.float32))
    assert float(x.sum()) == pytest.approx(1e5, rel=1e-5)
    assert float(x.mean()) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize("reduce", [F.sum, F.mean, lambda x, dim: F.norm(x, 1.0, dim)], ids=["sum", "mean", "norm"])
def test_long_float32_sums_along_the_first_axis_keep_their_digits(reduce):
    x = nnlite.Tensor(np.full((300_000, 2), 0.1, np.float32))
    exact = reduce(x.double(), 0).numpy()
    assert reduce(x, 0).dtype == np.float32
    np.testing.assert_allclose(reduce(x, 0).numpy(), exact, rtol=1e-6)


def test_long_float32_sums_in_unbroadcast_and_linear_keep_their_digits():
    x = nnlite.Tensor(np.full((300_000, 2), 0.1, np.float32))
    a, b = leaf(np.ones(2), np.float32), leaf(np.ones(1), np.float32)
    ((x * a).sum() + 0.1 * F.linear(x, nnlite.ones(1, 2), b).sum()).backward()
    rounding = 1024 * 2.0**-24  # at most 1024 numbers are added in float32
    np.testing.assert_allclose(a.grad.numpy(), 30_000.0, rtol=rounding)
    np.testing.assert_allclose(b.grad.numpy(), 30_000.0, rtol=rounding)


def test_a_single_number_may_be_reduced_along_an_axis_it_does_not_have(torch):
    for dim in (0, -1):
        for name in ("sum", "mean", "amax"):
            ours, theirs = (getattr(lib.tensor(5.0), name)(dim) for lib in (nnlite, torch))
            assert ours.shape == () and float(ours) == float(theirs)
    with pytest.raises(IndexError):
        nnlite.tensor(5.0).sum(1)


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize(("shape", "dim"), [((1,), None), ((3, 1), 1), ((), None)])
def test_the_variance_of_one_number_is_nan_and_warned_of(torch, name, shape, dim):
    x = np.ones(shape, np.float32)
    arguments = [] if dim is None else [dim]
    ours = nnlite.tensor(x, requires_grad=True)
    with pytest.warns(UserWarning, match=rf"{name}: 1 elements along dim .* the result is NaN") as caught:
        y = getattr(F, name)(ours, *arguments)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="degrees of freedom"):
        z = getattr(torch, name)(torch.tensor(x), *arguments)
    assert y.shape == tuple(z.shape) and np.isnan(y.detach().numpy()).all() and np.isnan(z.numpy()).all()
    y.sum().backward()
    assert np.isnan(ours.grad.numpy()).all()


def test_one_number_has_axes_to_reduce(torch):
    for name in ("max", "min"):
        for dim in (0, -1):
            x, a = nnlite.tensor(3.0, requires_grad=True), torch.tensor(3.0)
            for keepdim in (False, True):
                ours, theirs = getattr(F, name)(x, dim, keepdim), getattr(torch, name)(a, dim, keepdim)
                assert float(ours.values) == float(theirs.values) and int(ours.indices) == int(theirs.indices)
                assert ours.values.shape == ours.indices.shape == ()
            ours.values.backward()
            assert float(x.grad) == 1.0


def test_the_norm_for_minus_infinity_is_the_smallest(torch):
    x = np.array([[3.0, -1.0, 2.0], [-4.0, 5.0, -4.0]], np.float32)
    ours, theirs = nnlite.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    (F.norm(ours, -np.inf, 1) * nnlite.tensor([1.0, 2.0])).sum().backward()
    (torch.norm(theirs, -np.inf, 1) * torch.tensor([1.0, 2.0])).sum().backward()
    np.testing.assert_array_equal(ours.grad.numpy(), theirs.grad.numpy())
    for p in (0, -1, "nuc"):
        with pytest.raises(ValueError, match=f"norm: p must be a number above 0, -inf or 'fro', got {p!r}"):
            F.norm(ours, p)
    with pytest.raises(TypeError, match="norm: expected floating-point numbers, got int64"):
        F.norm(nnlite.tensor([1, 2]), np.inf)
