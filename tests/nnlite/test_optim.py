"""Optimisers against PyTorch over 20 steps."""

import inspect

import numpy as np
import pytest

import nnlite
from nnlite import nn, optim, tensor
from nnlite.backend.cpu import blocks
from tests.helpers import leaf
from tests.optimizers import RULES, assert_equal, gradients, parameters, train, twins


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize("order", ["C", "channels last", "flipped"])
def test_twenty_steps_equal_pytorchs(torch, name, dtype, tolerance, order):
    ours, theirs, a, b = twins(torch, *RULES[name], dtype, order)
    train(nnlite, ours, a, gradients(20))
    train(torch, theirs, b, gradients(20))
    assert_equal(ours, theirs, tolerance)


@pytest.mark.parametrize("name", RULES)
def test_a_parameter_without_gradient_stays_and_is_not_counted(torch, name):
    ours, theirs, a, b = twins(torch, *RULES[name])
    train(nnlite, ours, a, gradients(20), skip=1)
    train(torch, theirs, b, gradients(20), skip=1)
    assert_equal(ours, theirs)


@pytest.mark.parametrize("rule", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_arguments_have_pytorchs_order_and_defaults(torch, rule):
    ours, theirs = (inspect.signature(getattr(o, rule)).parameters.values() for o in (optim, torch.optim))
    assert [(a.name, a.default) for a in ours] == [(b.name, b.default) for b in theirs][: len(ours)]


@pytest.mark.parametrize("name", RULES)
def test_numpys_numbers_as_settings_keep_float32(torch, name):
    rule, settings = RULES[name]
    numbers = {k: np.float64(v) if isinstance(v, float) else v for k, v in settings.items()}
    ours, others = parameters(np.float32), parameters(np.float32)
    train(nnlite, ours, getattr(optim, rule)(ours, **settings), gradients(3))
    train(nnlite, others, getattr(optim, rule)(others, **numbers), gradients(3))
    assert all(np.array_equal(p.detach().numpy(), q.detach().numpy()) for p, q in zip(ours, others, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_centered_rmsprop_of_a_constant_gradient_makes_no_nan(dtype):
    """The variance tends to 0 there, and rounding takes it below."""
    rng = np.random.default_rng(0)
    p, g = leaf(np.zeros(1000), dtype), rng.standard_normal(1000).astype(dtype)
    rmsprop = optim.RMSprop([p], lr=1e-3, alpha=0.5, centered=True)
    for _ in range(200):
        p.grad = nnlite.Tensor(g)
        rmsprop.step()
    variance = rmsprop.state[p]["square_avg"].numpy() - rmsprop.state[p]["grad_avg"].numpy() ** 2
    assert variance.min() < 0 and np.isfinite(p.detach().numpy()).all()


def test_the_first_steps_by_hand():
    x = leaf([1.0, -2.0])
    sgd = optim.SGD([x], lr=0.1, momentum=0.5)
    for expected in ([0.8, -2.4], [0.5, -3.0]):  # gradient (2, 4): velocity (2, 4), then (3, 6)
        x.grad = tensor(np.array([2.0, 4.0]))
        sgd.step()
        np.testing.assert_allclose(x.detach().numpy(), expected)
    y = leaf([1.0, -2.0, 5.0])
    y.grad = tensor(np.array([1e-3, -1e3, 0.0]))
    optim.Adam([y], lr=0.1).step()  # the first step is lr times the sign
    np.testing.assert_allclose(y.detach().numpy(), [0.9, -1.9, 5.0], rtol=1e-5)


def test_groups_have_settings_of_their_own(torch):
    def build(library, make):
        a, b = make([1.0, 2.0]), make([3.0])
        groups = [{"params": [a], "lr": 0.5}, {"params": [b], "weight_decay": 0.2}]
        return [a, b], library.SGD(groups, lr=0.1)

    ours, mine = build(optim, lambda v: leaf(v))
    theirs, other = build(torch.optim, lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True))
    for step in range(4):
        for library, params, optimiser in ((nnlite, ours, mine), (torch, theirs, other)):
            for p in params:
                p.grad = library.tensor(np.full(p.shape, 1.0 + step))
            if step == 2:
                optimiser.param_groups[0]["lr"] = 0.01
            optimiser.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("rule", ["SGD", "Adam"])
def test_frozen_parameters_missing_gradients_and_tied_weights(rule):
    a, b = leaf([1.0]), leaf([1.0])
    optimiser = getattr(optim, rule)([a, b], lr=0.1)
    a.grad = tensor([1.0])
    optimiser.step()
    assert a.detach().numpy()[0] == pytest.approx(0.9) and b.detach().numpy()[0] == 1.0
    optimiser.zero_grad()
    assert a.grad is None
    net = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Conv2d(1, 1, 1, bias=False))
    net[1].weight = net[0].weight
    before = net[0].weight.detach().numpy().copy()
    optimiser = getattr(optim, rule)(net.parameters(), lr=0.1)
    net[0].weight.grad = nnlite.full_like(net[0].weight, 1.0)
    optimiser.step()
    np.testing.assert_allclose(net[0].weight.detach().numpy(), before - 0.1, rtol=1e-5)


@pytest.mark.parametrize("name", RULES)
def test_steps_there_equal_those_here(gpu, name):
    rule, settings = RULES[name]
    ours, there = parameters(), parameters()
    for p in there:
        p.data = p.data.gpu()
    a, b = getattr(optim, rule)(ours, **settings), getattr(optim, rule)(there, **settings)
    for grads in gradients(5):
        for p, q, g in zip(ours, there, grads, strict=True):
            p.grad, q.grad = tensor(g), tensor(g, device="gpu")
        a.step()
        b.step()
    for p, q in zip(ours, there, strict=True):
        assert q.device == "gpu"
        np.testing.assert_allclose(p.detach().numpy(), q.cpu().detach().numpy(), rtol=1e-12)


def test_a_network_that_moved_away_from_its_optimisers_state_is_told(gpu):
    p = leaf(np.ones((2, 3)))
    adam = optim.Adam([p])
    p.grad = nnlite.ones_like(p)
    adam.step()
    p.data, p.grad = p.data.gpu(), p.grad.gpu()
    with pytest.raises(nnlite.DeviceError, match="different devices"):
        adam.step()
    adam.load_state_dict(adam.state_dict())  # moves it
    adam.step()


@pytest.mark.parametrize("name", RULES)
def test_blocks_and_threads_change_no_bit(name, tiny_blocks):
    rule, settings = RULES[name]

    def train():
        params = parameters(np.float32, "channels last")
        optimiser = getattr(optim, rule)(params, **settings)
        for grads in gradients(3):
            for p, g in zip(params, grads, strict=True):
                p.grad = nnlite.Tensor(np.asarray(g, np.float32))
            optimiser.step()
        return [p.detach().numpy() for p in params]

    blocked = train()
    nnlite.set_num_threads(1)
    blocks.ELEMENTWISE_BLOCK = 2**30  # tiny_blocks puts it back
    assert all(np.array_equal(a, b) for a, b in zip(blocked, train(), strict=True))


def test_a_large_parameter_is_updated_as_small_ones_are(rng):
    values, grads = rng.standard_normal((2, 64, 32, 24, 24)).astype(np.float32)
    assert values.size > blocks.ELEMENTWISE_THREADED > blocks.ELEMENTWISE_BLOCK > values[0].size
    whole = leaf(values, np.float32, "channels last")
    parts = [leaf(v[None], np.float32) for v in values]
    large, small = optim.Adam([whole], lr=0.1), optim.Adam(parts, lr=0.1)
    for _ in range(3):
        whole.grad = nnlite.Tensor(grads)
        for part, g in zip(parts, grads, strict=True):
            part.grad = nnlite.Tensor(g[None])
        large.step()
        small.step()
    assert np.array_equal(whole.detach().numpy(), np.concatenate([p.detach().numpy() for p in parts]))


def test_a_closure_computes_the_gradients_and_its_loss_is_returned():
    x = leaf([3.0])
    sgd = optim.SGD([x], lr=0.1)

    def closure():
        sgd.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    assert sgd.step(closure).item() == 9.0 and x.detach().numpy()[0] == pytest.approx(2.4)
    assert sgd.step() is None


def test_gradients_are_forgotten_or_set_to_zero():
    a, b = leaf([1.0]), leaf([2.0])
    adam = optim.Adam([a, b])
    a.grad = kept = tensor([5.0])
    adam.zero_grad(set_to_none=False)
    assert a.grad is kept and kept.tolist() == [0.0] and b.grad is None
    adam.zero_grad()
    assert a.grad is None


@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (lambda: optim.SGD([]), ValueError, r"no parameters; pass module\.parameters\(\)"),
        (lambda: optim.Adam(nn.ReLU().parameters()), ValueError, "no parameters"),
        (lambda: optim.Adam([leaf(1.0)], lr=-1.0), ValueError, "Adam: lr must be a number >= 0, got -1.0"),
        (lambda: optim.Adam([leaf(1.0)], lr=np.nan), ValueError, "lr .* got nan"),
        (lambda: optim.Adam([leaf(1.0)], lr="0.1"), ValueError, "lr .* got '0.1'"),
        (lambda: optim.Adam([leaf(1.0)], betas=(0.9, 1.0)), ValueError, r"betas .* \(0\.9, 1\.0\)"),
        (lambda: optim.AdamW([leaf(1.0)], betas=0.9), ValueError, r"AdamW: betas must be two numbers .* got 0\.9"),
        (lambda: optim.Adam([leaf(1.0)], betas=(0.9,)), ValueError, "betas must be two numbers"),
        (lambda: optim.Adam([leaf(1.0)], eps=-1e-8), ValueError, "eps .* got -1e-08"),
        (lambda: optim.AdamW([leaf(1.0)], weight_decay=-0.1), ValueError, "weight_decay .* got -0.1"),
        (lambda: optim.SGD([leaf(1.0)], momentum=-0.9), ValueError, "momentum .* got -0.9"),
        (lambda: optim.RMSprop([leaf(1.0)], alpha=-0.5), ValueError, "alpha .* got -0.5"),
        (lambda: optim.RMSprop([leaf(1.0)], alpha=1.5), ValueError, "alpha .* got 1.5"),
        (lambda: optim.SGD([leaf(1.0)], nesterov=True), ValueError, "nesterov needs momentum > 0 .* momentum=0.0"),
        (lambda: optim.SGD([leaf(1.0)], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "dampening=0.1"),
        (lambda: optim.SGD([{"params": [leaf(1.0)], "lr": -1.0}]), ValueError, "lr .* got -1.0"),
        (lambda: optim.Adam([{"params": [leaf(1.0)], "amsgrad": True}]), ValueError, "amsgrad=True is not covered"),
        (lambda: optim.SGD(leaf([1.0])), TypeError, "expected several Tensors, got one"),
        (lambda: optim.SGD(None), TypeError, "expected Tensors, got NoneType"),
        (lambda: optim.SGD([{"lr": 1.0}]), TypeError, "a dictionary with 'params'"),
        (lambda: optim.SGD([{"params": [leaf(1.0)]}, leaf(1.0)]), TypeError, "a dictionary with 'params', got Tensor"),
        (lambda: optim.SGD([leaf(1.0) * 2.0]), ValueError, "was computed; only leaves"),
        (lambda: optim.SGD([leaf(1.0)] * 2), ValueError, "given twice"),
        (lambda: optim.SGD(nn.Conv2d(1, 1, 1).named_parameters()), TypeError, "expected Tensors, got tuple"),
        (lambda: optim.SGD([np.ones(3)]), TypeError, "expected Tensors, got ndarray"),
    ],
)
def test_bad_arguments(build, error, says):
    with pytest.raises(error, match=says):
        build()


def test_a_parameter_in_two_groups_is_refused_and_the_group_not_added():
    a, b = leaf([1.0, 2.0]), leaf([3.0])
    sgd = optim.SGD([a], lr=0.1)
    with pytest.raises(ValueError, match=r"shape \(2,\) is given twice"):
        sgd.add_param_group({"params": [b, a]})
    assert [group["params"] for group in sgd.param_groups] == [[a]]


def test_a_gradient_of_another_shape_is_refused():
    p = leaf(np.ones((2, 3)))
    p.grad = tensor([1.0, 2.0, 3.0])
    with pytest.raises(nnlite.ShapeError, match=r"gradient of shape \(3,\) for a parameter \(2, 3\)"):
        optim.SGD([p]).step()
