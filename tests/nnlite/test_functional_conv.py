"""Convolutions against a loop in plain Python, against each other's transpose, and against PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite import ShapeError
from nnlite.backend.cpu import blocks, products, threads, winograd
from tests.helpers import assert_close, backward, in_order, leaf, orders, seeds


def loop_conv2d(x, w, bias, stride, padding, dilation, groups):
    """One output at a time: the definition in the docstring of conv2d."""
    (n, _, h, wd), (o, per_group, kh, kw), (sy, sx), (py, px), (dy, dx) = x.shape, w.shape, stride, padding, dilation
    height, width = (h + 2 * py - dy * (kh - 1) - 1) // sy + 1, (wd + 2 * px - dx * (kw - 1) - 1) // sx + 1
    y = np.zeros((n, o, height, width))
    for image, out, i, j in np.ndindex(y.shape):
        total, group = bias[out], out // (o // groups)
        for channel, u, v in np.ndindex(per_group, kh, kw):
            row, column = i * sy + u * dy - py, j * sx + v * dx - px
            if 0 <= row < h and 0 <= column < wd:
                total += x[image, group * per_group + channel, row, column] * w[out, channel, u, v]
        y[image, out, i, j] = total
    return y


def loop_conv_transpose2d(x, w, bias, stride, padding, extra, groups, dilation):
    """Every input spreads its value over a window of the output; what falls outside is lost."""
    (n, c, h, wd), (_, per_group, kh, kw), (sy, sx), (py, px), (dy, dx) = x.shape, w.shape, stride, padding, dilation
    height = (h - 1) * sy - 2 * py + dy * (kh - 1) + 1 + extra[0]
    width = (wd - 1) * sx - 2 * px + dx * (kw - 1) + 1 + extra[1]
    y = np.zeros((n, per_group * groups, height, width)) + np.reshape(bias, (-1, 1, 1))
    for image, channel, i, j in np.ndindex(x.shape):
        group = channel // (c // groups)
        for out, u, v in np.ndindex(per_group, kh, kw):
            row, column = i * sy + u * dy - py, j * sx + v * dx - px
            if 0 <= row < height and 0 <= column < width:
                y[image, group * per_group + out, row, column] += x[image, channel, i, j] * w[channel, out, u, v]
    return y


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
dilations = st.one_of(st.just((1, 1)), st.tuples(st.integers(1, 4), st.integers(1, 4)))
channels = st.tuples(st.integers(1, 2), st.integers(1, 2), st.one_of(st.just(1), st.integers(2, 3)))


def extents(kernel, dilation):
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]


@st.composite
def conv_cases(draw):
    """(x, w, bias, stride, padding, dilation, groups): every geometry that conv2d takes, in any memory order."""
    n, (c, o, groups) = draw(st.integers(1, 2)), draw(channels)
    stride, kernel, dilation = draw(pairs), draw(kernels), draw(dilations)
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    least = [max(1, k - 2 * p) for k, p in zip(extents(kernel, dilation), padding, strict=True)]
    size = [draw(st.integers(length, length + 4)) for length in least]
    rng = np.random.default_rng(draw(seeds))
    shapes = (n, c * groups, *size), (o * groups, c, *kernel), (o * groups,)
    return *(in_order(rng.standard_normal(s), draw(orders)) for s in shapes), stride, padding, dilation, groups


@st.composite
def transposed_cases(draw):
    """(x, w, bias, stride, padding, output_padding, groups, dilation): every geometry of conv_transpose2d."""
    n, (c, o, groups) = draw(st.integers(1, 2)), draw(channels)
    size, stride, kernel, dilation = draw(pairs), draw(pairs), draw(kernels), draw(dilations)
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    lengths = zip(size, stride, extents(kernel, dilation), extra, strict=True)
    longest = [(h - 1) * s + k + e - 1 for h, s, k, e in lengths]
    padding = tuple(draw(st.integers(0, min(3, most // 2))) for most in longest)
    rng = np.random.default_rng(draw(seeds))
    shapes = (n, c * groups, *size), (c * groups, o, *kernel), (o * groups,)
    arrays = (in_order(rng.standard_normal(s), draw(orders)) for s in shapes)
    return *arrays, stride, padding, extra, groups, dilation


@given(case=conv_cases())
def test_conv2d_equals_the_loop(case):
    x, w, bias, *geometry = case
    y = F.conv2d(nnlite.Tensor(x), nnlite.Tensor(w), nnlite.Tensor(bias), *geometry)
    np.testing.assert_allclose(y.numpy(), loop_conv2d(*case), rtol=1e-12, atol=1e-12)


@given(case=transposed_cases())
def test_conv_transpose2d_equals_the_loop(case):
    x, w, bias, *geometry = case
    y = F.conv_transpose2d(nnlite.Tensor(x), nnlite.Tensor(w), nnlite.Tensor(bias), *geometry)
    np.testing.assert_allclose(y.numpy(), loop_conv_transpose2d(*case), rtol=1e-12, atol=1e-12)


@given(case=conv_cases(), seed=seeds)
def test_conv2d_gradients(case, seed):
    inputs = [nnlite.Tensor(a, requires_grad=True) for a in case[:3]]
    nnlite.gradcheck(lambda x, w, b: F.conv2d(x, w, b, *case[3:]), inputs, seed=seed)


@given(case=transposed_cases(), seed=seeds)
def test_conv_transpose2d_gradients(case, seed):
    inputs = [nnlite.Tensor(a, requires_grad=True) for a in case[:3]]
    nnlite.gradcheck(lambda x, w, b: F.conv_transpose2d(x, w, b, *case[3:]), inputs, seed=seed)


@given(case=conv_cases(), seed=seeds)
def test_the_two_convolutions_are_each_others_transpose(case, seed):
    """<conv(x), y> = <x, conv_transpose(y)>, where output_padding makes up for the pixels no window reached."""
    x, w, _, stride, padding, dilation, groups = case
    y = F.conv2d(nnlite.Tensor(x), nnlite.Tensor(w), None, stride, padding, dilation, groups).numpy()
    u = np.random.default_rng(seed).standard_normal(y.shape)
    lengths = zip(x.shape[2:], padding, extents(w.shape[2:], dilation), stride, strict=True)
    rest = tuple((n + 2 * p - k) % s for n, p, k, s in lengths)
    back = F.conv_transpose2d(nnlite.Tensor(u), nnlite.Tensor(w), None, stride, padding, rest, groups, dilation).numpy()
    assert back.shape == x.shape
    np.testing.assert_allclose((y * u).sum(), (x * back).sum(), rtol=1e-10, atol=1e-10)


@given(case=conv_cases(), sizes=st.tuples(st.integers(1, 40), st.integers(1, 200), st.integers(1, 4)))
def test_blocks_and_threads_change_nothing(case, sizes):
    def run():
        inputs = [nnlite.Tensor(a, requires_grad=True) for a in case[:3]]
        y = F.conv2d(*inputs, *case[3:])
        backward(y)
        return [y.detach().numpy(), *(t.grad.numpy() for t in inputs)]

    plain = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "ELEMENTWISE_THREADED", 0)
        patch.setattr(blocks, "ELEMENTWISE_BLOCK", sizes[0])
        patch.setattr(products, "WINDOWS_BLOCK", sizes[1])
        patch.setattr(threads, "count", sizes[2])
        patch.setattr(winograd, "TILES_LEAST", 1)
        patch.setattr(winograd, "CHANNELS_LEAST", 0)
        patch.setattr(winograd, "BLOCK", sizes[0])
        patch.setattr(winograd, "BLOCK_OUTER", sizes[0])
        for a, b in zip(run(), plain, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@given(case=transposed_cases())
def test_every_geometry_equals_pytorch(torch, case):
    x, w, bias, *geometry = case
    y = _equals_pytorch(torch, F.conv_transpose2d, torch.nn.functional.conv_transpose2d, (x, w, bias), geometry)
    stride, padding, _, groups, dilation = geometry
    bias = np.arange(len(w), dtype=np.float64)  # and from an image of that size back, as a plain convolution
    geometry = stride, padding, dilation, groups
    _equals_pytorch(torch, F.conv2d, torch.nn.functional.conv2d, (y, w, bias), geometry)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(size=st.tuples(st.integers(1, 5), st.integers(1, 5)), kernel=kernels, dilation=dilations, seed=seeds)
def test_same_padding_keeps_the_size_with_the_odd_pixel_at_the_end(torch, size, kernel, dilation, seed):
    rng = np.random.default_rng(seed)
    x, w, bias = (rng.standard_normal(s) for s in ((1, 2, *size), (2, 2, *kernel), (2,)))
    y = _equals_pytorch(torch, F.conv2d, torch.nn.functional.conv2d, (x, w, bias), (1, "same", dilation))
    assert y.shape == x.shape
    totals = [k - 1 for k in extents(kernel, dilation)]
    padded = np.pad(x, ((0, 0), (0, 0), *((t // 2, (t + 1) // 2) for t in totals)))
    np.testing.assert_allclose(y, loop_conv2d(padded, w, bias, (1, 1), (0, 0), dilation, 1), rtol=1e-12, atol=1e-12)


def _equals_pytorch(torch, ours, theirs, arrays, geometry):
    a = [leaf(v) for v in arrays]
    b = [torch.tensor(v.copy(), requires_grad=True) for v in arrays]
    y, z = ours(*a, *geometry), theirs(*b, *geometry)
    z.backward(torch.tensor(backward(y)))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-10, atol=1e-10)
    for p, q in zip(a, b, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-10)
    return y.detach().numpy()


LAYERS = {  # as large as those of a Pix2Pix step: blocks and threads are in use
    "3x3 at full resolution": (F.conv2d, (2, 32, 96, 96), (16, 32, 3, 3), (1, 1)),
    "4x4 stride 2": (F.conv2d, (2, 32, 96, 96), (64, 32, 4, 4), (2, 1)),
    "4x4 stride 2 transposed": (F.conv_transpose2d, (2, 64, 64, 64), (64, 32, 4, 4), (2, 1)),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_large_layers_in_float32_equal_pytorch_and_repeat_bit_for_bit(torch, fast, rng, layer, monkeypatch):
    blocked = []
    monkeypatch.setattr(products, "_blocks", lambda view, cut=products._blocks: blocked.append(view.shape) or cut(view))
    convolve, image, kernel, geometry = LAYERS[layer]
    arrays = [rng.standard_normal(s).astype(np.float32) for s in (image, kernel)]
    arrays[1] /= np.sqrt(np.prod(kernel[1:]))

    def run():
        tensors = [leaf(a, np.float32, "channels last") for a in arrays]
        y = convolve(*tensors, None, *geometry)
        return backward(y), [y.detach().numpy(), *(t.grad.numpy() for t in tensors)]

    u, results = run()
    assert len(blocked) >= 3, f"too small for blocks in all three passes: {blocked}"
    assert all(np.array_equal(a, b) for a, b in zip(run()[1], results, strict=True))

    exact = [torch.tensor(a.astype(np.float64), requires_grad=True) for a in arrays]
    z = getattr(torch.nn.functional, convolve.__name__)(*exact, None, *geometry)
    z.backward(torch.tensor(u.astype(np.float64)))
    for a, b in zip(results, (z, *(t.grad for t in exact)), strict=True):
        assert_close(a, b, 1e-4)


def test_gradients_come_in_the_memory_order_that_the_next_layer_wants(rng):
    from nnlite.backend import layout

    inputs = [leaf(rng.standard_normal(s), order="channels last") for s in ((2, 3, 8, 8), (4, 3, 3, 3))]
    y = F.conv2d(*inputs, None, 2, 1)
    backward(y)
    for array in (y.array, inputs[0].grad.array, inputs[1].grad.array):
        assert layout.channels_last(array).flags.c_contiguous


def test_a_stride_far_beyond_the_image_is_no_work(rng):
    inputs = [leaf(rng.standard_normal(s)) for s in ((1, 1, 3, 3), (1, 1, 2, 2))]
    backward(F.conv2d(*inputs, None, 10**12, 0))
    x, w = (t.detach().numpy() for t in inputs)
    expected = np.zeros_like(x)
    expected[:, :, :2, :2] = w * (inputs[1].grad.numpy() / x[:, :, :2, :2])
    np.testing.assert_allclose(inputs[0].grad.numpy(), expected, rtol=1e-12)


def ones(*shape):
    return nnlite.ones(shape)


MESSAGES = {
    "channels": (
        lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 6, 3, 3)),
        ShapeError,
        r"input has 3 channels, weight expects 6 \(input \(1, 3, 8, 8\), weight \(4, 6, 3, 3\), groups 1\); did you",
    ),
    "channels of groups": (
        lambda: F.conv2d(ones(1, 4, 8, 8), ones(6, 4, 3, 3), groups=2),
        ShapeError,
        r"input has 4 channels, weight expects 8 .*groups 2",
    ),
    "groups of outputs": (
        lambda: F.conv2d(ones(1, 4, 8, 8), ones(3, 2, 3, 3), groups=2),
        ShapeError,
        r"2 groups do not divide the 3 channels of the weight \(input \(1, 4, 8, 8\), weight \(3, 2, 3, 3\)",
    ),
    "groups of inputs": (
        lambda: F.conv_transpose2d(ones(1, 3, 8, 8), ones(3, 2, 3, 3), groups=2),
        ShapeError,
        "2 groups do not divide the 3 channels",
    ),
    "bias of groups": (
        lambda: F.conv_transpose2d(ones(1, 4, 8, 8), ones(4, 2, 3, 3), ones(2), groups=2),
        ShapeError,
        r"bias has shape \(2,\), expected \(4,\)",
    ),
    "rank": (lambda: F.conv2d(ones(8, 8), ones(4, 3, 3, 3)), ShapeError, r"expected input \(N, C, H, W\)"),
    "nothing": (lambda: F.conv2d(ones(0, 3, 8, 8), ones(4, 3, 3, 3)), ShapeError, "nothing to convolve"),
    "dtypes": (lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3).double()), TypeError, "float32, weight float64"),
    "no groups": (lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3), groups=0), ValueError, "groups must .* got 0"),
    "half a group": (lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3), groups=1.5), ValueError, "got 1.5"),
    "no dilation": (lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3), dilation=0), ValueError, "dilation must"),
    "padding": (lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3), padding="full"), ValueError, "padding .* 'full'"),
    "strided same": (
        lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3), None, (1, 2), "same"),
        ValueError,
        r"padding 'same' needs stride 1, got \(1, 2\)",
    ),
    "dilated kernel": (
        lambda: F.conv2d(ones(1, 3, 8, 8), ones(4, 3, 3, 3), dilation=(1, 4)),
        ShapeError,
        r"kernel \(3, 3\) with dilation \(1, 4\) is larger than the input .*\(1, 3, 8, 8\)",
    ),
    "output_padding": (
        lambda: F.conv_transpose2d(ones(1, 3, 8, 8), ones(3, 4, 3, 3), None, 2, 0, (1, 3), 1, (1, 3)),
        ValueError,
        r"output_padding \(1, 3\) must be smaller than stride \(2, 2\) or dilation \(1, 3\)",
    ),
    "nothing left": (
        lambda: F.conv_transpose2d(ones(1, 3, 1, 1), ones(3, 4, 3, 3), None, 1, 2),
        ShapeError,
        r"padding \(2, 2\) leaves an output of size \(-1, -1\)",
    ),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_messages_name_what_was_given(what):
    call, error, message = MESSAGES[what]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("function", [F.conv2d, F.conv_transpose2d])
def test_parameters_of_another_dtype_are_refused(function, which):
    tensors = [nnlite.ones(1, 2, 3, 3), nnlite.ones(2, 2, 1, 1), nnlite.ones(2)]
    tensors[which] = tensors[which].double()
    name = ("input", "weight", "bias")[which]
    with pytest.raises(TypeError, match=f"{function.__name__}: input is float32, {name} float64; use"):
        function(*tensors)
