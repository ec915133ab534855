"""Operations that move numbers: their values against NumPy's own indexing, one element at a time."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices, integer_array_indices

import nnlite
import nnlite.functional as F
from tests.helpers import backward, in_order, leaf, orders, seeds

shapes = array_shapes(min_dims=1, max_dims=4, max_side=4)


@given(data=st.data(), shape=shapes, order=orders, seed=seeds)
def test_reshape_reads_row_by_row_whatever_the_memory_order(data, shape, order, seed):
    x = leaf(np.random.default_rng(seed).standard_normal(shape), order=order)
    factors = data.draw(st.sampled_from([(x.numel(),), (1, -1), (-1, shape[-1]), (*shape, 1), shape[::-1]]))
    y = F.reshape(x, factors)
    assert [float(v) for v in y.detach().numpy().flat] == [
        float(x.detach().numpy()[place]) for place in np.ndindex(shape)
    ]
    nnlite.gradcheck(lambda x: F.reshape(x, *factors), [x], seed=seed)


@given(data=st.data(), shape=shapes, order=orders, seed=seeds)
def test_permute_and_transpose(data, shape, order, seed):
    n = len(shape)
    dims = [d - n if data.draw(st.booleans()) else d for d in data.draw(st.permutations(range(n)))]
    x = leaf(np.random.default_rng(seed).standard_normal(shape), order=order)
    y = F.permute(x, dims)
    for place in np.ndindex(y.shape):
        source = {d % n: p for d, p in zip(dims, place, strict=True)}
        assert y.detach().numpy()[place] == x.detach().numpy()[tuple(source[d] for d in range(n))]
    nnlite.gradcheck(lambda x: F.permute(x, *dims), [x], seed=seed)
    a, b = dims[0], dims[-1]
    assert np.array_equal(F.transpose(x, a, b).detach().numpy(), np.swapaxes(x.detach().numpy(), a, b))


@given(data=st.data(), shape=shapes, seed=seeds)
def test_flatten(data, shape, seed):
    first = data.draw(st.integers(0, len(shape) - 1))
    last = data.draw(st.integers(first, len(shape) - 1))
    x = leaf(np.random.default_rng(seed).standard_normal(shape))
    y = F.flatten(x, first, last - len(shape))
    assert y.shape == (*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
    assert np.array_equal(y.detach().numpy().ravel(), x.detach().numpy().ravel())
    nnlite.gradcheck(lambda x: x.flatten(first, last), [x], seed=seed)


def forward(key):
    """PyTorch's slices do not go backwards."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part.step is None or part.step > 0 for part in parts if isinstance(part, slice))


@given(data=st.data(), shape=shapes, order=orders, seed=seeds)
def test_getitem(data, shape, order, seed):
    x = leaf(np.random.default_rng(seed).standard_normal(shape), order=order)
    simple = basic_indices(shape, allow_newaxis=True).filter(forward)
    key = data.draw(st.one_of(simple, integer_array_indices(shape), st.just(x.detach().numpy() > 0)))
    y = x[key]
    assert np.array_equal(y.detach().numpy(), x.detach().numpy()[key])
    # each element is taken as often as its place appears, and gets that many gradients
    places = np.arange(x.numel()).reshape(shape)[key]
    u = backward(y)
    expected = [u[places == i].sum() for i in range(x.numel())]
    np.testing.assert_allclose(x.grad.numpy().ravel(), expected, atol=1e-12)


def test_getitem_takes_tensors_as_indices():
    x, places = leaf([1.0, 2.0, 3.0]), nnlite.tensor([2, 0, 2])
    assert x[places].detach().numpy().tolist() == [3.0, 1.0, 3.0]
    x[places].sum().backward()
    assert x.grad.numpy().tolist() == [1.0, 0.0, 2.0]


@given(data=st.data(), shape=shapes, seed=seeds)
def test_cat(data, shape, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(seed)
    parts = []
    for length in data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)):
        part = list(shape)
        part[dim] = length
        parts.append(leaf(rng.standard_normal(part), order=data.draw(orders)))
    y = F.cat(parts, dim)
    cuts = np.cumsum([0, *(p.shape[dim] for p in parts)])
    for part, start, end in zip(parts, cuts, cuts[1:], strict=False):
        assert np.array_equal(
            np.moveaxis(y.detach().numpy(), dim, 0)[start:end], np.moveaxis(part.detach().numpy(), dim, 0)
        )
    nnlite.gradcheck(lambda *parts: F.cat(parts, dim), parts, seed=seed)


