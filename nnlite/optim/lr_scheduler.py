"""Schedules: the learning rate as a function of the epoch (or of whatever `step()` is called after)."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import guard, guarded
from .optimizer import Optimizer


class LRScheduler:
    """Base of the schedules. A subclass defines `get_lr()`: the rate of each group at `self.last_epoch`.

    `self.base_lrs` are the rates that the groups had at first; a group keeps its own as `initial_lr`. Rates are
    computed from these and the epoch alone, so nothing adds up, and training may be resumed at any epoch: with
    load_state_dict, or with last_epoch = the last one finished, once the optimiser's own state has been loaded.
    Call `step()` after the optimiser's, once an epoch. Raises ValueError for settings out of range.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        self.last_epoch = last_epoch
        guard("LRScheduler", self, optimizer)
        self.optimizer = optimizer
        self.base_lrs = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self.step()

    def get_lr(self) -> list[float]:
        raise NotImplementedError(f"{type(self).__name__} defines no get_lr")

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, one for each group."""
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

    @guarded
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave, and set the optimiser's rates accordingly.

        Raises CheckpointError if the state is damaged or another schedule's, TypeError if it is not a dictionary.
        """
        # a copy, so that lists are not shared
        vars(self).update(copy.deepcopy({name: state_dict[name] for name in self.state_dict()}))
        self._set(self._last_lr)


class StepLR(LRScheduler):
    """lr = base_lr gamma^(epoch // step_size): falls at once every step_size epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) (1 + cos(pi epoch / T_max)) / 2 (Loshchilov & Hutter 2017, no restarts).

    From base_lr down to eta_min at T_max, and up again after it.
    """

    def __init__(self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

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

    def get_lr(self) -> list[float]:
        share = min(self.last_epoch, self.total_iters) / self.total_iters
        factor = self.start_factor + (self.end_factor - self.start_factor) * share
        return [base * factor for base in self.base_lrs]


class LambdaLR(LRScheduler):
    """lr = base_lr lr_lambda(epoch): a function of the epoch, or a list of them, one for each group.

    Functions are not saved: give the same ones when resuming.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ):
        guard("LambdaLR", self, optimizer, lr_lambda)
        groups = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in super().state_dict().items() if name != "lr_lambdas"}
