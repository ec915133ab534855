"""Batch and instance norm against a loop over channels, and their running statistics against PyTorch."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite import nn
from nnlite.backend import cpu
from tests.helpers import backward, in_order, leaf, orders, seeds

sizes = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(2, 4))


def loop_norm(x, weight, bias, eps, each_image):
    """Channel by channel, with Python's exact sums."""
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        for part in [slice(n, n + 1) for n in range(len(x))] if each_image else [slice(None)]:
            values = [float(v) for v in x[part, c].flat]
            mean = math.fsum(values) / len(values)
            var = math.fsum((v - mean) ** 2 for v in values) / len(values)
            y[part, c] = (x[part, c] - mean) / math.sqrt(var + eps) * weight[c] + bias[c]
    return y


@pytest.mark.parametrize("each_image", [False, True], ids=["batch_norm", "instance_norm"])
@given(size=sizes, eps=st.sampled_from([1e-5, 1e-2, 1.0]), layout=st.tuples(orders, orders), seed=seeds)
def test_values_and_gradients(each_image, size, eps, layout, seed):
    rng = np.random.default_rng(seed)
    x = leaf(3.0 + rng.standard_normal(size), order=layout[0])
    weight, bias = (leaf(rng.standard_normal(size[1]), order=layout[1]) for _ in range(2))

    def norm(x, weight=None, bias=None):
        if each_image:
            return F.instance_norm(x, weight=weight, bias=bias, eps=eps)
        return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)

    expected = loop_norm(x.numpy(), weight.numpy(), bias.numpy(), eps, each_image)
    np.testing.assert_allclose(norm(x, weight, bias).numpy(), expected, rtol=1e-9, atol=1e-9)
    plain = loop_norm(x.numpy(), np.ones(size[1]), np.zeros(size[1]), eps, each_image)
    np.testing.assert_allclose(norm(x).numpy(), plain, rtol=1e-9, atol=1e-9)
    if eps > 1e-3:  # two values and a tiny eps make a step function, which no difference can follow
        nnlite.gradcheck(norm, [x, weight, bias], seed=seed)
        nnlite.gradcheck(norm, [x], seed=seed)


@given(shape=st.sampled_from([(4, 3), (2, 3, 2, 5)]), layout=orders, seed=seeds)
def test_fixed_statistics(shape, layout, seed):
    rng = np.random.default_rng(seed)
    x, weight, bias = leaf(rng.standard_normal(shape), order=layout), leaf(rng.standard_normal(3)), leaf(np.ones(3))
    mean, var = rng.standard_normal(3), rng.uniform(0.5, 2, 3)
    before = mean.copy(), var.copy()

    def norm(x, weight, bias):
        return F.batch_norm(x, nnlite.Tensor(mean), nnlite.Tensor(var), weight, bias, eps=0.1)

    for c in range(3):
        expected = (x.numpy()[:, c] - mean[c]) / math.sqrt(var[c] + 0.1) * weight.numpy()[c] + 1.0
        np.testing.assert_allclose(norm(x, weight, bias).numpy()[:, c], expected, rtol=1e-12, atol=1e-12)
    nnlite.gradcheck(norm, [x, weight, bias], seed=seed)
    assert np.array_equal(mean, before[0]) and np.array_equal(var, before[1])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])
@pytest.mark.parametrize("momentum", [0.1, 0.7])
def test_training_then_evaluation_equals_pytorch(torch, rng, dtype, tolerance, momentum):
    """Outputs, gradients and running statistics over three batches, then eval() with gradients."""
    ours, theirs = nn.BatchNorm2d(5, 1e-3, momentum), torch.nn.BatchNorm2d(5, 1e-3, momentum)
    theirs = theirs.double() if dtype == np.float64 else theirs
    for tensor in (*ours.parameters(), ours.running_mean, ours.running_var):
        tensor.data = tensor.data.astype(dtype)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        a.data[...] = rng.standard_normal(5)
        b.data = torch.tensor(a.numpy().copy())
    for training in (True, True, True, False):
        ours.train(training)
        theirs.train(training)
        x = (2.0 + 3.0 * rng.standard_normal((4, 5, 6, 7))).astype(dtype)
        a, b = leaf(x, dtype, "channels last"), torch.tensor(x, requires_grad=True)
        y, z = ours(a), theirs(b)
        z.backward(torch.tensor(backward(y)))
        expected = [z, b.grad, *(p.grad for p in theirs.parameters()), theirs.running_mean, theirs.running_var]
        given = [y, a.grad, *(p.grad for p in ours.parameters()), ours.running_mean, ours.running_var]
        for p, q in zip(given, expected, strict=True):
            assert p.dtype == dtype
            np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=tolerance, atol=tolerance)
    assert int(ours.num_batches_tracked) == int(theirs.num_batches_tracked) == 3


