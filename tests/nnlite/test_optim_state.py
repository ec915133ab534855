"""The state of optimisers: through files, from PyTorch and back, and what is refused."""

import numpy as np
import pytest

import nnlite
from nnlite import nn, optim, tensor
from tests.helpers import leaf
from tests.optimizers import RULES, SHAPES, assert_equal, gradients, parameters, train, twins


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
    state = {"optimiser": optimiser.state_dict(), "p": {str(i): p.detach().numpy() for i, p in enumerate(straight)}}
    if through_file:
        nnlite.save(state, tmp_path / "state.safetensors")
        state = nnlite.load(tmp_path / "state.safetensors")
    resumed = [nnlite.tensor(np.asarray(state["p"][str(i)]), requires_grad=True) for i in range(len(SHAPES))]
    other = getattr(optim, rule)(resumed, lr=123.0)  # the settings come from the state
    other.load_state_dict(state["optimiser"])
    run(straight, optimiser, steps[6:])
    run(resumed, other, steps[6:])
    assert all(np.array_equal(p.detach().numpy(), q.detach().numpy()) for p, q in zip(straight, resumed, strict=True))


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
    theirs = [torch.tensor(p.detach().numpy().copy(), requires_grad=True) for p in ours]
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
    assert all(np.array_equal(p.detach().numpy(), q.detach().numpy()) for p, q in zip(ours, others, strict=True))


def test_groups_and_their_state_both_ways(torch):
    """Two groups from the start, one added later; saved in the middle."""

    def build(library, params):
        rmsprop = library.RMSprop([{"params": params[:1], "lr": 0.5}, {"params": params[1:3]}], lr=0.1, momentum=0.5)
        rmsprop.add_param_group({"params": params[3], "centered": True, "momentum": 0.0})
        return rmsprop

    ours = parameters()
    theirs = [torch.tensor(p.detach().numpy().copy(), requires_grad=True) for p in ours]
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


def test_a_state_that_was_not_copied_follows_the_optimiser(torch):
    def run(library):
        p = library.ones(2, requires_grad=True)
        adam = library.optim.Adam([p], lr=0.1)
        kept = []
        for i in range(5):
            if i == 1:
                kept = adam.state_dict()
            if i == 3:
                adam.load_state_dict(kept)
            p.grad = library.tensor([1.0, -2.0]) * i
            adam.step()
        return p.tolist()

    assert run(nnlite) == pytest.approx(run(torch))


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


@pytest.mark.parametrize(
    ("own", "other", "says"),
    [
        ("Adam", "SGD", r"Adam: the state has no \['betas', 'eps'\]; it is another optimiser's"),
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
    with pytest.raises(ValueError, match=r"expected an optimiser's state_dict, got one with \['weight', 'bias'\]"):
        optim.SGD(layer.parameters()).load_state_dict(layer.state_dict())
