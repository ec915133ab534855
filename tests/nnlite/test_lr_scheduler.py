"""Schedules against PyTorch's, resumed ones included."""

import json
import math

import numpy as np
import pytest

import nnlite
from nnlite import optim
from nnlite.optim import lr_scheduler
from tests.helpers import leaf

EPOCHS = 45
SCHEDULES = {
    "StepLR": lambda s, o, **more: s.StepLR(o, 7, **more),
    "StepLR gamma": lambda s, o, **more: s.StepLR(o, step_size=3, gamma=0.7, **more),
    "CosineAnnealingLR": lambda s, o, **more: s.CosineAnnealingLR(o, 20, **more),
    "CosineAnnealingLR eta_min": lambda s, o, **more: s.CosineAnnealingLR(o, T_max=6, eta_min=0.01, **more),
    "CosineAnnealingLR of one": lambda s, o, **more: s.CosineAnnealingLR(o, 1, **more),
    "LinearLR": lambda s, o, **more: s.LinearLR(o, **more),
    "LinearLR falling": lambda s, o, **more: s.LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=30, **more),
    "LambdaLR": lambda s, o, **more: s.LambdaLR(o, lambda epoch: 0.95**epoch, **more),
    "LambdaLR list": lambda s, o, **more: s.LambdaLR(o, [lambda e: 1.0 / (1 + e), lambda e: 0.5 ** (e // 10)], **more),
}


def ours():
    return optim.SGD([{"params": [leaf([1.0])]}, {"params": [leaf([1.0])], "lr": 0.03}], lr=0.5)


def theirs(torch):
    a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
    return torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.03}], lr=0.5)


def rates(optimiser, schedule, epochs=EPOCHS):
    """The rates of every epoch, as the groups have them."""
    result = []
    for _ in range(epochs):
        result.append([group["lr"] for group in optimiser.param_groups])
        assert schedule.get_last_lr() == result[-1]
        optimiser.step()
        schedule.step()
    return np.array(result)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rates_equal_pytorchs(torch, name):
    make, a, b = SCHEDULES[name], ours(), theirs(torch)
    mine, other = make(lr_scheduler, a), make(torch.optim.lr_scheduler, b)
    np.testing.assert_allclose(rates(a, mine), rates(b, other), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stop", [1, 7, 20, 21, 33])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_resumed_schedule_goes_on_as_pytorchs(torch, name, stop, tmp_path):
    make, a, b = SCHEDULES[name], ours(), theirs(torch)
    other = make(torch.optim.lr_scheduler, b)
    first = make(lr_scheduler, a)
    rates(a, first, stop)
    state = {"optimizer": a.state_dict(), "schedule": first.state_dict()}
    nnlite.save(state, tmp_path / "state.safetensors")
    state = nnlite.load(tmp_path / "state.safetensors")
    a = ours()
    a.load_state_dict(state["optimizer"])
    resumed = make(lr_scheduler, a)
    resumed.load_state_dict(state["schedule"])
    expected = rates(b, other)[stop:]
    np.testing.assert_allclose(rates(a, resumed, EPOCHS - stop), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_begun_at_an_epoch_goes_on_from_there(name):
    """last_epoch = 8 with the rates that the optimiser's state remembers: epoch 9 is next."""
    make, straight = SCHEDULES[name], ours()
    expected = rates(straight, make(lr_scheduler, straight))
    a, b = ours(), ours()
    make(lr_scheduler, a)
    b.load_state_dict(a.state_dict())
    assert np.array_equal(rates(b, make(lr_scheduler, b, last_epoch=8), 10), expected[9:19])


@pytest.mark.parametrize("name", ["StepLR", "CosineAnnealingLR eta_min", "LinearLR"])
def test_a_state_from_pytorch_goes_on_here(torch, name):
    make, a, b = SCHEDULES[name], ours(), theirs(torch)
    mine, other = make(lr_scheduler, a), make(torch.optim.lr_scheduler, b)
    rates(b, other, 10)
    mine.load_state_dict(other.state_dict())
    np.testing.assert_allclose(rates(a, mine), rates(b, other), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_state_is_json_and_has_no_functions(name):
    optimiser = ours()
    schedule = SCHEDULES[name](lr_scheduler, optimiser)
    rates(optimiser, schedule, 3)
    state = schedule.state_dict()
    assert json.loads(json.dumps(state)) == state and state["last_epoch"] == 3


def test_groups_remember_their_first_rate():
    optimiser = ours()
    optim.lr_scheduler.LinearLR(optimiser, 0.1)
    assert [group["initial_lr"] for group in optimiser.param_groups] == [0.5, 0.03]
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.05)


def test_a_schedule_of_ones_own():
    class Root(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base / math.sqrt(1 + self.last_epoch) for base in self.base_lrs]

    optimiser = ours()
    schedule = Root(optimiser)
    for _ in range(3):
        schedule.step()
    assert schedule.get_last_lr() == pytest.approx([0.25, 0.015])


@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (lambda s, o: s.StepLR([0.1], 3), TypeError, "StepLR: expected an optimiser, got list"),
        (lambda s, o: s.LambdaLR(None, []), TypeError, "LambdaLR: expected an optimiser, got NoneType"),
        (lambda s, o: s.StepLR(o, 0), ValueError, "StepLR: step_size must be .* at least 1, got 0"),
        (lambda s, o: s.CosineAnnealingLR(o, -5), ValueError, "T_max must be .* got -5"),
        (lambda s, o: s.LinearLR(o, total_iters=None), ValueError, "total_iters must be .* got None"),
        (lambda s, o: s.LinearLR(o, 0.0), ValueError, r"0 < start_factor <= 1 .* start_factor=0\.0"),
        (lambda s, o: s.LinearLR(o, end_factor=1.5), ValueError, r"end_factor=1\.5"),
        (lambda s, o: s.LambdaLR(o, [lambda e: 1.0]), ValueError, "1 functions for 2 parameter groups"),
        (lambda s, o: s.LambdaLR(o, 0.5), TypeError, r"expected functions of the epoch, got 0\.5"),
        (lambda s, o: s.StepLR(o, 3, last_epoch=4), ValueError, "last_epoch=4 resumes, .* load the optimiser's"),
        (lambda s, o: s.LRScheduler(o), NotImplementedError, "LRScheduler defines no get_lr"),
    ],
)
def test_bad_arguments(build, error, says):
    with pytest.raises(error, match=says):
        build(lr_scheduler, ours())


def test_a_state_of_another_schedule_is_refused_and_changes_nothing():
    a = ours()
    schedule = lr_scheduler.StepLR(a, 3)
    one = optim.SGD([leaf([1.0])])
    for state, says in (
        (lr_scheduler.LinearLR(ours()).state_dict(), r"no \['gamma', 'step_size'\]; it is another schedule's"),
        (lr_scheduler.StepLR(one, 5).state_dict(), "the state has 1 groups, this has 2"),
    ):
        with pytest.raises(ValueError, match=says):
            schedule.load_state_dict(state)
        assert schedule.step_size == 3 and schedule.get_last_lr() == [0.5, 0.03]
