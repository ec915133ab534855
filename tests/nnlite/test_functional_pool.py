"""Pooling against loops in plain Python, and where PyTorch has rules of its own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite import ShapeError
from nnlite.backend import layout
from tests.helpers import backward, in_order, leaf, orders, seeds


def places(size, kernel, stride, padding, dilation, ceil_mode):
    """For each window along one axis, the pixels that it sees; they may lie outside the image."""
    count = (size + 2 * padding - dilation * (kernel - 1) - 1) / stride
    starts = [i * stride - padding for i in range((math.ceil(count) if ceil_mode else math.floor(count)) + 1)]
    return [[start + u * dilation for u in range(kernel)] for start in starts if start < size]


def loop_pool(x, reduce, kernel, stride, padding, dilation, ceil_mode):
    """reduce(the pixels of the window that lie in the image, how many lie in the image or its padding)."""
    h, w = x.shape[2:]
    vertical, horizontal = (
        places(n, *along, ceil_mode) for n, *along in zip((h, w), kernel, stride, padding, dilation, strict=True)
    )
    y = np.zeros((*x.shape[:2], len(vertical), len(horizontal)))
    for n, c, i, j in np.ndindex(y.shape):
        seen = [x[n, c, r, s] for r in vertical[i] for s in horizontal[j] if 0 <= r < h and 0 <= s < w]
        rows = sum(r < h + padding[0] for r in vertical[i])
        columns = sum(s < w + padding[1] for s in horizontal[j])
        y[n, c, i, j] = reduce(seen, rows * columns)
    return y


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw):
    """(x, kernel, stride, padding, dilation, ceil_mode), every window with at least one pixel in it."""
    kernel, stride, dilation = draw(st.tuples(st.integers(1, 4), st.integers(1, 4))), draw(pairs), draw(pairs)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = [d * (k - 1) + 1 + draw(st.integers(0, 4)) for k, d in zip(kernel, dilation, strict=True)]
    shape = draw(st.integers(1, 2)), draw(st.integers(1, 3)), *size
    x = np.random.default_rng(draw(seeds)).permutation(math.prod(shape)).reshape(shape) / 10.0 - 3.0
    return in_order(x, draw(orders)), kernel, stride, padding, dilation, draw(st.booleans())


@given(case=cases(), seed=seeds)
def test_max_pool2d_equals_the_loop(case, seed):
    x, *geometry = case
    y = F.max_pool2d(nnlite.Tensor(x), *geometry)
    assert np.array_equal(y.numpy(), loop_pool(x, lambda seen, count: max(seen), *geometry))
    nnlite.gradcheck(lambda x: F.max_pool2d(x, *geometry), [leaf(x)], seed=seed)


@given(case=cases(), include=st.booleans(), divisor=st.sampled_from([None, None, 3, -1]), seed=seeds)
def test_avg_pool2d_equals_the_loop(case, include, divisor, seed):
    x, kernel, stride, padding, _, ceil_mode = case

    def mean(seen, count):
        return sum(seen) / (divisor or (count if include else len(seen)))

    y = F.avg_pool2d(nnlite.Tensor(x), kernel, stride, padding, ceil_mode, include, divisor)
    expected = loop_pool(x, mean, kernel, stride, padding, (1, 1), ceil_mode)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-12)
    nnlite.gradcheck(
        lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil_mode, include, divisor), [leaf(x)], seed=seed
    )


@given(case=cases())
def test_every_geometry_equals_pytorch(torch, case):
    x, kernel, stride, padding, dilation, ceil_mode = case
    for name, arguments in (
        ("max_pool2d", (kernel, stride, padding, dilation, ceil_mode)),
        ("avg_pool2d", (kernel, stride, padding, ceil_mode, True)),
        ("avg_pool2d", (kernel, stride, padding, ceil_mode, False)),
    ):
        ours, theirs = leaf(x), torch.tensor(x.copy(), requires_grad=True)
        y, z = getattr(F, name)(ours, *arguments), getattr(torch.nn.functional, name)(theirs, *arguments)
        z.backward(torch.tensor(backward(y)))
        np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-12)


@given(shape=st.tuples(*[st.integers(1, 7)] * 2), size=st.tuples(*[st.integers(1, 9)] * 2), seed=seeds)
def test_adaptive_avg_pool2d_equals_the_loop(torch, shape, size, seed):
    x = np.random.default_rng(seed).standard_normal((2, 3, *shape))
    ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
    y, z = F.adaptive_avg_pool2d(ours, size), torch.nn.functional.adaptive_avg_pool2d(theirs, size)
    for i, j in np.ndindex(size):
        places = zip((i, j), shape, size, strict=True)
        rows, columns = (slice(math.floor(k * n / m), math.ceil((k + 1) * n / m)) for k, n, m in places)
        np.testing.assert_allclose(
            y.detach().numpy()[:, :, i, j], x[:, :, rows, columns].mean((2, 3)), rtol=1e-12, atol=1e-12
        )
    z.backward(torch.tensor(backward(y)))
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_an_axis_whose_size_is_none_stays_as_it_is(rng):
    x = nnlite.Tensor(rng.standard_normal((2, 3, 4, 5)))
    assert np.array_equal(F.adaptive_avg_pool2d(x, (None, None)).numpy(), x.numpy())
    assert F.adaptive_avg_pool2d(x, (2, None)).shape == (2, 3, 2, 5)
    np.testing.assert_allclose(F.adaptive_avg_pool2d(x, 1).numpy()[..., 0, 0], x.numpy().mean((2, 3)), rtol=1e-12)


def test_of_equal_numbers_the_first_gets_the_gradient(torch):
    x = np.array([[1.0, 5.0, 5.0, 0.0], [5.0, 5.0, 5.0, 0.0], [2.0, 2.0, 0.0, 0.0]])[None, None]
    for arguments in ((2, 1), (3, 1), (2, 2, 1), (2, 1, 1)):
        ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
        F.max_pool2d(ours, *arguments).sum().backward()
        torch.nn.functional.max_pool2d(theirs, *arguments).sum().backward()
        assert np.array_equal(ours.grad.numpy(), theirs.grad.numpy()), arguments
    ours = leaf(np.ones((1, 1, 2, 2)))
    F.max_pool2d(ours, 2).sum().backward()
    assert ours.grad.tolist() == [[[[1.0, 0.0], [0.0, 0.0]]]]


def test_nan_and_infinity_reach_their_own_windows_only(torch):
    x = np.arange(36.0).reshape(1, 1, 6, 6)
    x[0, 0, 1, 1], x[0, 0, 4, 4], x[0, 0, 0, 5] = np.nan, np.inf, -np.inf
    for name, arguments in (
        ("max_pool2d", (3, 2, 1)),
        ("max_pool2d", (2,)),
        ("avg_pool2d", (3, 2, 1)),
        ("adaptive_avg_pool2d", (3,)),
    ):
        ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
        y, z = getattr(F, name)(ours, *arguments), getattr(torch.nn.functional, name)(theirs, *arguments)
        assert np.isnan(y.detach().numpy()).any() and not np.isnan(y.detach().numpy()).all()
        np.testing.assert_array_equal(y.detach().numpy(), z.detach().numpy())
        z.backward(torch.tensor(backward(y)))
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int16])
def test_whole_numbers_have_a_largest(torch, rng, dtype):
    x = (rng.integers(-100, 100, (2, 3, 6, 5))).astype(dtype)
    y, z = F.max_pool2d(nnlite.tensor(x), 3, 2, 1), torch.nn.functional.max_pool2d(torch.tensor(x), 3, 2, 1)
    assert y.dtype == dtype and np.array_equal(y.numpy(), z.numpy())


def test_a_window_of_more_places_than_a_byte_counts(torch, rng):
    x = rng.standard_normal((1, 2, 20, 18))
    ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
    y, z = F.max_pool2d(ours, 17, 1), torch.nn.functional.max_pool2d(theirs, 17, 1)
    assert np.array_equal(y.detach().numpy(), z.detach().numpy())
    z.backward(torch.tensor(backward(y)))
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_ceil_mode_reaches_a_kernel_wider_than_the_image(torch, dtype):
    x = np.arange(8, dtype=dtype).reshape(1, 2, 2, 2)
    for name in ("max_pool2d", "avg_pool2d"):
        y = getattr(F, name)(nnlite.Tensor(x), 3, 2, ceil_mode=True)
        z = getattr(torch.nn.functional, name)(torch.tensor(x), 3, 2, ceil_mode=True)
        assert y.dtype == dtype and y.shape == tuple(z.shape) == (1, 2, 1, 1)
        np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-3)


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"])
def test_results_come_in_the_memory_order_that_the_next_layer_wants(rng, name):
    x = leaf(rng.standard_normal((2, 3, 8, 8)), order="channels last")
    y = getattr(F, name)(x, 2)
    backward(y)
    for array in (y.array, x.grad.array):
        assert layout.channels_last(array).flags.c_contiguous


def ones(*shape):
    return nnlite.ones(shape)


MESSAGES = {
    "rank": (lambda: F.max_pool2d(ones(8, 8), 2), ShapeError, r"expected images \(N, C, H, W\), got \(8, 8\)"),
    "no tensor": (lambda: F.avg_pool2d([[1.0]], 2), TypeError, "avg_pool2d: expected a Tensor, got list"),
    "nothing": (lambda: F.adaptive_avg_pool2d(ones(1, 0, 2, 2), 1), ShapeError, r"got \(1, 0, 2, 2\)"),
    "integers": (lambda: F.avg_pool2d(ones(1, 1, 2, 2).long(), 2), TypeError, r"expected floating-point .*\.float\(\)"),
    "kernel": (lambda: F.max_pool2d(ones(1, 1, 4, 4), 0), ValueError, "kernel_size must be .* at least 1, got 0"),
    "stride": (lambda: F.avg_pool2d(ones(1, 1, 4, 4), 2, (1, 0)), ValueError, r"stride must .* got \(1, 0\)"),
    "padding": (
        lambda: F.max_pool2d(ones(1, 1, 4, 4), 3, 1, (1, 2)),
        ValueError,
        r"padding \(1, 2\) must be at most half of kernel_size \(3, 3\)",
    ),
    "too large": (
        lambda: F.avg_pool2d(ones(1, 1, 4, 3), 4),
        ShapeError,
        r"kernel \(4, 4\) with dilation \(1, 1\) is larger than the input .*\(1, 1, 4, 3\)",
    ),
    "divisor": (
        lambda: F.avg_pool2d(ones(1, 1, 4, 4), 2, divisor_override=0),
        ValueError,
        "divisor_override must be a whole number other than 0, got 0",
    ),
    "no output": (lambda: F.adaptive_avg_pool2d(ones(1, 1, 4, 4), (1, 0)), ValueError, r"output_size .* got \(1, 0\)"),
    "three sizes": (lambda: F.adaptive_avg_pool2d(ones(1, 1, 4, 4), (1, 2, 3)), ValueError, r"got \(1, 2, 3\)"),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_messages_name_what_was_given(what):
    call, error, message = MESSAGES[what]
    with pytest.raises(error, match=message):
        call()
