"""Schedules: the learning rate as a function of the epoch (or of whatever `step()` is called after)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import CheckpointError
from ..guards.common import check_number
from ..guards.optimizers import within
from .optimizer import Optimizer


class LRScheduler:
    """Base of the schedules. A subclass defines `get_lr()`: the rate of each group at `self.last_epoch`.

    `self.base_lrs` are the rates that the groups had at first; a group keeps its own as `initial_lr`. Rates are
    computed from these and the epoch alone, so nothing adds up, and training may be resumed at any epoch: with
    load_state_dict, or with last_epoch = the last one finished, once the optimiser's own state has been loaded.
    Call `step()` after the optimiser's, once an epoch. Raises ValueError for settings out of range.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__}: expected an optimiser, got {type(optimizer).__name__}")
        self.last_epoch = last_epoch
        self.check(vars(self))
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{type(self).__name__}: last_epoch={last_epoch!r} resumes, but a group has no 'initial_lr'; "
                    "load the optimiser's state_dict first"
                )
        self.optimizer = optimizer
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.step()

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise ValueError or TypeError for a setting out of range. Subclasses add their own."""
        epoch = settings["last_epoch"]
        if not isinstance(epoch, int) or epoch < -1:
            raise ValueError(f"{type(self).__name__}: last_epoch must be a whole number from -1 on, got {epoch!r}")

    def get_lr(self) -> list[float]:
        raise NotImplementedError(f"{type(self).__name__} defines no get_lr")

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, one a group."""
        return self._last_lr

    def step(self) -> None:
        """Go on to the next epoch."""
        self.last_epoch += 1
        self._set(self.get_lr())

    def _set(self, rates: Sequence[float]) -> None:
        self._last_lr = [float(lr) for lr in rates]
        for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = lr

    def state_dict(self) -> dict[str, Any]:
        """Numbers, fit for a checkpoint: the epoch, the rates and the settings."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave, and set the optimiser's rates accordingly.

        Raises CheckpointError if the state is damaged or another schedule's, TypeError if it is not a dictionary.
        """
        if not isinstance(state_dict, Mapping):
            given = type(state_dict).__name__
            raise TypeError(f"{type(self).__name__}: expected a scheduler's state_dict, got {given}")
        own = self.state_dict()
        if missing := own.keys() - state_dict.keys():
            raise CheckpointError(
                f"{type(self).__name__}: the state has no {sorted(missing)}; it is another schedule's"
            )
        for name in ("base_lrs", "_last_lr"):
            rates, groups = state_dict[name], len(self.base_lrs)
            if not isinstance(rates, (list, tuple)) or not all(within(lr, -math.inf, math.inf) for lr in rates):
                raise CheckpointError(f"{type(self).__name__}: {name} must be a list of rates, got {rates!r}")
            if len(rates) != groups:
                raise CheckpointError(f"{type(self).__name__}: the state has {len(rates)} groups, this has {groups}")
        try:
            self.check(state_dict)
        except (TypeError, ValueError) as error:
            raise CheckpointError(str(error)) from error
        vars(self).update(copy.deepcopy({name: state_dict[name] for name in own}))  # lists are not shared
        self._set(self._last_lr)


class StepLR(LRScheduler):
    """lr = base_lr gamma^(epoch // step_size): falls at once every step_size epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def check(self, settings: Mapping[str, Any]) -> None:
        super().check(settings)
        _check_epochs("StepLR", step_size=settings["step_size"])
        check_number("StepLR", gamma=settings["gamma"])

    def get_lr(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) (1 + cos(pi epoch / T_max)) / 2 (Loshchilov & Hutter 2017, no restarts).

    From base_lr down to eta_min at T_max, and up again after it.
    """

    def __init__(self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def check(self, settings: Mapping[str, Any]) -> None:
        super().check(settings)
        _check_epochs("CosineAnnealingLR", T_max=settings["T_max"])
        check_number("CosineAnnealingLR", eta_min=settings["eta_min"])

    def get_lr(self) -> list[float]:
        share = (1.0 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2.0
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]


class LinearLR(LRScheduler):
    """lr = base_lr times a factor that goes evenly from start_factor to end_factor in total_iters epochs, and stays."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def check(self, settings: Mapping[str, Any]) -> None:
        super().check(settings)
        _check_epochs("LinearLR", total_iters=settings["total_iters"])
        start, end = settings["start_factor"], settings["end_factor"]
        check_number("LinearLR", start_factor=start, end_factor=end)
        if not 0.0 < start <= 1.0 or not 0.0 <= end <= 1.0:
            given = f"start_factor={start!r}, end_factor={end!r}"
            raise ValueError(f"LinearLR: factors lie in 0 < start_factor <= 1 and 0 <= end_factor <= 1, got {given}")

    def get_lr(self) -> list[float]:
        share = min(self.last_epoch, self.total_iters) / self.total_iters
        factor = self.start_factor + (self.end_factor - self.start_factor) * share
        return [base * factor for base in self.base_lrs]


class LambdaLR(LRScheduler):
    """lr = base_lr lr_lambda(epoch): a function of the epoch, or a list of them, one a group.

    Functions are not saved: give the same ones when resuming.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ):
        groups = len(getattr(optimizer, "param_groups", ()))
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"LambdaLR: {len(self.lr_lambdas)} functions for {groups} parameter groups")
        if not all(callable(function) for function in self.lr_lambdas):
            raise TypeError(f"LambdaLR: expected functions of the epoch, got {lr_lambda!r}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in super().state_dict().items() if name != "lr_lambdas"}


def _check_epochs(name: str, **settings: float) -> None:
    for setting, value in settings.items():
        if not within(value, 1, math.inf):
            raise ValueError(f"{name}: {setting} must be a number of epochs, at least 1, got {value!r}")
