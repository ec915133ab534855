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


@pytest.mark.parametrize("rule", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"])
def test_arguments_have_pytorchs_order_and_defaults(torch, rule):
    """The rest of PyTorch's go into **others: at their defaults they change nothing, other names are unknown."""
    ours, theirs = ([*inspect.signature(getattr(o, rule)).parameters.values()] for o in (optim, torch.optim))
    own, rest = ours[:-1], theirs[len(ours) - 1 :]
    assert ours[-1].kind is inspect.Parameter.VAR_KEYWORD
    assert [(a.name, a.default) for a in own] == [(b.name, b.default) for b in theirs[: len(own)]]
    optimiser = getattr(optim, rule)([leaf([1.0])], **{b.name: b.default for b in rest})
    assert not {b.name for b in rest} & optimiser.param_groups[0].keys()


@pytest.mark.parametrize("rule", ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW"])
def test_how_pytorch_computes_is_accepted_and_what_else_it_computes_is_refused(rule):
    make = getattr(optim, rule)
    make([leaf([1.0])], foreach=True, fused=True)
    for name in ("maximize", "differentiable", "capturable"):
        make([leaf([1.0])], **{name: False})
        with pytest.raises(ValueError, match=f"{rule}: {name}=True is not covered by this optimiser"):
            make([leaf([1.0])], **{name: True})
    with pytest.raises(TypeError, match=f"{rule}: there is no argument 'momentun'"):
        make([leaf([1.0])], momentun=0.9)


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
    variance = rmsprop.state[p]["square_avg"].detach().numpy() - rmsprop.state[p]["grad_avg"].detach().numpy() ** 2
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
    x = leaf([1.0, -2.0])
    adagrad = optim.Adagrad([x], lr=0.1, lr_decay=1.0)
    for expected in ([0.9, -2.1], [0.9 - 0.05 * 4 / 5, -2.1 - 0.05 * 4 / 5]):  # gradients (3, 3), then (4, 4)
        x.grad = tensor(np.full(2, 3.0 if adagrad.state[x] == {} else 4.0))
        adagrad.step()
        np.testing.assert_allclose(x.detach().numpy(), expected)
    y = leaf([1.0])
    y.grad = tensor(np.array([4.0]))
    optim.Adadelta([y], lr=0.5, rho=0.75, eps=1e-3).step()  # g^2 counts a quarter: 4
    np.testing.assert_allclose(y.detach().numpy(), 1.0 - 0.5 * 4.0 * (1e-3 / 4.001) ** 0.5)


def test_amsgrad_does_not_forget_a_large_gradient():
    moved = []
    for amsgrad in (False, True):
        x = leaf([0.0])
        adam = optim.Adam([x], lr=0.1, betas=(0.0, 0.5), amsgrad=amsgrad)
        for g in [8.0] + [1.0] * 20:
            before = x.item()
            x.grad = tensor(np.array([g]))
            adam.step()
        moved.append(before - x.item())
    np.testing.assert_allclose(moved, [0.1, 0.1 / 32**0.5], rtol=1e-4)


def test_amsgrad_stands_still_after_an_overflow_as_in_pytorch(torch):
    """The largest v is infinite from then on, so that nothing moves; it does not become NaN."""
    for library in (nnlite, torch):
        x = library.nn.Parameter(library.tensor([1.0]))
        adam = library.optim.Adam([x], lr=0.1, betas=(0.0, 0.5), amsgrad=True)
        for g in (1.0, 1e30, 1.0, 1.0):
            x.grad = library.tensor([g])
            with np.errstate(over="ignore"):
                adam.step()
        assert x.item() == pytest.approx(0.9)


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
        (lambda: optim.SGD([{"params": [leaf(1.0)], "amsgrad": True}]), ValueError, "amsgrad=True is not covered"),
        (
            lambda: optim.Adam([leaf(1.0)], decoupled_weight_decay=True),
            ValueError,
            "decoupled_weight_decay=True is not",
        ),
        (lambda: optim.Adagrad([leaf(1.0)], lr_decay=-1.0), ValueError, "Adagrad: lr_decay .* got -1.0"),
        (lambda: optim.Adagrad([leaf(1.0)], initial_accumulator_value=-1), ValueError, "initial_accum.* got -1"),
        (lambda: optim.Adadelta([leaf(1.0)], rho=1.5), ValueError, "Adadelta: rho must lie in 0 <= rho < 1, got 1.5"),
        (lambda: optim.SGD(leaf([1.0])), TypeError, "expected several Tensors, got one"),
        (lambda: optim.SGD(None), TypeError, "expected Tensors, got NoneType"),
        (lambda: optim.SGD([{"lr": 1.0}]), TypeError, "a dictionary with 'params'"),
        (lambda: optim.SGD([{"params": [leaf(1.0)]}, leaf(1.0)]), TypeError, "a dictionary with 'params', got Tensor"),
        (lambda: optim.SGD([leaf(1.0) * 2.0]), ValueError, "was computed; only leaves"),
        (lambda: optim.SGD([leaf(1.0)] * 2, momentum=0.9), ValueError, r"\(\) is given twice, .* leave out one"),
        (lambda: optim.SGD({leaf(1.0), leaf(2.0)}), TypeError, "a set has no order"),
        (lambda: optim.SGD([("a", leaf(1.0)), leaf(2.0)]), TypeError, r"either Tensors or pairs \(name, Tensor\)"),
        (lambda: optim.SGD([(leaf(1.0), leaf(2.0))]), TypeError, r"either Tensors or pairs \(name, Tensor\)"),
        (lambda: optim.SGD([("a", 3)]), TypeError, "expected Tensors, got int"),
        (lambda: optim.SGD([np.ones(3)]), TypeError, "expected Tensors, got ndarray"),
    ],
)
def test_bad_arguments(build, error, says):
    with pytest.raises(error, match=says):
        build()


