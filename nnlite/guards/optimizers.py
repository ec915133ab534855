"""Guards of the optimisers and schedules in optim/: their parameters, settings, and saved states."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from ..errors import CheckpointError, ShapeError
from ..function import is_tensor
from .common import check_choice, check_number, check_positive, guards

# Settings of PyTorch's that would change the result and are not covered, or are another optimiser's.
_FOREIGN = ("maximize", "differentiable", "capturable", "decoupled_weight_decay", "amsgrad")
_NOT_NEGATIVE = "lr initial_lr momentum dampening weight_decay eps lr_decay initial_accumulator_value".split()


@guards("Optimizer.__init__")
def optimizer(self, params, defaults, **others):
    if is_tensor(params):  # iterating over it would give its rows
        raise TypeError(f"{_name(self)}: expected several Tensors, got one; pass module.parameters() or [tensor]")
    _several(self, params)
    if strange := others.keys() - {"foreach", "fused", *_FOREIGN}:  # the first two change no result
        raise TypeError(f"{_name(self)}: there is no argument {min(strange)!r}")
    _check_foreign(self, others, defaults)


@guards("some_parameters")
def some_parameters(self, params):
    if not params:
        raise ValueError(f"{_name(self)}: got no parameters; pass module.parameters()")


@guards("Optimizer.add_param_group")
def add_param_group(self, param_group):
    if not isinstance(param_group, dict) or "params" not in param_group:
        raise TypeError(f"{_name(self)}: a group is a dictionary with 'params', got {type(param_group).__name__}")
    _several(self, param_group["params"])


@guards("new_group")
def new_group(self, group):
    elsewhere, known = set(self.parameters()), set()
    names = group.get("param_names", [])
    if len(names) not in (0, len(group["params"])) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{_name(self)}: give either Tensors or pairs (name, Tensor), all of one kind")
    for p in group["params"]:
        if not is_tensor(p):
            raise TypeError(f"{_name(self)}: expected Tensors, got {type(p).__name__}; pass module.parameters()")
        if not p.is_leaf:
            raise ValueError(f"{_name(self)}: a tensor of shape {p.shape} was computed; only leaves can be trained")
        if p in elsewhere:
            raise ValueError(f"{_name(self)}: a parameter of shape {p.shape} is in two groups; leave out one")
        if p in known:
            twice = f"{_name(self)}: a parameter of shape {p.shape} is given twice"
            if "dampening" in group and group.get("momentum"):  # PyTorch's first step forgets half of the momentum
                raise ValueError(f"{twice}, which does not go with momentum; leave out one")
            warnings.warn(f"{twice}, and moves twice in a step", stacklevel=8)
        known.add(p)
    check_settings(self, group)


def check_settings(self, group: Mapping[str, Any]) -> None:
    """Raise ValueError for a setting out of range."""
    if not type(self).__module__.startswith("nnlite."):
        return  # a user's optimiser: its rho may mean something else
    for name in _NOT_NEGATIVE:
        if not within(group.get(name, 0.0), 0.0, math.inf):
            raise ValueError(f"{_name(self)}: {name} must be a number >= 0, got {group[name]!r}")
    _check_foreign(self, group, self.defaults)
    if "betas" in self.defaults:
        betas = group["betas"]
        pair = isinstance(betas, (tuple, list)) and len(betas) == 2
        if not pair or not all(within(beta, 0.0, 1.0) for beta in betas):
            raise ValueError(f"{_name(self)}: betas must be two numbers in 0 <= beta < 1, got {betas!r}")
    for name in {"alpha", "rho"} & self.defaults.keys():
        if not within(group[name], 0.0, 1.0):
            raise ValueError(f"{_name(self)}: {name} must lie in 0 <= {name} < 1, got {group[name]!r}")
    if group.get("nesterov") and (group["momentum"] == 0 or group["dampening"] != 0):
        given = f"momentum={group['momentum']!r} and dampening={group['dampening']!r}"
        raise ValueError(f"{_name(self)}: nesterov needs momentum > 0 and dampening = 0, got {given}")


def _check_foreign(self, settings, defaults):
    for name in _FOREIGN:
        if settings.get(name) and name not in defaults and name not in self.always:
            raise ValueError(f"{_name(self)}: {name}={settings[name]!r} is not covered by this optimiser")


@guards("step")
def step(self, trained):
    for _, p, g in trained:
        if g.shape != p.shape:
            raise ShapeError(f"{_name(self)}: a gradient of shape {g.shape} for a parameter {p.shape}")
    if trained and trained[0][1].device != "cpu" and len({p for _, p, _ in trained}) < len(trained):
        raise ValueError(f"{_name(self)}: a parameter is given twice; on a GPU all move at once, so leave out one")


@guards("Optimizer.load_state_dict")
def load_state_dict(self, state_dict):
    saved_state, saved_groups = _parts(self, state_dict)
    parameters = self.parameters()
    sizes = [len(group["params"]) for group in saved_groups]
    own = [len(group["params"]) for group in self.param_groups]
    if sizes != own:
        raise CheckpointError(f"{_name(self)}: the state has groups of {sizes} parameters, this has {own}")
    for saved in saved_groups:
        if missing := self.defaults.keys() - saved.keys() - {"amsgrad"}:  # older files have none
            raise CheckpointError(f"{_name(self)}: the state has no {sorted(missing)}; it is another optimiser's")
        for name, default in self.defaults.items():
            if isinstance(default, bool) and not isinstance(saved.get(name, False), (bool, int)):
                raise CheckpointError(f"{_name(self)}: {name} must be True or False, got {saved[name]!r}")
        try:
            check_settings(self, saved)
        except ValueError as error:
            raise CheckpointError(str(error)) from error
    numbers = {str(i) for i in range(len(parameters))}  # a file has text for names
    if strange := [i for i in saved_state if str(i) not in numbers]:
        raise CheckpointError(f"{_name(self)}: the state has parameters {strange}, this has {len(parameters)}")
    for i, values in saved_state.items():
        _check_state(self, parameters[int(i)], values)


def _parts(self, state_dict):
    """The state and the groups. Raises TypeError or CheckpointError if this does not look like a state_dict."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"{_name(self)}: expected an optimiser's state_dict, got {type(state_dict).__name__}")
    if not {"state", "param_groups"} <= set(state_dict):
        raise CheckpointError(f"{_name(self)}: expected an optimiser's state_dict, got one with {list(state_dict)[:5]}")
    state, groups = state_dict["state"], state_dict["param_groups"]
    if not isinstance(state, Mapping) or not all(isinstance(values, Mapping) for values in state.values()):
        raise CheckpointError(f"{_name(self)}: 'state' must be a dictionary of dictionaries, one per parameter")
    listed = isinstance(groups, (list, tuple)) and all(isinstance(group, Mapping) for group in groups)
    if not listed or not all(isinstance(group.get("params"), (list, tuple)) for group in groups):
        raise CheckpointError(f"{_name(self)}: 'param_groups' must be a list of dictionaries with a list of 'params'")
    return state, groups


