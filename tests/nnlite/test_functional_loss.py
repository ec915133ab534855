"""Losses from their definitions, number by number, and where naive formulas overflow."""

import inspect
import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
import nnlite.functional as F
from nnlite.errors import ShapeError
from tests.helpers import assert_close, backward, far, leaf, orders, probability, seeds, signed


def binary_cross_entropy(p, t):
    return -(t * math.log(p) + (1 - t) * math.log(1 - p))


def huber(d, delta):
    return d * d / 2 if abs(d) <= delta else delta * (abs(d) - delta / 2)


LOSSES = {
    "l1_loss": (F.l1_loss, lambda a, b: math.fabs(a - b), signed, far),
    "mse_loss": (F.mse_loss, lambda a, b: (a - b) ** 2, signed, signed),
    "huber_loss": (F.huber_loss, lambda a, b: huber(a - b, 1.0), signed, far),
    "smooth_l1_loss": (F.smooth_l1_loss, lambda a, b: huber(a - b, 1.0), signed, far),
    "hinge_loss": (F.hinge_loss, lambda x, t: max(0.0, 1.0 - t * x), far, far),
    "binary_cross_entropy": (F.binary_cross_entropy, binary_cross_entropy, probability, probability),
    "binary_cross_entropy_with_logits": (
        F.binary_cross_entropy_with_logits,
        lambda z, t: binary_cross_entropy(1 / (1 + math.exp(-z)), t),
        signed,
        probability,
    ),
    "kl_div": (F.kl_div, lambda x, t: t * (math.log(t) - x), signed, probability),
    "gaussian_kl": (F.gaussian_kl, lambda m, v: -(1 + v - m * m - math.exp(v)) / 2, signed, signed),
}
BROADCASTING = ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss")
every_loss = pytest.mark.parametrize("name", LOSSES)


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@given(shape=st.lists(st.integers(1, 4), max_size=4).map(tuple), layout=st.tuples(orders, orders), seed=seeds)
def test_values_and_gradients_for_input_and_target(name, reduction, shape, layout, seed):
    function, python, input_values, target_values = LOSSES[name]
    rng = np.random.default_rng(seed)
    a, b = leaf(input_values(rng, shape), order=layout[0]), leaf(target_values(rng, shape), order=layout[1])
    each = [python(float(x), float(y)) for x, y in zip(a.detach().numpy().flat, b.detach().numpy().flat, strict=True)]
    expected = {"mean": math.fsum(each) / len(each), "sum": math.fsum(each), "none": np.reshape(each, shape)}
    y = function(a, b, reduction=reduction)
    np.testing.assert_allclose(y.detach().numpy(), expected[reduction], rtol=1e-12, atol=1e-14)
    nnlite.gradcheck(lambda a, b: function(a, b, reduction=reduction), [a, b], seed=seed)


@pytest.mark.parametrize("name", ["kl_div", "gaussian_kl"])
def test_batchmean_divides_the_sum_by_the_batch_size(name, rng):
    function, _, first, second = LOSSES[name]
    a, b = leaf(first(rng, (4, 3, 2))), leaf(second(rng, (4, 3, 2)))
    total = function(a, b, reduction="sum")
    assert float(function(a, b, reduction="batchmean")) == pytest.approx(float(total) / 4, rel=1e-12)
    for shape in ((), (0, 3)):
        with pytest.raises(nnlite.ShapeError, match=f"{name}: .*shape {re.escape(str(shape))} has no batch"):
            function(nnlite.zeros(shape), nnlite.zeros(shape), reduction="batchmean")


# Where formulas meet, overflow or vanish


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
def test_huber_and_smooth_l1_on_both_sides_of_the_seam_equal_pytorch(torch, delta):
    d = np.array([-10, -3.0, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 3.0, 10.0])
    for name, setting in (("huber_loss", "delta"), ("smooth_l1_loss", "beta")):
        a, b = leaf(d), torch.tensor(d, requires_grad=True)
        options = {setting: delta, "reduction": "none"}
        y = getattr(F, name)(a, nnlite.zeros_like(a), **options)
        z = getattr(torch.nn.functional, name)(b, torch.zeros_like(b), **options)
        z.backward(torch.tensor(backward(y)))
        np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pos_weight", [None, 3.0])
def test_logits_far_out_neither_overflow_nor_lose_digits(dtype, pos_weight):
    z, t = leaf([-1e4, 1e4, -40.0, 40.0, 0.0], dtype), nnlite.tensor(np.array([1, 0, 0, 1, 1], dtype))
    w = pos_weight or 1.0
    weight = pos_weight and nnlite.full((1,), pos_weight, dtype=dtype)
    y = F.binary_cross_entropy_with_logits(z, t, reduction="none", pos_weight=weight)
    y.sum().backward()
    small = math.exp(-40)
    np.testing.assert_allclose(y.detach().numpy(), [1e4 * w, 1e4, small, small * w, math.log(2) * w], rtol=1e-6)
    np.testing.assert_allclose(z.grad.numpy(), [-w, 1, small, -small * w, -0.5 * w], rtol=1e-6, atol=1e-17)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_probabilities_give_finite_losses(dtype):
    p, t = leaf([0.0, 1.0, 0.0, 1.0], dtype), leaf([0.0, 1.0, 1.0, 0.0], dtype)
    y = F.binary_cross_entropy(p, t, reduction="none")
    y.sum().backward()
    assert y.detach().numpy().tolist() == [0.0, 0.0, 100.0, 100.0]
    assert np.isfinite(p.grad.numpy()).all() and np.isfinite(t.grad.numpy()).all()


