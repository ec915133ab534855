"""Gradient clipping against PyTorch's."""

import numpy as np
import pytest

import nnlite
from nnlite import nn, tensor
from nnlite.nn.utils import clip_grad_norm_, clip_grad_value_
from tests.helpers import ORDERS, in_order, leaf

SHAPES = [(4, 3, 3, 3), (5, 2), None, (7,), ()]


def parameters(dtype=np.float64, order="C", scale=1.0):
    """Parameters with gradients but for one; that with a None here has none."""
    rng = np.random.default_rng(3)
    result = []
    for shape in SHAPES:
        p = leaf(np.zeros((2,) if shape is None else shape), dtype)
        if shape is not None:
            p.grad = nnlite.Tensor(in_order(np.asarray(scale * rng.standard_normal(shape), dtype), order))
        result.append(p)
    return result


def twins(torch, ours):
    theirs = [torch.zeros(p.shape, dtype=getattr(torch, str(p.dtype)), requires_grad=True) for p in ours]
    for p, q in zip(ours, theirs, strict=True):
        q.grad = None if p.grad is None else torch.tensor(p.grad.numpy().copy())
    return theirs


def assert_equal(ours, theirs, tolerance):
    for p, q in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            assert p.grad.dtype == p.dtype
            np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("norm_type", [1, 2.0, 3.5, "inf"])
@pytest.mark.parametrize("max_norm", [0.0, 0.5, 1e3])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_norms_equal_pytorchs(torch, order, norm_type, max_norm, dtype, tolerance):
    ours = parameters(dtype, order)
    theirs = twins(torch, ours)
    grads = [p.grad for p in ours]
    norm = clip_grad_norm_(iter(ours), max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert norm.shape == () and norm.dtype == dtype and not norm.requires_grad
    assert norm.item() == pytest.approx(expected.item(), rel=tolerance)
    assert_equal(ours, theirs, tolerance)
    assert all(p.grad is g for p, g in zip(ours, grads, strict=True))  # in place


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("clip_value", [0.0, 0.3, 10])
def test_values_equal_pytorchs(torch, dtype, clip_value):
    ours = parameters(dtype)
    theirs = twins(torch, ours)
    assert clip_grad_value_(ours, clip_value) is None
    torch.nn.utils.clip_grad_value_(theirs, clip_value)
    assert_equal(ours, theirs, 0)


def test_one_tensor_none_and_an_empty_one():
    p = leaf([1.0, 1.0])
    assert clip_grad_norm_([p], 1.0).item() == 0.0 and clip_grad_norm_([], 1.0).shape == ()
    p.grad = tensor(np.array([3.0, 4.0]))
    empty = leaf(np.zeros((0, 3)))
    empty.grad = nnlite.zeros_like(empty)
    assert clip_grad_norm_([empty, p], 4.0, np.inf).item() == 4.0 and clip_grad_norm_(empty, 1.0).item() == 0.0
    assert clip_grad_norm_(p, 2.5).item() == pytest.approx(5.0, rel=1e-6)
    np.testing.assert_allclose(p.grad.numpy(), [1.5, 2.0], rtol=1e-6)
    clip_grad_value_(p, 1.75)
    np.testing.assert_allclose(p.grad.numpy(), [1.5, 1.75], rtol=1e-6)


def test_the_norm_afterwards_is_the_one_asked_for():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    (100.0 * net(nnlite.randn(2, 3, 8, 8))).sum().backward()
    assert clip_grad_norm_(net.parameters(), 0.25).item() > 1.0
    assert clip_grad_norm_(net.parameters(), 1.0).item() == pytest.approx(0.25, rel=1e-5)


def test_blocks_and_threads_give_the_same_norm(tiny_blocks):
    values = np.arange(4 * 3 * 5 * 6.0).reshape(4, 3, 5, 6)
    for order in ORDERS:
        p = leaf(values)
        p.grad = nnlite.Tensor(in_order(values, order))
        assert clip_grad_norm_(p, 1.0).item() == pytest.approx(np.sqrt((values**2).sum()), rel=1e-12)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_that_is_no_number(torch, bad):
    def one(library, value):
        p = library.tensor([1.0, 1.0, 1.0], requires_grad=True)
        p.grad = library.tensor([value, 1.0, 2.0])
        return p

    ours, theirs = one(nnlite, bad), one(torch, bad)
    with pytest.raises(nnlite.NonFiniteError, match=rf"norm of the gradients is {bad}; .*error_if_nonfinite=False"):
        clip_grad_norm_(ours, 1.0, error_if_nonfinite=True)
    assert ours.grad.numpy()[1] == 1.0
    with np.errstate(invalid="ignore"):
        norm = clip_grad_norm_(ours, 1.0)
    np.testing.assert_array_equal(norm.numpy(), torch.nn.utils.clip_grad_norm_(theirs, 1.0).numpy())
    np.testing.assert_array_equal(ours.grad.numpy(), theirs.grad.numpy())


@pytest.mark.parametrize("norm_type", [1, 2, np.inf])
def test_there_as_here(gpu, norm_type):
    ours, there = parameters(), parameters()
    for p in there:
        p.data = p.data.gpu()
        p.grad = None if p.grad is None else p.grad.gpu()
    norms = [clip_grad_norm_(params, 0.5, norm_type, error_if_nonfinite=True) for params in (ours, there)]
    assert norms[1].device == "gpu" and norms[0].item() == pytest.approx(norms[1].item())
    clip_grad_value_(ours, 0.01)
    clip_grad_value_(there, 0.01)
    for p, q in zip(ours, there, strict=True):
        if p.grad is not None:
            np.testing.assert_allclose(p.grad.numpy(), q.grad.cpu().numpy(), rtol=1e-12)
    ours[0].grad = there[0].grad
    with pytest.raises(nnlite.DeviceError, match="different devices"):
        clip_grad_norm_(ours, 1.0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda p: clip_grad_norm_(p, -1.0), ValueError, r"max_norm >= 0 .* got max_norm=-1\.0"),
        (lambda p: clip_grad_norm_(p, 1.0, 0), ValueError, r"norm_type > 0, got .*norm_type=0\.0"),
        (lambda p: clip_grad_norm_(p, 1.0, "l2"), ValueError, "l2"),
        (lambda p: clip_grad_value_(p, -0.5), ValueError, r"must not be negative, got -0\.5"),
        (lambda p: clip_grad_norm_([p, None], 1.0), TypeError, "expected Tensors, got NoneType"),
        (lambda p: clip_grad_value_([("weight", p)], 1.0), TypeError, r"expected Tensors, got tuple; pass module\."),
    ],
)
def test_bad_arguments(call, error, says):
    with pytest.raises(error, match=says):
        call(leaf([1.0]))
