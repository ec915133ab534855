"""Losses over classes against loops over their definition, PyTorch at the extremes, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from tests.helpers import backward, leaf, orders, seeds

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.lists(st.integers(1, 3), max_size=2).map(tuple))


def cross_entropy_by_hand(x, target, weight, smoothing):
    """Each place on its own, for x (N, C, ...), and what the mean divides by. Targets below 0 are ignored."""
    losses, total = np.zeros(target.shape), 0.0
    for place in np.ndindex(target.shape):
        scores, t = x[(place[0], slice(None), *place[1:])], int(target[place])
        if t >= 0:
            log_p = scores - math.log(sum(math.exp(s) for s in scores))
            q = [smoothing / len(scores) + (1.0 - smoothing) * (c == t) for c in range(len(scores))]
            losses[place] = -sum(a * b * c for a, b, c in zip(weight, q, log_p, strict=True))
            total += weight[t]
    return losses, total


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@given(
    shape=SHAPES,
    order=orders,
    weighted=st.booleans(),
    ignored=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.2, 1.0]),
    seed=seeds,
)
def test_classes_from_the_definition(reduction, shape, order, weighted, ignored, smoothing, seed):
    rng = np.random.default_rng(seed)
    n, c, rest = shape
    x = leaf(2.0 * rng.standard_normal((n, c, *rest)), order=order)
    target = rng.integers(0, c, (n, *rest))
    if ignored:
        target.flat[1::3] = -7
    weight = rng.uniform(0.5, 2.0, c) if weighted else np.ones(c)
    losses, total = cross_entropy_by_hand(x.detach().numpy(), target, weight, smoothing)
    expected = {"mean": losses.sum() / total, "sum": losses.sum(), "none": losses}[reduction]

    def loss(x):
        w = nnlite.tensor(weight) if weighted else None
        return F.cross_entropy(
            x, nnlite.tensor(target), w, ignore_index=-7, reduction=reduction, label_smoothing=smoothing
        )

    np.testing.assert_allclose(loss(x).detach().numpy(), expected, rtol=1e-10, atol=1e-12)
    nnlite.gradcheck(loss, [x], seed=seed)


@given(shape=SHAPES, layout=st.tuples(orders, orders), seed=seeds)
def test_certain_probabilities_are_classes(shape, layout, seed):
    rng = np.random.default_rng(seed)
    n, c, rest = shape
    x = leaf(rng.standard_normal((n, c, *rest)), order=layout[0])
    target = rng.integers(0, c, (n, *rest))
    q = leaf(np.moveaxis(np.eye(c)[target], -1, 1), order=layout[1])
    weight = nnlite.tensor(rng.uniform(0.5, 2.0, c))
    for smoothing in (0.0, 0.3):
        options = {"weight": weight, "reduction": "sum", "label_smoothing": smoothing}
        certain, classes = F.cross_entropy(x, q, **options), F.cross_entropy(x, nnlite.tensor(target), **options)
        assert float(certain) == pytest.approx(float(classes), rel=1e-12)
    nnlite.gradcheck(lambda x, q: F.cross_entropy(x, q, weight, label_smoothing=0.3), [x, q], seed=seed)


def test_cross_entropy_is_nll_loss_of_log_softmax_and_its_slope_is_prediction_minus_target(rng):
    x, target = leaf(rng.standard_normal((4, 3))), nnlite.tensor([0, 2, 1, 2])
    other = leaf(x.detach().numpy())
    y, z = F.cross_entropy(x, target, reduction="sum"), F.nll_loss(F.log_softmax(other, 1), target, reduction="sum")
    y.backward()
    z.backward()
    assert float(y) == pytest.approx(float(z), rel=1e-12)
    expected = F.softmax(x, 1).detach().numpy() - np.eye(3)[[0, 2, 1, 2]]
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(other.grad.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_far_out_equal_pytorch(torch, dtype):
    scores = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [30.0, 0.0, -30.0], [0.0, 1.0, -np.inf]], dtype)
    target = [1, 2, 0, 1]
    x, theirs = leaf(scores, dtype), torch.tensor(scores, requires_grad=True)
    y = F.cross_entropy(x, nnlite.tensor(target), reduction="none")
    z = torch.nn.functional.cross_entropy(theirs, torch.tensor(target), reduction="none")
    z.backward(torch.tensor(backward(y)))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), theirs.grad.numpy(), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_classes_of_either_dtype(dtype):
    x = nnlite.tensor([[0.0, 1.0], [2.0, 3.0]])
    expected = -float(F.log_softmax(x, 1).numpy()[[0, 1], [1, 0]].mean())
    for function, scores in ((F.cross_entropy, x), (F.nll_loss, F.log_softmax(x, 1))):
        y = function(scores, nnlite.tensor(np.array([1, 0], dtype)))
        assert y.dtype == np.float32 and float(y) == pytest.approx(expected, rel=1e-6)


every_loss = pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])


@every_loss
def test_what_targets_may_be(loss):
    x = nnlite.zeros(2, 3)
    for target, error, message in (
        ([0, 3], IndexError, r"target holds 3, expected classes 0 to 2 \(input \(2, 3\)\) or the ignore_index -100"),
        ([-1, 0], IndexError, r"target holds -1, expected classes 0 to 2"),
        ([0, 1, 2], nnlite.ShapeError, r"target has shape \(3,\), expected \(2,\) \(input \(2, 3\)\)"),
        ([[0, 1, 2]] * 2, nnlite.ShapeError, r"target has shape \(2, 3\), expected \(2,\)"),
        ([0.0, 1.0], TypeError, r"whole numbers of shape \(2,\) \(use \.long\(\)\), got float32 of shape \(2,\)"),
        ([True, False], TypeError, r"got bool of shape \(2,\)"),
    ):
        with pytest.raises(error, match=f"{loss.__name__}: .*{message}"):
            loss(x, nnlite.tensor(target))
    for arguments in ((x, [0, 1]), ([[0.0]], nnlite.tensor([0])), (x, nnlite.tensor([0, 1]), [1.0, 1.0, 1.0])):
        with pytest.raises(TypeError, match=f"{loss.__name__}: .* got .*list"):
            loss(*arguments)


@every_loss
def test_other_arguments_refused(loss):
    x, target = nnlite.zeros(2, 3), nnlite.tensor([0, 2])
    with pytest.raises(ValueError, match=f"{loss.__name__}: reduction must be .* got 'median'"):
        loss(x, target, reduction="median")
    with pytest.raises(nnlite.ShapeError, match=r"weight has shape \(2,\), expected \(3,\) \(input \(2, 3\)\)"):
        loss(x, target, nnlite.ones(2))
    with pytest.raises(TypeError, match=r"ignore_index must be a whole number, got 0\.5"):
        loss(x, target, ignore_index=0.5)
    with pytest.raises(ValueError, match="nothing to take the mean of"):
        loss(x, nnlite.tensor([1, 1]), ignore_index=1)
    with pytest.raises(ValueError, match="nothing to take the mean of"):
        loss(x, nnlite.tensor([1, 1]), nnlite.tensor([1.0, 0.0, 1.0]))
    assert not loss(x, nnlite.tensor([1, 1]), ignore_index=1, reduction="none").numpy().any()
    for shape in ((), (0, 3), (2, 0)):
        with pytest.raises(nnlite.ShapeError, match=r"expected input \(N, C\)"):
            loss(nnlite.zeros(shape), target)


def test_label_smoothing_is_a_share():
    x, target = nnlite.zeros(2, 3), nnlite.tensor([0, 2])
    for smoothing in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="label_smoothing must lie between 0 and 1"):
            F.cross_entropy(x, target, label_smoothing=smoothing)
    with pytest.raises(TypeError, match="label_smoothing must be a number, got '0'"):
        F.cross_entropy(x, target, label_smoothing="0")


def test_the_weights_of_the_classes_have_a_gradient_too(rng):
    x, weight = leaf(rng.standard_normal((4, 3))), leaf(rng.uniform(0.5, 2.0, 3))
    target = nnlite.tensor([2, 0, 1, 2])
    for loss in (F.nll_loss, F.cross_entropy):
        nnlite.gradcheck(lambda x, weight, loss=loss: loss(x, target, weight), [x, weight])