def test_certain_probabilities_equal_pytorch(torch):
    values = [[0.0, 1.0, 0.0, 1.0, 1e-30], [0.0, 1.0, 1.0, 0.0, 0.5]]
    a, b = leaf(values[0]), torch.tensor(values[0], dtype=torch.float64, requires_grad=True)
    y = F.binary_cross_entropy(a, nnlite.tensor(np.array(values[1])))
    z = torch.nn.functional.binary_cross_entropy(b, torch.tensor(values[1], dtype=torch.float64))
    y.backward()
    z.backward()
    assert float(y) == pytest.approx(z.item(), rel=1e-12)
    # PyTorch's smallest divisor, 1e-12, is a float32 number: 4e-9 off
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-8)


def test_divergence_from_impossible_outcomes_equals_pytorch(torch):
    x, t = np.log([[0.2, 0.3, 0.5]]), np.array([[0.0, 1.0, 0.0]])
    a, b = leaf(x), torch.tensor(x, requires_grad=True)
    target = leaf(t)
    y = F.kl_div(a, target, reduction="none")
    z = torch.nn.functional.kl_div(b, torch.tensor(t), reduction="none")
    u = backward(y)
    z.backward(torch.tensor(u))
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-12)
    assert np.isfinite(target.grad.numpy()).all()


# What they measure


def test_gaussian_kl_is_the_integral(rng):
    z = np.linspace(-30, 30, 200_001)
    for mu, log_var in ((0.0, 0.0), (1.5, -2.0), (-0.3, 1.2)):
        p = np.exp(-((z - mu) ** 2) / (2 * np.exp(log_var))) / np.sqrt(2 * np.pi * np.exp(log_var))
        log_ratio = (z**2 - (z - mu) ** 2 / np.exp(log_var) - log_var) / 2
        integral = np.trapezoid(p * log_ratio, z)
        y = F.gaussian_kl(nnlite.tensor([mu]).double(), nnlite.tensor([log_var]).double())
        assert float(y) == pytest.approx(integral, rel=1e-6, abs=1e-12)


def test_kl_div_is_the_divergence_of_distributions(torch, rng):
    p, q = (rng.dirichlet(np.ones(5), 7) for _ in range(2))
    expected = (p * np.log(p / q)).sum(1).mean()
    y = F.kl_div(nnlite.tensor(np.log(q)), nnlite.tensor(p), reduction="batchmean")
    z = F.kl_div(nnlite.tensor(np.log(q)), nnlite.tensor(np.log(p)), reduction="batchmean", log_target=True)
    assert float(y) == pytest.approx(expected, rel=1e-12) and float(z) == pytest.approx(expected, rel=1e-12)


def test_hinge_loss_of_a_discriminator():
    real, generated = nnlite.tensor([2.0, 0.5, -1.0]), nnlite.tensor([-3.0, -0.5, 4.0])
    loss = F.hinge_loss(real, nnlite.ones(3)) + F.hinge_loss(generated, -nnlite.ones(3))
    assert float(loss) == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 0.5 + 5) / 3)


# Weights


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (2, 3)])
def test_weights_broadcast_as_in_pytorch(torch, rng, shape):
    p, t, w = rng.uniform(0.1, 0.9, (2, 3)), rng.uniform(0, 1, (2, 3)), np.asarray(rng.uniform(0.5, 2, shape))
    ours, theirs = [nnlite.tensor(a) for a in (p, t, w)], [torch.tensor(a) for a in (p, t, w)]
    G = torch.nn.functional
    for name, keywords in (
        ("binary_cross_entropy", ("weight",)),
        ("binary_cross_entropy_with_logits", ("weight",)),
        ("binary_cross_entropy_with_logits", ("pos_weight",)),
        ("binary_cross_entropy_with_logits", ("weight", "pos_weight")),
    ):
        y = getattr(F, name)(*ours[:2], **dict.fromkeys(keywords, ours[2]))
        z = getattr(G, name)(*theirs[:2], **dict.fromkeys(keywords, theirs[2]))
        assert float(y) == pytest.approx(z.item(), rel=1e-12)


@pytest.mark.parametrize("shape", [(2,), (3, 3), (1, 2, 3)])
@pytest.mark.parametrize("what", ["weight", "pos_weight"])
def test_weights_that_do_not_fit(shape, what):
    x = nnlite.full((2, 3), 0.5)
    for function in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits)[what == "pos_weight" :]:
        with pytest.raises(nnlite.ShapeError, match=rf"{function.__name__}: {what} has shape \({shape[0]},.*\(2, 3\)"):
            function(x, x, **{what: nnlite.ones(shape)})
        with pytest.raises(TypeError, match=f"{what} must be a Tensor, got float"):
            function(x, x, **{what: 2.0})


