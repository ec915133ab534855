"""Schedules against PyTorch's, alone and several on one optimiser, resumed ones included."""

import copy
import json
import math
import warnings

import numpy as np
import pytest

import nnlite
from nnlite.torch import optim
from nnlite.torch.optim import lr_scheduler
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
    "LinearLR to a half": lambda s, o, **more: s.LinearLR(o, 0.1, 0.5, 8, **more),
    "MultiStepLR": lambda s, o, **more: s.MultiStepLR(o, [3, 9, 9, 30], **more),
    "MultiStepLR gamma": lambda s, o, **more: s.MultiStepLR(o, milestones=(20, 4, 21), gamma=1.5, **more),
    "ExponentialLR": lambda s, o, **more: s.ExponentialLR(o, 0.9, **more),
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
    resumed = make(lr_scheduler, a)
    a.load_state_dict(state["optimizer"])
    resumed.load_state_dict(state["schedule"])
    expected = rates(b, other)[stop:]
    np.testing.assert_allclose(rates(a, resumed, EPOCHS - stop), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("saved", ["before the schedule's step", "after it"])
@pytest.mark.parametrize("epochs", [1, 7, 9, 21])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_begun_at_an_epoch_goes_on_as_pytorchs(torch, name, epochs, saved):
    """last_epoch and the optimiser's state, in which the rates are those of that epoch or of the next."""
    make, result = SCHEDULES[name], []
    for library, build in ((optim, ours), (torch.optim, lambda: theirs(torch))):
        first, resumed = build(), build()
        schedule = make(library.lr_scheduler, first)
        rates(first, schedule, epochs)
        state = copy.deepcopy(first.state_dict())
        first.step()
        schedule.step()
        resumed.load_state_dict(state if saved.startswith("before") else first.state_dict())
        result.append(rates(resumed, make(library.lr_scheduler, resumed, last_epoch=epochs), 12))
    np.testing.assert_allclose(*result, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["CosineAnnealingLR", "LinearLR falling", "ExponentialLR", "LambdaLR"])
def test_a_run_that_builds_its_schedule_at_its_step_has_the_rates_of_one_that_went_on(name):
    """As the demos do: the optimiser is saved after the schedule's step, and nothing else is."""
    make, straight, part, resumed = SCHEDULES[name], ours(), ours(), ours()
    expected = rates(straight, make(lr_scheduler, straight))
    rates(part, make(lr_scheduler, part), 9)
    resumed.load_state_dict(part.state_dict())
    assert np.array_equal(rates(resumed, make(lr_scheduler, resumed, last_epoch=8), 10), expected[9:19])


def played(torch, play):
    """The rates that play(library, optimiser), a generator, leaves at each of its steps: here and in PyTorch."""
    result = []
    for library, optimiser in ((optim, ours()), (torch.optim, theirs(torch))):
        result.append([[g["lr"] for g in optimiser.param_groups] for _ in play(library.lr_scheduler, optimiser)])
    return result


def test_warm_up_and_decay_multiply_on_one_optimiser():
    optimiser, rates = ours(), []
    warm_up, decay = lr_scheduler.LinearLR(optimiser, 0.1, 1.0, 4), lr_scheduler.StepLR(optimiser, 3, 0.5)
    for _ in range(6):
        optimiser.step()
        warm_up.step()
        decay.step()
        rates.append(optimiser.param_groups[0]["lr"] / 0.5)
    assert rates == pytest.approx([0.325, 0.55, 0.775 / 2, 1 / 2, 1 / 2, 1 / 4])


def test_a_rate_set_by_hand_is_where_a_schedule_goes_on():
    optimiser, rates = ours(), []
    schedule = lr_scheduler.StepLR(optimiser, 3, 0.5)
    for epoch in range(6):
        if epoch == 1:
            optimiser.param_groups[0]["lr"] = 1.0
        optimiser.step()
        schedule.step()
        rates.append(optimiser.param_groups[0]["lr"])
    assert rates == [0.5, 1.0, 0.5, 0.5, 0.5, 0.25]


def test_a_plateau_by_hand():
    """Two epochs no better than the best of 1.0 are too many; then one of cooldown, and the count starts again."""
    optimiser, rates = ours(), []
    schedule = lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=1, cooldown=1, min_lr=0.1)
    for figure in (1.0, 1.0, 1.1, 1.0, 1.0, 1.0, 0.5, 0.6, 0.6):
        schedule.step(figure)
        rates.append(optimiser.param_groups[0]["lr"])
    assert rates == [0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.1]


