"""Convolutions against a loop in plain Python, against each other's transpose, and against PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite.backend import cpu
from tests.helpers import backward, in_order, leaf, orders, seeds


def loop_conv2d(x, w, bias, stride, padding):
    """One output at a time: the definition in the docstring of conv2d."""
    (n, c, h, wd), (o, _, kh, kw), (sy, sx), (py, px) = x.shape, w.shape, stride, padding
    y = np.zeros((n, o, (h + 2 * py - kh) // sy + 1, (wd + 2 * px - kw) // sx + 1))
    for image, out, i, j in np.ndindex(y.shape):
        total = bias[out]
        for channel, u, v in np.ndindex(c, kh, kw):
            row, column = i * sy + u - py, j * sx + v - px
            if 0 <= row < h and 0 <= column < wd:
                total += x[image, channel, row, column] * w[out, channel, u, v]
        y[image, out, i, j] = total
    return y


def loop_conv_transpose2d(x, w, bias, stride, padding, extra):
    """Every input spreads its value over a window of the output; what falls outside is lost."""
    (n, _, h, wd), (_, o, kh, kw), (sy, sx), (py, px) = x.shape, w.shape, stride, padding
    height, width = (h - 1) * sy - 2 * py + kh + extra[0], (wd - 1) * sx - 2 * px + kw + extra[1]
    y = np.zeros((n, o, height, width)) + np.reshape(bias, (-1, 1, 1))
    for image, channel, i, j in np.ndindex(x.shape):
        for out, u, v in np.ndindex(o, kh, kw):
            row, column = i * sy + u - py, j * sx + v - px
            if 0 <= row < height and 0 <= column < width:
                y[image, out, row, column] += x[image, channel, i, j] * w[channel, out, u, v]
    return y


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def conv_cases(draw):
    """(x, w, bias, stride, padding) of every geometry that conv2d takes, in any memory order."""
    (n, c), o = draw(pairs), draw(st.integers(1, 3))
    stride = draw(pairs)
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    size = [draw(st.integers(max(1, k - 2 * p), max(1, k - 2 * p) + 4)) for k, p in zip(kernel, padding, strict=True)]
    rng = np.random.default_rng(draw(seeds))
    shapes = (n, c, *size), (o, c, *kernel), (o,)
    return *(in_order(rng.standard_normal(s), draw(orders)) for s in shapes), stride, padding


@st.composite
def transposed_cases(draw):
    """(x, w, bias, stride, padding, output_padding) of every geometry that conv_transpose2d takes."""
    (n, c), o = draw(pairs), draw(st.integers(1, 3))
    stride = draw(pairs)
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    extra = tuple(draw(st.integers(0, s - 1)) for s in stride)
    size = draw(pairs)
    longest = [(h - 1) * s + k + e - 1 for h, s, k, e in zip(size, stride, kernel, extra, strict=True)]
    padding = tuple(draw(st.integers(0, min(3, most // 2))) for most in longest)
    rng = np.random.default_rng(draw(seeds))
    shapes = (n, c, *size), (c, o, *kernel), (o,)
    return *(in_order(rng.standard_normal(s), draw(orders)) for s in shapes), stride, padding, extra


@given(case=conv_cases())
def test_conv2d_equals_the_loop(case):
    x, w, bias, stride, padding = case
    y = F.conv2d(nnlite.Tensor(x), nnlite.Tensor(w), nnlite.Tensor(bias), stride, padding)
    np.testing.assert_allclose(y.numpy(), loop_conv2d(*case), rtol=1e-12, atol=1e-12)


@given(case=transposed_cases())
def test_conv_transpose2d_equals_the_loop(case):
    x, w, bias, *geometry = case
    y = F.conv_transpose2d(nnlite.Tensor(x), nnlite.Tensor(w), nnlite.Tensor(bias), *geometry)
    np.testing.assert_allclose(y.numpy(), loop_conv_transpose2d(*case), rtol=1e-12, atol=1e-12)


@given(case=conv_cases(), seed=seeds)
def test_conv2d_gradients(case, seed):
    *arrays, stride, padding = case
    inputs = [nnlite.Tensor(a, requires_grad=True) for a in arrays]
    nnlite.gradcheck(lambda x, w, b: F.conv2d(x, w, b, stride, padding), inputs, seed=seed)


@given(case=transposed_cases(), seed=seeds)
def test_conv_transpose2d_gradients(case, seed):
    *arrays, stride, padding, extra = case
    inputs = [nnlite.Tensor(a, requires_grad=True) for a in arrays]
    nnlite.gradcheck(lambda x, w, b: F.conv_transpose2d(x, w, b, stride, padding, extra), inputs, seed=seed)


@given(case=conv_cases(), seed=seeds)
def test_the_two_convolutions_are_each_others_transpose(case, seed):
    """<conv(x), y> = <x, conv_transpose(y)>, where output_padding makes up for the pixels no window reached."""
    x, w, _, stride, padding = case
    y = F.conv2d(nnlite.Tensor(x), nnlite.Tensor(w), None, stride, padding).numpy()
    u = np.random.default_rng(seed).standard_normal(y.shape)
    rest = tuple((x.shape[a] + 2 * padding[a - 2] - w.shape[a]) % stride[a - 2] for a in (2, 3))
    back = F.conv_transpose2d(nnlite.Tensor(u), nnlite.Tensor(w), None, stride, padding, rest).numpy()
    assert back.shape == x.shape
    np.testing.assert_allclose((y * u).sum(), (x * back).sum(), rtol=1e-10, atol=1e-10)


@given(case=conv_cases(), blocks=st.tuples(st.integers(1, 40), st.integers(1, 200), st.integers(1, 4)))
def test_blocks_and_threads_change_nothing(case, blocks):
    *arrays, stride, padding = case

    def run():
        inputs = [nnlite.Tensor(a, requires_grad=True) for a in arrays]
        y = F.conv2d(*inputs, stride, padding)
        backward(y)
        return [y.numpy(), *(t.grad.numpy() for t in inputs)]

    plain = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "ELEMENTWISE_THREADED", 0)
        patch.setattr(cpu, "ELEMENTWISE_BLOCK", blocks[0])
        patch.setattr(cpu, "WINDOWS_BLOCK", blocks[1])
        patch.setattr(cpu, "_threads", blocks[2])
        for a, b in zip(run(), plain, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@given(case=transposed_cases())
def test_every_geometry_equals_pytorch(torch, case):
    x, w, bias, stride, padding, extra = case
    geometry = stride, padding, extra
    y = _equals_pytorch(torch, F.conv_transpose2d, torch.nn.functional.conv_transpose2d, (x, w, bias), geometry)
    bias = np.arange(len(w), dtype=np.float64)  # and from an image of that size back, as a plain convolution
    _equals_pytorch(torch, F.conv2d, torch.nn.functional.conv2d, (y, w, bias), (stride, padding))


def _equals_pytorch(torch, ours, theirs, arrays, geometry):
    a = [leaf(v) for v in arrays]
    b = [torch.tensor(v.copy(), requires_grad=True) for v in arrays]
    y, z = ours(*a, *geometry), theirs(*b, *geometry)
    z.backward(torch.tensor(backward(y)))
    np.testing.assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-10, atol=1e-10)
    for p, q in zip(a, b, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-10)
    return y.numpy()


LAYERS = {  # as large as those of a Pix2Pix step: blocks and threads are in use
    "3x3 at full resolution": (F.conv2d, (2, 32, 96, 96), (16, 32, 3, 3), (1, 1)),
    "4x4 stride 2": (F.conv2d, (2, 32, 96, 96), (64, 32, 4, 4), (2, 1)),
    "4x4 stride 2 transposed": (F.conv_transpose2d, (2, 64, 64, 64), (64, 32, 4, 4), (2, 1)),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_large_layers_in_float32_equal_pytorch_and_repeat_bit_for_bit(torch, rng, layer, monkeypatch):
    blocked = []
    monkeypatch.setattr(cpu, "_row_blocks", lambda view, cut=cpu._row_blocks: blocked.append(view.shape) or cut(view))
    convolve, image, kernel, geometry = LAYERS[layer]
    arrays = [rng.standard_normal(s).astype(np.float32) for s in (image, kernel)]
    arrays[1] /= np.sqrt(np.prod(kernel[1:]))

    def run():
        tensors = [leaf(a, np.float32, "channels last") for a in arrays]
        y = convolve(*tensors, None, *geometry)
        return backward(y), [y.numpy(), *(t.grad.numpy() for t in tensors)]

    u, results = run()
    assert len(blocked) >= 3, f"too small for blocks in all three passes: {blocked}"
    assert all(np.array_equal(a, b) for a, b in zip(run()[1], results, strict=True))

    exact = [torch.tensor(a.astype(np.float64), requires_grad=True) for a in arrays]
    z = getattr(torch.nn.functional, convolve.__name__)(*exact, None, *geometry)
    z.backward(torch.tensor(u.astype(np.float64)))
    for a, b in zip(results, (z.detach(), *(t.grad for t in exact)), strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-4, atol=1e-4 * float(abs(b).max()))


def test_gradients_come_in_the_memory_order_that_the_next_layer_wants(rng):
    from nnlite.backend import layout

    inputs = [leaf(rng.standard_normal(s), order="channels last") for s in ((2, 3, 8, 8), (4, 3, 3, 3))]
    y = F.conv2d(*inputs, None, 2, 1)
    backward(y)
    for array in (y.data, inputs[0].grad.data, inputs[1].grad.data):
        assert layout.channels_last(array).flags.c_contiguous