@given(factor=st.integers(1, 3), order=orders, seed=seeds)
def test_interpolate_repeats_pixels(factor, order, seed):
    x = leaf(np.random.default_rng(seed).standard_normal((2, 3, 2, 4)), order=order)
    y = F.interpolate(x, scale_factor=factor)
    assert y.shape == (2, 3, 2 * factor, 4 * factor)
    for i, j in itertools.product(range(2 * factor), range(4 * factor)):
        assert np.array_equal(y.detach().numpy()[:, :, i, j], x.detach().numpy()[:, :, i // factor, j // factor])
    nnlite.gradcheck(lambda x: F.interpolate(x, scale_factor=factor), [x], seed=seed)


def test_cast_passes_gradients_on_in_the_old_dtype():
    x = leaf([1.25, 2.5], np.float32)
    y = x.double()
    assert y.dtype == np.float64 and y.detach().numpy().tolist() == [1.25, 2.5]
    (y * 3.0).sum().backward()
    assert x.grad.dtype == np.float32 and x.grad.numpy().tolist() == [3.0, 3.0]
    whole = x.astype(np.int64)
    assert whole.numpy().tolist() == [1, 2] and not whole.requires_grad


def test_results_that_are_views_share_memory():
    x = nnlite.tensor(np.zeros((2, 3)))
    views = (x.reshape(3, 2), x.permute(1, 0), x[1:], x.flatten(), x.detach(), x.unsqueeze(1), x.T, x.data, x.double())
    for view in (*views, x.expand(4, 2, 3), x.split(2, 1)[0], x[1, 2]):
        assert np.shares_memory(view.numpy(), x.numpy())
    for copy in (x.clone(), F.cat([x, x]), x.float(), x.flip(0), x[[0, 1]], x[x == 0]):
        assert not np.shares_memory(copy.numpy(), x.numpy())


def test_images_stay_channels_last(rng):
    from nnlite.backend.layout import channels_last

    a, b = (leaf(in_order(rng.standard_normal((2, 3, 4, 5)), "channels last"), order="channels last") for _ in "ab")
    for y in (F.cat([a, b], 1), F.cat([a, b], 0), F.interpolate(a, scale_factor=2), a.clone(), a + b, a * 2.0):
        assert channels_last(y.detach().numpy()).base is not None and np.shares_memory(
            channels_last(y.detach().numpy()), y.detach().numpy()
        )


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: x.reshape(4, 2), nnlite.ShapeError, r"6 elements of shape \(2, 3\)"),
        (lambda x: x.reshape(-1, -1), nnlite.ShapeError, r"\(-1, -1\)"),
        (lambda x: x.permute(0, 0), nnlite.ShapeError, r"\(0, 0\) .* shape \(2, 3\)"),
        (lambda x: x.permute(0), nnlite.ShapeError, r"\(0,\)"),
        (lambda x: x.permute(3, 0), IndexError, r"dim 3 .*\(2, 3\)"),
        (lambda x: x.transpose(0, 2), IndexError, r"dim 2 .*\(2, 3\)"),
        (lambda x: x.flatten(5), IndexError, r"dim 5 .*\(2, 3\)"),
        (lambda x: x.flatten(1, 0), nnlite.ShapeError, r"\(2, 3\)"),
        (lambda x: x[2], IndexError, "2"),
        (lambda x: x[0, 0, 0], IndexError, "2-dimensional"),
        (lambda x: x["a"], IndexError, "indices"),
        (lambda x: F.cat([x, x[:, :2]]), nnlite.ShapeError, r"\(2, 3\), \(2, 2\)"),
        (lambda x: F.cat([x, x[0]]), nnlite.ShapeError, r"\(2, 3\), \(3,\)"),
        (lambda x: F.cat([x, x], 2), IndexError, "dim 2"),
        (lambda x: F.cat([]), nnlite.ShapeError, "at least one"),
        (lambda x: F.interpolate(x, scale_factor=2), nnlite.ShapeError, r"\(2, 3\)"),
        (lambda x: F.interpolate(x[None, None], scale_factor=0), ValueError, "scale_factor"),
        (lambda x: F.interpolate(x, scale_factor=2, mode="area"), ValueError, "area"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call(nnlite.tensor(np.ones((2, 3))))