def _check_state(self, p, values):
    """Refuse what cannot be the memory of this parameter."""
    taken = [name for name, value in values.items() if name == "step" or value is not None]
    if values and (missing := [name for name in self.remembered if name not in taken]):
        raise CheckpointError(f"{_name(self)}: the state of a parameter has no {', '.join(missing)}")
    for name in taken:
        value = values[name]
        if name == "step":
            number = value.item() if getattr(value, "shape", None) == () else value  # 0-d in PyTorch
            if not within(number, 0, math.inf):
                raise CheckpointError(f"{_name(self)}: step must be a number of steps, at least 0, got {value!r}")
            continue
        array = value.array if is_tensor(value) else value
        shape = getattr(array, "shape", type(array).__name__)
        if shape != p.shape:
            raise CheckpointError(f"{_name(self)}: {name} has shape {shape}, the parameter here {p.shape}")


# Schedules

_NUMBERS = {"eta_min", "start_factor", "end_factor", "factor", "patience", "cooldown", "eps", "threshold"}
_NUMBERS |= {"best", "num_bad_epochs", "cooldown_counter"}  # what ReduceLROnPlateau remembers


@guards("LRScheduler")
def scheduler(self, optimizer):
    _check_optimizer(self, optimizer)
    _check_schedule(_name(self), vars(self))
    if self.last_epoch != -1 and not all("initial_lr" in group for group in optimizer.param_groups):
        raise ValueError(
            f"{_name(self)}: last_epoch={self.last_epoch!r} resumes, but a group has no 'initial_lr'; "
            "load the optimiser's state_dict first"
        )


