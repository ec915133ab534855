"""Winograd's convolution against the plain sum of products that it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite.backend.cpu import Cpu, products, threads, winograd
from tests.helpers import assert_close, leaf, seeds, window_geometry

real_suits = winograd.suits


@pytest.mark.parametrize("taps", winograd.TAPS)
def test_the_matrices_make_a_filter(taps, rng):
    sum_up, weigh, expand = winograd.matrices(taps)
    x, w = rng.standard_normal(winograd.TILE + taps - 1), rng.standard_normal(taps)
    y = sum_up @ ((weigh @ w) * (expand @ x))
    np.testing.assert_allclose(y, np.correlate(x, w, "valid"), rtol=1e-12, atol=1e-12)


@st.composite
def cases(draw):
    """Windows, among them of odd sizes and of a slice of the channels; an output that is part of a larger one."""
    taps, stride = draw(st.sampled_from(winograd.TAPS)), draw(st.integers(1, 3))
    kernel = taps * stride
    sizes = [(draw(st.integers(2, 7)) - 1) * stride + kernel for _ in "hw"]
    images, channels, width = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(seeds))
    x = rng.standard_normal((images, *sizes, channels + 2))[..., 1 : channels + 1]
    view = Cpu().windows(x, window_geometry((kernel, kernel), (stride, stride)))
    return view, rng.standard_normal((kernel * kernel * channels, width)), rng


@given(case=cases(), block=st.integers(1, 30), count=st.integers(1, 3), by_output=st.booleans(), biased=st.booleans())
def test_products_equal_plain_sums(case, block, count, by_output, biased):
    view, matrix, rng = case
    flat = view.reshape(-1, len(matrix))
    bias = rng.standard_normal(matrix.shape[1]) if biased else None
    y = rng.standard_normal((*view.shape[:3], matrix.shape[1]))
    out = np.full((*view.shape[:2], 2 * view.shape[2], matrix.shape[1]), np.nan)[:, :, ::2]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TILES_LEAST": 1, "CHANNELS_LEAST": 0, "BLOCK": block, "BLOCK_OUTER": block}.items():
            patch.setattr(winograd, name, value)
        patch.setattr(threads, "count", count)
        assert winograd.suits(view, matrix.shape[1])
        products.rows_matmul(view, np.asfortranarray(matrix) if by_output else matrix, bias, out)
        sums = products.rows_outer(view, y)
    expected = (flat @ matrix + (0.0 if bias is None else bias)).reshape(out.shape)
    np.testing.assert_allclose(out, expected, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(sums, y.reshape(len(flat), -1).T @ flat, rtol=1e-11, atol=1e-11)


def windows(kernel, stride, dilation=1, size=96, channels=128):
    return Cpu().windows(
        np.zeros((1, size, size, channels)), window_geometry((kernel,) * 2, (stride,) * 2, (dilation,) * 2)
    )


def test_what_it_is_used_for():
    suited = [(3, 1), (2, 1), (4, 1), (4, 2), (6, 2), (6, 3), (4, 2, 2)]
    assert all(winograd.suits(windows(*geometry), 128) for geometry in suited)
    other = [(1, 1), (5, 1), (3, 2), (2, 2), (4, 3), (5, 2), (3, 1, 2)]
    assert not any(winograd.suits(windows(*geometry), 128) for geometry in other)
    assert not winograd.suits(windows(3, 1, size=16), 128), "too few tiles"
    assert not winograd.suits(windows(3, 1, channels=16), 128) and not winograd.suits(windows(3, 1), 16), "few channels"
    rectangle = Cpu().windows(np.zeros((1, 64, 64, 128)), window_geometry((3, 2)))
    slanted = Cpu().windows(np.zeros((1, 64, 64, 128)), window_geometry((4, 4), (1, 2)))
    assert not winograd.suits(rectangle, 128) and not winograd.suits(slanted, 128)


@pytest.mark.parametrize("kernel, stride", [(3, 1), (4, 1), (4, 2)])
def test_layers_in_float32_equal_pytorch(torch, fast, rng, kernel, stride, monkeypatch):
    """In float64. The matrices enlarge what is rounded: half of 1e-5 is seen with four taps, a tenth with fewer."""
    used = []
    monkeypatch.setattr(winograd, "suits", lambda *a: used.append(real_suits(*a)) or used[-1])
    x = rng.standard_normal((2, 128, 33, 33)).astype(np.float32)
    w = rng.standard_normal((128, 128, kernel, kernel)).astype(np.float32)
    ours, weight = leaf(x, np.float32, "channels last"), leaf(w, np.float32, "channels last")
    theirs, their_weight = (torch.tensor(a.astype(np.float64), requires_grad=True) for a in (x, w))
    y, z = F.conv2d(ours, weight, None, stride, 1), torch.nn.functional.conv2d(theirs, their_weight, None, stride, 1)
    u = rng.standard_normal(y.shape).astype(np.float32)
    y.backward(nnlite.Tensor(u))
    z.backward(torch.tensor(u.astype(np.float64)))
    for a, b in (y, z), (ours.grad, theirs.grad), (weight.grad, their_weight.grad):
        assert_close(a, b, 1e-5)
    assert sum(used) >= 3, "not in use: forward and both gradients"