# What is refused


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in BROADCASTING])
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (2, 3, 1), ()])
def test_shapes_that_would_broadcast_to_another_loss(name, shape):
    with pytest.raises(nnlite.ShapeError, match=rf"{name}: (input|mu) has shape \(2, 3\), (target|log_var) "):
        LOSSES[name][0](nnlite.Tensor(np.full((2, 3), 0.5)), nnlite.Tensor(np.full(shape, 0.5)))


@pytest.mark.parametrize("name", BROADCASTING)
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (5, 1, 3), ()])
def test_shapes_that_broadcast_are_warned_of(torch, name, shape, rng):
    a, b = (rng.standard_normal(s).astype(np.float32) for s in ((2, 3), shape))
    ours, theirs = [leaf(a, np.float32), leaf(b, np.float32)], [torch.tensor(v, requires_grad=True) for v in (a, b)]
    with pytest.warns(UserWarning, match=rf"{name}: input has shape \(2, 3\), target .* they broadcast") as caught:
        y = getattr(F, name)(*ours)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="target size"):
        z = getattr(torch.nn.functional, name)(*theirs)
    y.backward()
    z.backward()
    assert_close(y, z.detach().numpy(), 1e-6)
    for t, expected in zip(ours, theirs, strict=True):
        assert_close(t.grad, expected.grad.numpy(), 1e-6)
    with pytest.raises(nnlite.ShapeError, match=r"shapes \(2, 3\) and \(4,\) do not broadcast"):
        getattr(F, name)(ours[0], nnlite.ones(4))


@pytest.mark.parametrize("function", [F.binary_cross_entropy, F.binary_cross_entropy_with_logits])
def test_a_target_of_whole_numbers_is_refused(function):
    for target in (nnlite.tensor([0, 1]), nnlite.tensor([False, True])):
        with pytest.raises(TypeError, match=rf"{function.__name__}: .*{target.dtype}; use \.float\(\)"):
            function(nnlite.tensor([0.5, 0.5]), target)


@every_loss
def test_other_arguments_refused(name):
    function, x = LOSSES[name][0], nnlite.tensor([0.5])
    with pytest.raises(ValueError, match=f"{name}: reduction must be .* got 'median'"):
        function(x, x, reduction="median")
    with pytest.raises(TypeError, match=r"positional argument|delta must be a number"):
        function(x, x, None, "sum")  # neither here nor in PyTorch a reduction
    with pytest.raises(TypeError, match=f"{name}: expected floating-point tensors, got float32 and float"):
        function(x[0], 0.5)
    with pytest.raises(TypeError, match=f"{name}: expected floating-point tensors, got int64 and int64"):
        function(x.long(), x.long())


def test_settings_out_of_range():
    x = nnlite.tensor([0.5])
    with pytest.raises(ValueError, match="huber_loss: delta must be a number above 0, got 0"):
        F.huber_loss(x, x, delta=0)
    with pytest.raises(ValueError, match=r"smooth_l1_loss: beta must not be negative, got -1\.0"):
        F.smooth_l1_loss(x, x, beta=-1.0)
    with pytest.raises(TypeError, match="huber_loss: delta must be a number, got None"):
        F.huber_loss(x, x, delta=None)
    with pytest.raises(ValueError, match=r"l1_loss: .*'batchmean'"):
        F.l1_loss(x, x, reduction="batchmean")


@pytest.mark.parametrize("p", [-0.01, 1.01])
def test_no_probabilities(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.binary_cross_entropy(nnlite.tensor([p]), nnlite.tensor([1.0]))


@every_loss
def test_arguments_by_position_are_pytorchs(torch, name):
    """Ours stop where PyTorch's order goes on with size_average, which is not covered, and the rest is by name."""
    if not hasattr(torch.nn.functional, name):
        pytest.skip("PyTorch has no such loss")
    theirs = list(inspect.signature(getattr(torch.nn.functional, name)).parameters)
    ours = inspect.signature(getattr(F, name)).parameters
    by_position = [p for p, v in ours.items() if v.kind is v.POSITIONAL_OR_KEYWORD]
    assert by_position == [*itertools.takewhile(lambda p: p != "size_average", theirs)][: len(by_position)]
    assert len(by_position) == len(ours) or "size_average" in theirs
    assert set(ours) <= set(theirs)


def test_huber_loss_takes_its_reduction_by_position():
    a, b = leaf([0.0, 3.0]), nnlite.zeros(2).double()
    assert F.huber_loss(a, b, "none", 2.0).tolist() == [0.0, 4.0]


def test_a_mean_over_nothing_names_both_shapes():
    with pytest.raises(ShapeError, match=re.escape("input has shape (0,), target (0, 1), which leaves no elements")):
        F.l1_loss(nnlite.zeros(0), nnlite.zeros(0, 1))