def test_a_parameter_in_two_groups_is_refused_and_the_group_not_added():
    a, b = leaf([1.0, 2.0]), leaf([3.0])
    sgd = optim.SGD([a], lr=0.1)
    with pytest.raises(ValueError, match=r"shape \(2,\) is in two groups"):
        sgd.add_param_group({"params": [b, a]})
    assert [group["params"] for group in sgd.param_groups] == [[a]]


@pytest.mark.parametrize("name", [name for name in RULES if not (name[:3] == "SGD" and "momentum" in RULES[name][1])])
def test_a_parameter_given_twice_moves_twice_as_in_pytorch(torch, name):
    rule, settings = RULES[name]
    ours, theirs = leaf([1.0, -2.0]), torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    with pytest.warns(UserWarning, match=r"parameter of shape \(2,\) is given twice"):
        a = getattr(optim, rule)([ours, ours], **settings)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        b = getattr(torch.optim, rule)([theirs, theirs], **settings)
    for step in range(3):
        for library, p, optimiser in ((nnlite, ours, a), (torch, theirs, b)):
            p.grad = library.tensor(np.array([0.5, 1.0 + step]))
            optimiser.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-12)


def test_on_a_gpu_no_parameter_is_twice_in_a_step(gpu):
    p = leaf([1.0])
    with pytest.warns(UserWarning, match="given twice"):
        sgd = optim.SGD([p, p], lr=0.1)
    p.data = p.data.gpu()
    p.grad = nnlite.ones_like(p)
    with pytest.raises(ValueError, match="on a GPU all move at once, so leave out one"):
        sgd.step()


def test_parameters_with_names_and_in_generators(torch):
    """What the groups hold, and what a state_dict says of them."""
    for library in (nnlite, torch):
        make, net = library.optim.SGD, library.nn.Sequential(library.nn.Linear(2, 3), library.nn.Linear(3, 1))
        names = ["0.weight", "0.bias", "1.weight", "1.bias"]
        for params in (
            net.named_parameters(),
            [{"params": [(f"{i}.{name}", p) for name, p in net[i].named_parameters()]} for i in range(2)],
        ):
            sgd = make(params, lr=0.1)
            assert [n for group in sgd.param_groups for n in group["param_names"]] == names
            assert [n for group in sgd.state_dict()["param_groups"] for n in group["param_names"]] == names
            assert all(p is q for p, q in zip(_all(sgd), net.parameters(), strict=True))
        for params in (
            net.parameters(),
            (p for p in net.parameters()),
            [{"params": (p for p in net.parameters() if p.requires_grad)}],
            ({"params": layer.parameters()} for layer in net),
        ):
            sgd = make(params, lr=0.1)
            assert all(p is q for p, q in zip(_all(sgd), net.parameters(), strict=True))
            assert not any("param_names" in group for group in sgd.param_groups)


