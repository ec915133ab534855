"""Schedules: the learning rate as a function of the epoch (or of whatever `step()` is called after)."""

import copy
import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..errors import guard, guarded
from .optimizer import Optimizer


class LRScheduler:
    """Base of the schedules. A subclass defines `get_lr()`: the rate of each group at `self.last_epoch`.

    `self.base_lrs` are the initial rates of the groups; a group keeps its own as `initial_lr`. Call `step()`
    after the optimiser's, once an epoch. PyTorch warns if the optimiser has made no step by then; nnlite does not.

    To resume, build the schedule, then load its state and the optimiser's, which has the rates. Or load the optimiser's
    and build the schedule with last_epoch = the last one finished, in PyTorch's two ways: StepLR and MultiStepLR then
    take the step to the next epoch; all others expect it to be in the rates already.
    Raises ValueError for settings out of range.
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

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, or to a given one, as old scripts do: its rate is computed from the base rate."""
        self._count(epoch)
        self._set(self.get_lr() if epoch is None else getattr(self, "_get_closed_form_lr", self.get_lr)())

    def _count(self, epoch: int | None) -> None:
        if epoch is not None:
            warnings.warn(f"{type(self).__name__}.step: leave out the epoch; it is counted here", stacklevel=3)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch

    def _rates(self) -> list[float]:
        """The rates that the groups have now, whoever set them."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _set(self, rates: Sequence[float]) -> None:
        self._last_lr = [float(lr) for lr in rates]
        for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = lr

    def state_dict(self) -> dict[str, Any]:
        """Numbers, fit for a checkpoint: the epoch, the rates and the settings."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    @guarded
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave. The optimiser keeps its rates; load its state too.

        Raises CheckpointError if the state is damaged or another schedule's, TypeError if it is not a dictionary.
        """
        # a copy, so that lists are not shared
        vars(self).update(copy.deepcopy({name: state_dict[name] for name in self.state_dict()}))


Factor = Callable[[int], float]  # of an epoch


class _Chainable(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) share(epoch); a subclass defines `share`, which counts as 1 before epoch 0.

    A step does not start from base_lr: it multiplies the rate that a group has now, less eta_min, by as much as the
    share changes. So a rate set by hand counts from then on, and two schedules on one optimiser multiply ("chaining").
    """

    share: Factor
    eta_min = 0.0
    steps_when_resumed = False  # whether a last_epoch means that the rates are those of that epoch, not of the next

    def get_lr(self) -> list[float]:
        if self.last_epoch > 0 and not self.steps_when_resumed and not hasattr(self, "_last_lr"):  # just resumed
            return self._rates()
        now, before = self.share(self.last_epoch), self.share(self.last_epoch - 1) if self.last_epoch > 0 else 1.0
        if before == 0:  # there is nothing to multiply
            return [lr + (base - self.eta_min) * now for lr, base in zip(self._rates(), self.base_lrs, strict=True)]
        return [self.eta_min + (lr - self.eta_min) * (now / before) for lr in self._rates()]

    def _get_closed_form_lr(self) -> list[float]:
        return [self.eta_min + (base - self.eta_min) * self.share(self.last_epoch) for base in self.base_lrs]


class StepLR(_Chainable):
    """lr = base_lr gamma^(epoch // step_size): falls at once every step_size epochs."""

    steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def share(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(_Chainable):
    """lr = base_lr gamma^(number of milestones up to this epoch): falls at once at each of them."""

    steps_when_resumed = True

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1):
        self.milestones, self.gamma = list(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def share(self, epoch: int) -> float:
        return self.gamma ** sum(milestone <= epoch for milestone in self.milestones)


class CosineAnnealingLR(_Chainable):
    """lr = eta_min + (base_lr - eta_min) (1 + cos(pi epoch / T_max)) / 2 (Loshchilov & Hutter 2017, no restarts).

    From base_lr down to eta_min at T_max, and up again after it.
    """

    def __init__(self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def share(self, epoch: int) -> float:
        return (1.0 + math.cos(math.pi * epoch / self.T_max)) / 2.0


class LinearLR(_Chainable):
    """lr = base_lr times a factor that goes evenly from start_factor to end_factor in total_iters epochs, and stays."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0,
        total_iters: int = 5, last_epoch: int = -1,
    ):  # fmt: skip
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def share(self, epoch: int) -> float:
        done = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


class LambdaLR(LRScheduler):
    """lr = base_lr lr_lambda(epoch): a function of the epoch, or a list of them, one for each group.

    Functions are not saved: give the same ones when resuming.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1):
        guard("LambdaLR", self, optimizer, lr_lambda)
        groups = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in super().state_dict().items() if name != "lr_lambdas"}


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rates by `factor` when a figure, such as the loss on held-out data, has stopped getting better.

    Call `step(figure)` after each epoch. Better means lower with mode "min", higher with "max", and by more than
    `threshold`: a fraction of the best so far with threshold_mode "rel", the difference from it with "abs". When more
    than `patience` epochs in a row were no better, the rates fall: to no less than `min_lr` (a number, or one for each
    group), and only if that changes them by more than `eps`. Then `cooldown` epochs pass before counting goes on.
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
        min_lr: float | Sequence[float] = 0, eps: float = 1e-8,
    ):  # fmt: skip
        self.mode, self.factor, self.patience, self.cooldown, self.eps = mode, factor, patience, cooldown, eps
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self.best = math.inf if mode == "min" else -math.inf
        guard("ReduceLROnPlateau", self, optimizer, min_lr)
        self.optimizer = optimizer
        self.min_lrs = list(min_lr) if isinstance(min_lr, Sequence) else [min_lr] * len(optimizer.param_groups)
        self._last_lr = self._rates()

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take the figure of an epoch, a number or a Tensor of one element, and lower the rates if it is time to."""
        figure = float(metrics)
        self._count(epoch)
        self.num_bad_epochs += 1
        if self._is_better(figure):
            self.best, self.num_bad_epochs = figure, 0
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        rates = self._rates()
        if self.num_bad_epochs > self.patience:
            lower = [max(lr * self.factor, least) for lr, least in zip(rates, self.min_lrs, strict=True)]
            rates = [new if lr - new > self.eps else lr for lr, new in zip(rates, lower, strict=True)]
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._set(rates)

    def _is_better(self, figure: float) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        if self.threshold_mode == "rel":
            return sign * figure > sign * self.best * (1.0 + sign * self.threshold)
        return sign * figure > sign * self.best + self.threshold