def test_a_large_batch_in_float32_equals_pytorch_and_repeats_bit_for_bit(torch, rng):
    x = (1.0 + 2.0 * rng.standard_normal((4, 32, 100, 90))).astype(np.float32)
    assert x.size > cpu.ELEMENTWISE_THREADED
    weight, bias = rng.standard_normal((2, 32)).astype(np.float32)

    def run():
        a = [leaf(v, np.float32, "channels last") for v in (x, weight, bias)]
        y = F.batch_norm(a[0], None, None, a[1], a[2], training=True)
        return backward(y), [y.numpy(), *(t.grad.numpy() for t in a)]

    (u, results), (_, again) = run(), run()
    assert all(np.array_equal(a, b) for a, b in zip(results, again, strict=True))
    b = [torch.tensor(v.astype(np.float64), requires_grad=True) for v in (x, weight, bias)]
    z = torch.nn.functional.batch_norm(b[0], None, None, b[1], b[2], training=True)
    z.backward(torch.tensor(u.astype(np.float64)))
    for p, q in zip(results, (z.detach(), *(t.grad for t in b)), strict=True):
        np.testing.assert_allclose(p, q.numpy(), rtol=1e-4, atol=1e-4 * float(abs(q).max()))


def test_in_eval_an_image_does_not_see_its_neighbours(rng):
    layer = nn.BatchNorm2d(3)
    x = rng.standard_normal((4, 3, 5, 5)).astype(np.float32)
    layer(nnlite.Tensor(x))
    layer.eval()
    alone = layer(nnlite.Tensor(x[:1])).numpy()
    assert np.array_equal(layer(nnlite.Tensor(x)).numpy()[:1], alone)


def test_float32_statistics_of_a_large_offset_keep_their_digits(rng):
    x = (1000.0 + rng.standard_normal((4, 3, 64, 64))).astype(np.float32)
    y = F.batch_norm(nnlite.Tensor(in_order(x, "channels last")), None, None, training=True).numpy()
    exact = x.astype(np.float64)
    exact = (exact - exact.mean((0, 2, 3), keepdims=True)) / np.sqrt(exact.var((0, 2, 3), keepdims=True) + 1e-5)
    np.testing.assert_allclose(y, exact, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "arguments", "says"),
    [
        ((2, 3, 4), {}, r"\(2, 3, 4\)"),
        ((3,), {}, r"\(3,\)"),
        ((2, 3, 4, 4), {"weight": np.ones(4)}, r"weight has shape \(4,\), expected \(3,\)"),
        ((2, 3, 4, 4), {"running_mean": np.ones((1, 3)), "running_var": np.ones(3)}, r"running_mean .*\(1, 3\)"),
        ((1, 3, 1, 1), {}, "1 value per channel"),
        ((1, 3), {}, "1 value per channel"),
        ((0, 3, 4, 4), {}, r"\(0, 3, 4, 4\)"),
        ((2, 0, 4, 4), {}, r"\(2, 0, 4, 4\)"),
    ],
)
def test_batch_norm_refuses(shape, arguments, says):
    tensors = {"running_mean": None, "running_var": None}
    tensors.update({name: nnlite.Tensor(a) for name, a in arguments.items()})
    with pytest.raises(nnlite.ShapeError, match=says):
        F.batch_norm(nnlite.Tensor(np.ones(shape)), **tensors, training=True)


def test_instance_norm_and_dtypes_refused():
    with pytest.raises(nnlite.ShapeError, match=r"instance_norm: .*\(2, 3\)"):
        F.instance_norm(nnlite.Tensor(np.ones((2, 3))))
    with pytest.raises(nnlite.ShapeError, match="one pixel"):
        F.instance_norm(nnlite.Tensor(np.ones((2, 3, 1, 1))))
    with pytest.raises(ValueError, match="running_mean"):
        F.batch_norm(nnlite.Tensor(np.ones((2, 3))), None, None)
    with pytest.raises(TypeError, match="int64"):
        F.batch_norm(nnlite.tensor([[1, 2], [3, 4]]), None, None, training=True)
