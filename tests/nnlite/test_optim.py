"""Optimisers against PyTorch over 20 steps, and their state through files and from PyTorch and back."""

import inspect

import numpy as np
import pytest

import nnlite
from nnlite import nn, optim, tensor
from nnlite.backend import cpu
from tests.helpers import in_order, leaf

SHAPES = [(4, 3, 3, 3), (5, 2), (7,), ()]
RULES = {
    "SGD": ("SGD", {"lr": 0.1}),
    "SGD momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "SGD weight decay": ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3}),
    "SGD dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.4}),
    "SGD nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "SGD nesterov, weight decay": ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3, "nesterov": True}),
    "SGD weight decay alone": ("SGD", {"lr": 0.1, "weight_decay": 0.3}),
    "SGD defaults": ("SGD", {}),
    "RMSprop": ("RMSprop", {"lr": 0.05}),
    "RMSprop momentum": ("RMSprop", {"lr": 0.05, "momentum": 0.9}),
    "RMSprop centered": ("RMSprop", {"lr": 0.05, "centered": True}),
    "RMSprop all": (
        "RMSprop",
        {"lr": 0.05, "alpha": 0.8, "eps": 0.1, "weight_decay": 0.3, "momentum": 0.5, "centered": True},
    ),
    "RMSprop defaults": ("RMSprop", {}),
    "AdamW": ("AdamW", {"lr": 0.05}),
    "AdamW weight decay": ("AdamW", {"lr": 0.05, "betas": (0.5, 0.9), "weight_decay": 0.3}),
    "AdamW defaults": ("AdamW", {}),
    "Adam defaults": ("Adam", {}),
    "Adam": ("Adam", {"lr": 0.05}),
    "Adam for images": ("Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}),
    "Adam eps": ("Adam", {"lr": 0.05, "eps": 0.1}),
    "Adam weight decay": ("Adam", {"lr": 0.05, "weight_decay": 0.3}),
}


def gradients(steps, seed=0):
    """The same gradients for both libraries: large, small and zero ones."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        yield [rng.standard_normal(s) * 10.0 ** rng.uniform(-4, 1) * (step != 3) for s in SHAPES]


def parameters(dtype=np.float64, order="C"):
    rng = np.random.default_rng(5)
    return [leaf(rng.standard_normal(s), dtype, order) for s in SHAPES]


def twins(torch, rule, settings, dtype=np.float64, order="C"):
    """The same parameters and optimiser here and in PyTorch."""
    ours = parameters(dtype, order)
    theirs = [torch.tensor(p.numpy().copy(), requires_grad=True) for p in ours]
    return ours, theirs, getattr(optim, rule)(ours, **settings), getattr(torch.optim, rule)(theirs, **settings)


def train(library, params, optimiser, steps, skip=None):
    """One step for each item of `steps`; every third parameter from `skip` on has no gradient."""
    for step, grads in enumerate(steps):
        optimiser.zero_grad()
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            if skip is None or (i + step) % 3 != skip:
                dtype = str(p.dtype).removeprefix("torch.")
                g = in_order(np.asarray(g, dtype), "channels last" if step % 2 else "C")
                p.grad = nnlite.Tensor(g) if library is nnlite else library.tensor(g)
        optimiser.step()


def assert_equal(ours, theirs, tolerance=1e-12):
    for p, q in zip(ours, theirs, strict=True):
        assert p.shape == tuple(q.shape) and str(q.dtype) == f"torch.{p.dtype}"
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=tolerance, atol=tolerance)


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
    assert all(np.array_equal(p.numpy(), q.numpy()) for p, q in zip(ours, others, strict=True))


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
    assert variance.min() < 0 and np.isfinite(p.numpy()).all()


def test_the_first_steps_by_hand():
    x = leaf([1.0, -2.0])
    sgd = optim.SGD([x], lr=0.1, momentum=0.5)
    for expected in ([0.8, -2.4], [0.5, -3.0]):  # gradient (2, 4): velocity (2, 4), then (3, 6)
        x.grad = tensor(np.array([2.0, 4.0]))
        sgd.step()
        np.testing.assert_allclose(x.numpy(), expected)
    y = leaf([1.0, -2.0, 5.0])
    y.grad = tensor(np.array([1e-3, -1e3, 0.0]))
    optim.Adam([y], lr=0.1).step()  # the first step is lr times the sign
    np.testing.assert_allclose(y.numpy(), [0.9, -1.9, 5.0], rtol=1e-5)


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
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("rule", ["SGD", "Adam"])
def test_frozen_parameters_missing_gradients_and_tied_weights(rule):
    a, b = leaf([1.0]), leaf([1.0])
    optimiser = getattr(optim, rule)([a, b], lr=0.1)
    a.grad = tensor([1.0])
    optimiser.step()
    assert a.numpy()[0] == pytest.approx(0.9) and b.numpy()[0] == 1.0
    optimiser.zero_grad()
    assert a.grad is None
    net = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Conv2d(1, 1, 1, bias=False))
    net[1].weight = net[0].weight
    before = net[0].weight.numpy().copy()
    optimiser = getattr(optim, rule)(net.parameters(), lr=0.1)
    net[0].weight.grad = nnlite.full_like(net[0].weight, 1.0)
    optimiser.step()
    np.testing.assert_allclose(net[0].weight.numpy(), before - 0.1, rtol=1e-5)


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
        np.testing.assert_allclose(p.numpy(), q.cpu().numpy(), rtol=1e-12)


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
        return [p.numpy() for p in params]

    blocked = train()
    nnlite.set_num_threads(1)
    cpu.ELEMENTWISE_BLOCK = 2**30  # tiny_blocks puts it back
    assert all(np.array_equal(a, b) for a, b in zip(blocked, train(), strict=True))


def test_a_large_parameter_is_updated_as_small_ones_are(rng):
    values, grads = rng.standard_normal((2, 64, 32, 24, 24)).astype(np.float32)
    assert values.size > cpu.ELEMENTWISE_THREADED > cpu.ELEMENTWISE_BLOCK > values[0].size
    whole = leaf(values, np.float32, "channels last")
    parts = [leaf(v[None], np.float32) for v in values]
    large, small = optim.Adam([whole], lr=0.1), optim.Adam(parts, lr=0.1)
    for _ in range(3):
        whole.grad = nnlite.Tensor(grads)
        for part, g in zip(parts, grads, strict=True):
            part.grad = nnlite.Tensor(g[None])
        large.step()
        small.step()
    assert np.array_equal(whole.numpy(), np.concatenate([p.numpy() for p in parts]))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("through_file", [False, True], ids=["in memory", "through a file"])
def test_a_loaded_state_goes_on_bit_for_bit(name, through_file, tmp_path):
    rule, settings = RULES[name]
    steps = list(gradients(10))

    def run(params, optimiser, grads):
        for g in grads:
            for p, value in zip(params, g, strict=True):
                p.grad = nnlite.Tensor(np.asarray(value, np.float32))
            optimiser.step()

    straight = parameters(np.float32, "channels last")
    optimiser = getattr(optim, rule)(straight, **settings)
    run(straight, optimiser, steps[:6])
    state = {"optimiser": optimiser.state_dict(), "p": {str(i): p.numpy() for i, p in enumerate(straight)}}
    if through_file:
        nnlite.save(state, tmp_path / "state.safetensors")
        state = nnlite.load(tmp_path / "state.safetensors")
    resumed = [nnlite.tensor(np.asarray(state["p"][str(i)]), requires_grad=True) for i in range(len(SHAPES))]
    other = getattr(optim, rule)(resumed, lr=123.0)  # the settings come from the state
    other.load_state_dict(state["optimiser"])
    run(straight, optimiser, steps[6:])
    run(resumed, other, steps[6:])
    assert all(np.array_equal(p.numpy(), q.numpy()) for p, q in zip(straight, resumed, strict=True))


def to_torch(torch, state):
    def convert(value):
        return torch.tensor(value.numpy().copy()) if isinstance(value, nnlite.Tensor) else value

    states = {i: {name: convert(v) for name, v in values.items()} for i, values in state["state"].items()}
    return {"state": states, "param_groups": state["param_groups"]}


def from_torch(torch, state):
    def convert(value):
        return value.detach().numpy() if isinstance(value, torch.Tensor) else value

    states = {i: {name: convert(v) for name, v in values.items()} for i, values in state["state"].items()}
    return {"state": states, "param_groups": state["param_groups"]}


@pytest.mark.parametrize("name", RULES)
def test_a_state_from_pytorch_goes_on_here(torch, name):
    rule, settings = RULES[name]
    _, theirs, _, b = twins(torch, rule, settings)
    steps = list(gradients(20))
    train(torch, theirs, b, steps[:8], skip=0)
    ours = [leaf(q.detach().numpy()) for q in theirs]
    a = getattr(optim, rule)(ours, lr=123.0)
    a.load_state_dict(from_torch(torch, b.state_dict()))
    train(nnlite, ours, a, steps[8:])
    train(torch, theirs, b, steps[8:])
    assert_equal(ours, theirs)


@pytest.mark.parametrize("name", RULES)
def test_a_state_from_here_goes_on_in_pytorch(torch, name):
    rule, settings = RULES[name]
    ours, _, a, _ = twins(torch, rule, settings)
    steps = list(gradients(20))
    train(nnlite, ours, a, steps[:8], skip=0)
    theirs = [torch.tensor(p.numpy().copy(), requires_grad=True) for p in ours]
    b = getattr(torch.optim, rule)(theirs, lr=123.0)
    b.load_state_dict(to_torch(torch, a.state_dict()))
    train(nnlite, ours, a, steps[8:])
    train(torch, theirs, b, steps[8:])
    assert_equal(ours, theirs)


@pytest.mark.parametrize("name", RULES)
def test_the_state_has_pytorchs_layout(torch, name):
    ours, theirs, a, b = twins(torch, *RULES[name])
    train(nnlite, ours, a, gradients(2))
    train(torch, theirs, b, gradients(2))
    mine, other = a.state_dict(), b.state_dict()
    assert mine["state"].keys() == other["state"].keys()
    assert all(set(values) == set(other["state"][i]) for i, values in mine["state"].items())
    for group, torchs in zip(mine["param_groups"], other["param_groups"], strict=True):
        assert group == {name: torchs[name] for name in group}


def test_a_buffer_of_none_as_older_pytorch_saved_it():
    ours, others = parameters(), parameters()
    settings = {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}
    sgd, loaded = optim.SGD(ours, **settings), optim.SGD(others, **settings)
    state = sgd.state_dict()
    state["state"] = {i: {"momentum_buffer": None} for i in range(len(ours))}
    loaded.load_state_dict(state)
    train(nnlite, ours, sgd, gradients(3))
    train(nnlite, others, loaded, gradients(3))
    assert all(np.array_equal(p.numpy(), q.numpy()) for p, q in zip(ours, others, strict=True))


def test_groups_and_their_state_both_ways(torch):
    """Two groups from the start, one added later; saved in the middle."""

    def build(library, params):
        rmsprop = library.RMSprop([{"params": params[:1], "lr": 0.5}, {"params": params[1:3]}], lr=0.1, momentum=0.5)
        rmsprop.add_param_group({"params": params[3], "centered": True, "momentum": 0.0})
        return rmsprop

    ours = parameters()
    theirs = [torch.tensor(p.numpy().copy(), requires_grad=True) for p in ours]
    a, b = build(optim, ours), build(torch.optim, theirs)
    steps = list(gradients(12))
    train(nnlite, ours, a, steps[:6])
    train(torch, theirs, b, steps[:6])
    mine, other = to_torch(torch, a.state_dict()), from_torch(torch, b.state_dict())
    a, b = build(optim, ours), build(torch.optim, theirs)
    a.load_state_dict(other)
    b.load_state_dict(mine)
    train(nnlite, ours, a, steps[6:])
    train(torch, theirs, b, steps[6:])
    assert_equal(ours, theirs)
    assert [group["params"] for group in a.state_dict()["param_groups"]] == [[0], [1, 2], [3]]


def test_a_closure_computes_the_gradients_and_its_loss_is_returned():
    x = leaf([3.0])
    sgd = optim.SGD([x], lr=0.1)

    def closure():
        sgd.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    assert sgd.step(closure).item() == 9.0 and x.numpy()[0] == pytest.approx(2.4)
    assert sgd.step() is None


def test_gradients_are_forgotten_or_set_to_zero():
    a, b = leaf([1.0]), leaf([2.0])
    adam = optim.Adam([a, b])
    a.grad = kept = tensor([5.0])
    adam.zero_grad(set_to_none=False)
    assert a.grad is kept and kept.tolist() == [0.0] and b.grad is None
    adam.zero_grad()
    assert a.grad is None


def test_a_state_from_before_the_first_step_goes_through_a_file(tmp_path):
    params = parameters()
    nnlite.save({"adam": optim.Adam(params, lr=0.25).state_dict()}, tmp_path / "s.safetensors")
    adam = optim.Adam(params)
    adam.load_state_dict(nnlite.load(tmp_path / "s.safetensors")["adam"])
    assert adam.param_groups[0]["lr"] == 0.25 and adam.state == {}


def test_a_loaded_state_is_a_copy():
    a, b = leaf([1.0]), leaf([1.0])
    first, second = optim.Adam([a]), optim.Adam([b])
    a.grad = b.grad = tensor([1.0])
    first.step()
    second.load_state_dict(first.state_dict())
    second.step()
    assert first.state[a]["step"] == 1 and float(first.state[a]["exp_avg"].numpy()[0]) == pytest.approx(0.1)


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


def test_a_state_of_other_parameters_is_refused_and_changes_nothing():
    def stepped(*shapes):
        params = [leaf(np.ones(s)) for s in shapes]
        adam = optim.Adam(params, lr=0.5)
        for p in params:
            p.grad = nnlite.full_like(p, 1.0)
        adam.step()
        return adam

    own = stepped((2, 3), (4,))
    fewer, smaller = stepped((2, 3)), stepped((2, 3), (1,))
    for other, says in ((fewer, r"\[1\] parameters, this has \[2\]"), (smaller, r"\(1,\).*\(4,\)")):
        other.param_groups[0]["lr"] = 9.0
        with pytest.raises(ValueError, match=says):
            own.load_state_dict(other.state_dict())
        assert own.param_groups[0]["lr"] == 0.5 and own.state_dict()["state"][1]["exp_avg"].shape == (4,)


def test_a_parameter_in_two_groups_is_refused_and_the_group_not_added():
    a, b = leaf([1.0, 2.0]), leaf([3.0])
    sgd = optim.SGD([a], lr=0.1)
    with pytest.raises(ValueError, match=r"shape \(2,\) is given twice"):
        sgd.add_param_group({"params": [b, a]})
    assert [group["params"] for group in sgd.param_groups] == [[a]]


@pytest.mark.parametrize(
    ("own", "other", "says"),
    [
        ("Adam", "SGD", r"Adam: the state has no \['betas', 'eps'\]; it is of another optimiser"),
        ("SGD", "Adam", "'momentum', 'nesterov'"),
        ("RMSprop", "Adam", "'alpha'"),
        ("Adam", "AdamW", "decoupled_weight_decay=True is not covered"),
    ],
)
def test_a_state_of_another_rule_is_refused(torch, own, other, says):
    params = [torch.ones(2, requires_grad=True)]
    state = getattr(torch.optim, other)(params).state_dict()
    with pytest.raises(ValueError, match=says):
        getattr(optim, own)([leaf(np.ones(2))]).load_state_dict(state)


def test_what_is_no_optimisers_state_is_refused():
    layer = nn.Conv2d(1, 1, 1)
    with pytest.raises(ValueError, match=r"expected an optimiser's state_dict, got one of \['weight', 'bias'\]"):
        optim.SGD(layer.parameters()).load_state_dict(layer.state_dict())


def test_a_gradient_of_another_shape_is_refused():
    p = leaf(np.ones((2, 3)))
    p.grad = tensor([1.0, 2.0, 3.0])
    with pytest.raises(nnlite.ShapeError, match=r"gradient of shape \(3,\) for a parameter \(2, 3\)"):
        optim.SGD([p]).step()