@guards("LambdaLR")
def lambda_lr(self, optimizer, lr_lambda):
    if not all(map(callable, _for_groups(self, optimizer, "functions", lr_lambda))):
        raise TypeError(f"{_name(self)}: expected functions of the epoch, got {lr_lambda!r}")


@guards("ReduceLROnPlateau")
def plateau(self, optimizer, min_lr):
    for least in _for_groups(self, optimizer, "values of min_lr", min_lr):
        check_number(_name(self), min_lr=least)
    _check_schedule(_name(self), vars(self))


def _for_groups(self, optimizer, what, given):
    """The values given for the groups of an optimiser: one for each, or one for all."""
    _check_optimizer(self, optimizer)
    values, groups = given if isinstance(given, Sequence) else [given], len(optimizer.param_groups)
    if values is given and len(values) != groups:
        raise ValueError(f"{_name(self)}: {len(values)} {what} for {groups} parameter groups")
    return values


@guards("LRScheduler.load_state_dict")
def load_schedule(self, state_dict):
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"{_name(self)}: expected a scheduler's state_dict, got {type(state_dict).__name__}")
    if missing := self.state_dict().keys() - state_dict.keys():
        raise CheckpointError(f"{_name(self)}: the state has no {sorted(missing)}; it is another schedule's")
    for name in {"base_lrs", "_last_lr", "min_lrs"} & self.state_dict().keys():
        rates, groups = state_dict[name], len(self.optimizer.param_groups)
        if not isinstance(rates, (list, tuple)) or not all(within(lr, -math.inf, math.inf) for lr in rates):
            raise CheckpointError(f"{_name(self)}: {name} must be a list of rates, got {rates!r}")
        if len(rates) != groups:
            raise CheckpointError(f"{_name(self)}: the state has {len(rates)} groups, this has {groups}")
    try:
        _check_schedule(_name(self), state_dict)
    except (TypeError, ValueError) as error:
        raise CheckpointError(str(error)) from error


def _check_optimizer(self, optimizer):
    from ..optim.optimizer import Optimizer

    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{_name(self)}: expected an optimiser, got {type(optimizer).__name__}")


def _check_schedule(name, settings):
    """Raise TypeError or ValueError for a setting out of range; one of a name means the same in every schedule."""
    epoch = settings["last_epoch"]
    if not isinstance(epoch, int) or epoch < -1:
        raise ValueError(f"{name}: last_epoch must be a whole number from -1 on, got {epoch!r}")
    for setting in ("step_size", "T_max", "total_iters"):
        if not within(settings.get(setting, 1), 1, math.inf):
            raise ValueError(f"{name}: {setting} must be a number of epochs, at least 1, got {settings[setting]!r}")
    check_number(name, **{setting: settings[setting] for setting in _NUMBERS & settings.keys()})
    check_positive(name, gamma=settings.get("gamma", 1.0))
    check_choice(name, "mode", settings.get("mode", "min"), ("min", "max"))
    check_choice(name, "threshold_mode", settings.get("threshold_mode", "rel"), ("rel", "abs"))
    if not settings.get("factor", 0.0) < 1.0:
        raise ValueError(f"{name}: factor must be less than 1, got {settings['factor']!r}")
    milestones = settings.get("milestones", [])
    if not isinstance(milestones, list) or not all(isinstance(milestone, Real) for milestone in milestones):
        raise TypeError(f"{name}: milestones must be a list of epochs, got {milestones!r}")
    start, end = settings.get("start_factor", 1.0), settings.get("end_factor", 1.0)
    if name == "LinearLR" and not (0.0 < start <= 1.0 and 0.0 <= end <= 1.0):
        given = f"start_factor={start!r}, end_factor={end!r}"
        raise ValueError(f"{name}: factors lie in 0 < start_factor <= 1 and 0 <= end_factor <= 1, got {given}")


def _several(self, params):
    if isinstance(params, (set, frozenset)):
        raise TypeError(f"{_name(self)}: a set has no order, and a state_dict needs one; pass a list")
    if not isinstance(params, Iterable):
        raise TypeError(f"{_name(self)}: expected Tensors, got {type(params).__name__}; pass module.parameters()")


def _name(self):
    return type(self).__name__


def within(value: Any, low: float, high: float) -> bool:
    """Whether it is a number with low <= number < high."""
    try:
        return isinstance(value, Real) and low <= float(value) < high
    except OverflowError:  # a whole number too large for a float
        return False