def _all(optimiser):
    return [p for group in optimiser.param_groups for p in group["params"]]


def test_a_group_is_the_callers_own_dictionary(torch):
    for library, p in ((nnlite, leaf([1.0])), (torch, torch.ones(1, requires_grad=True))):
        group = {"params": p, "lr": 0.5}
        sgd = library.optim.SGD([group], lr=0.1)
        group["lr"] = 0.25
        assert sgd.param_groups[0]["lr"] == 0.25 and sgd.param_groups[0]["params"][0] is p


def test_a_closure_may_differentiate_where_nothing_else_is_recorded():
    x = leaf([3.0])
    sgd = optim.SGD([x], lr=0.1)

    def closure():
        sgd.zero_grad()
        (x * x).sum().backward()

    with nnlite.no_grad():
        sgd.step(closure)
        assert not nnlite.is_grad_enabled()
    assert x.detach().numpy()[0] == pytest.approx(2.4)


def test_an_optimiser_of_ones_own_says_itself_what_its_settings_may_be():
    class Own(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1, "rho": 2.0, "betas": (0.9, 0.99, 0.999), "maximize": True})

    Own([leaf([1.0])])


def momentum_as_scripts_write_it(library):
    """An optimiser over param_groups and state, where every parameter starts with an empty dictionary."""

    class Momentum(library.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, dict(lr=lr))

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    if len(state) == 0:
                        state["v"] = library.zeros_like(p)
                    state["v"].mul_(0.9).add_(p.grad)
                    p.data.sub_(group["lr"] * state["v"])

    return Momentum


def test_an_optimiser_of_ones_own(torch):
    values = []
    for library in (nnlite, torch):
        p = library.nn.Parameter(library.tensor([1.0, -2.0]))
        optimiser = momentum_as_scripts_write_it(library)([p], lr=0.1)
        for _ in range(3):
            optimiser.zero_grad()
            (p * p).sum().backward()
            optimiser.step()
        values.append(p.detach().numpy())
    np.testing.assert_allclose(*values, rtol=1e-6)


def test_many_steps_with_random_settings_equal_pytorchs(torch):
    seed = int(np.random.default_rng().integers(2**32))
    rng = np.random.default_rng(seed)

    def some(**choices):
        return {name: draw() for name, draw in choices.items() if rng.random() < 0.6}

    def below(high):
        return lambda: float(rng.uniform(0, high))

    coin = dict(weight_decay=below(0.5), lr=below(0.2))
    adam = dict(betas=lambda: tuple(rng.uniform(0, 1, 2)), eps=below(0.1), amsgrad=lambda: bool(rng.random() < 0.5))
    momentum = dict(momentum=below(0.99))
    settings = {
        "SGD": dict(dampening=below(1.0), **momentum),
        "Adagrad": dict(lr_decay=below(1.0), initial_accumulator_value=below(1.0), eps=below(0.1)),
        "RMSprop": dict(alpha=below(0.999), eps=below(0.1), centered=lambda: bool(rng.random() < 0.5), **momentum),
        "Adadelta": dict(rho=below(0.999), eps=below(0.1)),
        "Adam": adam,
        "AdamW": adam,
    }
    for rule, choices in settings.items():
        for _ in range(3):
            given = some(**coin, **choices)
            if rule == "SGD" and given.get("momentum") and rng.random() < 0.3:
                given |= {"nesterov": True, "dampening": 0.0}
            ours, theirs, a, b = twins(torch, rule, given)
            steps = list(gradients(30, seed))
            for step in range(0, 30, 10):
                if step == 20:
                    for optimiser in (a, b):
                        optimiser.param_groups[0]["lr"] = 0.01
                train(nnlite, ours, a, steps[step : step + 10])
                train(torch, theirs, b, steps[step : step + 10])
            try:
                assert_equal(ours, theirs, 1e-9)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {rule} {given}") from error


def test_a_gradient_of_another_shape_is_refused():
    p = leaf(np.ones((2, 3)))
    p.grad = tensor([1.0, 2.0, 3.0])
    with pytest.raises(nnlite.ShapeError, match=r"gradient of shape \(3,\) for a parameter \(2, 3\)"):
        optim.SGD([p]).step()
