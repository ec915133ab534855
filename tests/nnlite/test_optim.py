"""Optimisers against PyTorch over 20 steps, and their state through files."""

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


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize("order", ["C", "channels last", "flipped"])
def test_twenty_steps_equal_pytorchs(torch, name, dtype, tolerance, order):
    rule, settings = RULES[name]
    ours = parameters(dtype, order)
    theirs = [torch.tensor(p.numpy().copy(), requires_grad=True) for p in ours]
    a, b = getattr(optim, rule)(ours, **settings), getattr(torch.optim, rule)(theirs, **settings)
    for step, grads in enumerate(gradients(20)):
        for p, q, g in zip(ours, theirs, grads, strict=True):
            p.grad = nnlite.Tensor(in_order(np.asarray(g, dtype), "channels last" if step % 2 else "C"))
            q.grad = torch.tensor(np.asarray(g, dtype))
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        assert p.dtype == dtype and p.shape == tuple(q.shape)
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=tolerance, atol=tolerance)


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


@pytest.mark.parametrize("name", ["SGD weight decay", "Adam weight decay"])
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
    cpu.set_num_threads(1)
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
    assert first.state[0]["step"] == 1 and float(first.state[0]["exp_avg"].numpy()[0]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (lambda: optim.SGD([]), ValueError, r"no parameters; pass module\.parameters\(\)"),
        (lambda: optim.Adam(nn.ReLU().parameters()), ValueError, "no parameters"),
        (lambda: optim.Adam([leaf(1.0)], lr=-1.0), ValueError, "lr must not be negative, got -1.0"),
        (lambda: optim.Adam([leaf(1.0)], betas=(0.9, 1.0)), ValueError, r"betas .* \(0\.9, 1\.0\)"),
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
        assert own.param_groups[0]["lr"] == 0.5 and own.state[1]["exp_avg"].shape == (4,)