def test_several_schedules_and_rates_set_by_hand_as_in_pytorch(torch):
    seed = int(np.random.default_rng().integers(2**32))
    rng = np.random.default_rng(seed)
    for _ in range(60):
        chosen = rng.choice([*SCHEDULES], rng.integers(1, 4))
        by_hand = {int(epoch): rng.uniform(0.01, 1.0, 2) for epoch in rng.integers(0, EPOCHS, 3)}
        given = {int(epoch): int(rng.integers(0, 50)) for epoch in rng.integers(0, EPOCHS, rng.integers(0, 3))}

        def play(library, optimiser, chosen=chosen, by_hand=by_hand, given=given):
            schedules = [SCHEDULES[name](library, optimiser) for name in chosen]
            yield
            for epoch in range(EPOCHS):
                if epoch in by_hand:
                    for group, lr in zip(optimiser.param_groups, by_hand[epoch], strict=True):
                        group["lr"] = float(lr)
                optimiser.step()
                for schedule in schedules:
                    with warnings.catch_warnings(action="ignore", category=UserWarning):
                        schedule.step(*[given[epoch]] if epoch in given else [])
                yield

        mine, other = played(torch, play)
        message = f"seed {seed}: {chosen}, {by_hand}, {given}"
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12, err_msg=message)


def test_an_epoch_given_to_step_is_taken_with_a_warning(torch):
    for library, optimiser in ((optim, ours()), (torch.optim, theirs(torch))):
        schedule = library.lr_scheduler.StepLR(optimiser, 3, 0.5)
        optimiser.step()
        optimiser.param_groups[0]["lr"] = 7.0
        with pytest.warns(UserWarning, match="epoch"):
            schedule.step(6)
        assert schedule.last_epoch == 6 and schedule.get_last_lr() == [0.125, 0.0075]


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_the_rates_after_a_plateau_equal_pytorchs(torch, mode, threshold_mode, tmp_path):
    """Figures that wander, infinite and undefined ones among them; saved and resumed in the middle."""
    seed = int(np.random.default_rng().integers(2**32))
    rng = np.random.default_rng(seed)
    for case in range(25):
        draws = {
            "factor": float(rng.uniform(0.1, 0.9)),
            "patience": int(rng.integers(0, 4)),
            "threshold": float(rng.choice([0.0, 1e-4, 0.1, 1.0])),
            "cooldown": int(rng.integers(0, 4)),
            "min_lr": [0.0, 1e-3, [0.01, 0.0]][rng.integers(3)],
            "eps": float(rng.choice([1e-8, 1e-2])),
        }
        settings = {name: value for name, value in draws.items() if rng.random() < 0.7}
        settings |= {"mode": mode, "threshold_mode": threshold_mode}
        figures = np.round(rng.standard_normal(40) + rng.choice([-3, 0, 3]), 1)
        figures[rng.integers(0, 40, 2)] = [math.nan, rng.choice([-math.inf, math.inf])]

        def play(library, optimiser, settings=settings, figures=figures, resume=case % 2):
            schedule = library.ReduceLROnPlateau(optimiser, **settings)
            for epoch, figure in enumerate(figures):
                if epoch == 20 and resume:
                    state = schedule.state_dict()
                    if library is lr_scheduler:
                        nnlite.save(state, tmp_path / "state.safetensors")
                        state = nnlite.load(tmp_path / "state.safetensors")
                    schedule = library.ReduceLROnPlateau(optimiser)
                    schedule.load_state_dict(state)
                optimiser.step()
                schedule.step(figure)
                assert schedule.get_last_lr() == [group["lr"] for group in optimiser.param_groups]
                yield

        mine, other = played(torch, play)
        np.testing.assert_allclose(mine, other, rtol=1e-12, err_msg=f"seed {seed}: {settings}, {figures}")


def test_a_plateau_of_tensors_and_a_state_from_pytorch(torch):
    a, b = ours(), theirs(torch)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(b, patience=1)
    for _ in range(2):
        b.step()
        other.step(torch.tensor(1.0))
    mine = lr_scheduler.ReduceLROnPlateau(a)
    mine.load_state_dict(other.state_dict())
    with pytest.warns(UserWarning, match="ReduceLROnPlateau.step: leave out the epoch"):
        mine.step(nnlite.tensor(1.0), 9)
    assert [group["lr"] for group in a.param_groups] == pytest.approx([0.05, 0.003]) and mine.last_epoch == 9


@pytest.mark.parametrize("name", ["StepLR", "CosineAnnealingLR eta_min", "LinearLR", "ExponentialLR"])
def test_a_state_from_pytorch_goes_on_here(torch, name):
    make, a, b = SCHEDULES[name], ours(), theirs(torch)
    mine, other = make(lr_scheduler, a), make(torch.optim.lr_scheduler, b)
    rates(b, other, 10)
    a.load_state_dict(b.state_dict())
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
        (lambda s, o: s.LambdaLR(o, 0.5), TypeError, r"LambdaLR: expected functions of the epoch, got 0\.5"),
        (lambda s, o: s.StepLR(o, 3, last_epoch=4), ValueError, "last_epoch=4 resumes, .* load the optimiser's"),
        (lambda s, o: s.ExponentialLR(o, 0.0), ValueError, r"ExponentialLR: gamma must be a number above 0, got 0\.0"),
        (lambda s, o: s.MultiStepLR(o, [3, "a"]), TypeError, "MultiStepLR: milestones must be a list of epochs"),
        (lambda s, o: s.ReduceLROnPlateau(None), TypeError, "ReduceLROnPlateau: expected an optimiser, got NoneType"),
        (lambda s, o: s.ReduceLROnPlateau(o, "low"), ValueError, "mode must be 'min' or 'max', got 'low'"),
        (lambda s, o: s.ReduceLROnPlateau(o, factor=1.0), ValueError, r"factor must be less than 1, got 1\.0"),
        (lambda s, o: s.ReduceLROnPlateau(o, patience=None), TypeError, "patience must be a number, got None"),
        (lambda s, o: s.ReduceLROnPlateau(o, threshold_mode=3), ValueError, "threshold_mode must be 'rel' or 'abs'"),
        (lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]), ValueError, "1 values of min_lr for 2 parameter groups"),
        (lambda s, o: s.ReduceLROnPlateau(o, min_lr="ab"), TypeError, "min_lr must be a number, got 'a'"),
        (lambda s, o: s.ReduceLROnPlateau(o, verbose=True), TypeError, "verbose"),
        (lambda s, o: s.LRScheduler(o), NotImplementedError, "LRScheduler defines no get_lr"),
    ],
)
def test_bad_arguments(build, error, says):
    with pytest.raises(error, match=says):
        build(lr_scheduler, ours())


def test_a_state_leaves_the_optimisers_rates_alone():
    """They are part of the optimiser's own state, as in PyTorch; somebody may have set them by hand."""
    a = ours()
    schedule = lr_scheduler.StepLR(a, 3)
    state = schedule.state_dict()
    a.param_groups[0]["lr"] = 0.25
    schedule.load_state_dict(state)
    assert a.param_groups[0]["lr"] == 0.25


def test_milestones_counted_as_pytorch_saves_them_are_refused(torch):
    state = torch.optim.lr_scheduler.MultiStepLR(theirs(torch), [3]).state_dict()
    with pytest.raises(ValueError, match=r"milestones must be a list of epochs, got Counter\(\{3: 1\}\)"):
        lr_scheduler.MultiStepLR(ours(), [3]).load_state_dict(state)


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
