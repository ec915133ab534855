"""What all optimisers share: parameter groups, and state that can be saved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .. import backend as backends
from ..creation import zeros_like
from ..errors import CheckpointError, ShapeError
from ..tensor import Tensor

# Settings of PyTorch's that would change the result and are not covered, or are another optimiser's.
_FOREIGN = ("amsgrad", "maximize", "decoupled_weight_decay")


class Optimizer:
    """Base of the optimisers. A subclass defines `update(parameter, gradient, state, group)`, which works in place.

    The formula should be handed to `backend.update`: on the GPU, all parameters then move in one launch.

    `params` are tensors, or groups {"params": tensors, "lr": ...} that override the defaults. As in PyTorch,
    `param_groups` holds the settings (change `group["lr"]` to change the rate), `state` what is remembered of each
    parameter, and `state_dict()` has the form {"state": {index: {name: value}}, "param_groups": [...]}.
    Raises TypeError for anything that is not a parameter, ValueError for one given twice or a setting out of range.
    """

    remembered: tuple[str, ...] = ()  # what the state of every parameter holds after the first step

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        if isinstance(params, Tensor):  # its rows are no parameters
            raise TypeError(f"{self._name}: expected several Tensors, got one; pass module.parameters() or [tensor]")
        params = self._listed(params)
        if not params:
            raise ValueError(f"{self._name}: got no parameters; pass module.parameters()")
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters: {"params": tensors, and settings that differ from the defaults}."""
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f"{self._name}: a group is a dictionary with 'params', got {type(param_group).__name__}")
        params = self._listed(param_group["params"])
        known = set(self._parameters())
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{self._name}: expected Tensors, got {type(p).__name__}; pass module.parameters()")
            if not p.is_leaf:
                raise ValueError(f"{self._name}: a tensor of shape {p.shape} was computed; only leaves can be trained")
            if p in known:
                raise ValueError(f"{self._name}: a parameter of shape {p.shape} is given twice; it moves once a step")
            known.add(p)
        group = {**self.defaults, **param_group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise ValueError for a setting out of range. Subclasses add their own."""
        for name in ("lr", "initial_lr", "momentum", "dampening", "weight_decay", "eps"):
            if not within(group.get(name, 0.0), 0.0, math.inf):
                raise ValueError(f"{self._name}: {name} must be a number >= 0, got {group[name]!r}")
        for name in _FOREIGN:
            if group.get(name) and not self.defaults.get(name):
                raise ValueError(f"{self._name}: {name}={group[name]!r} is not covered by this optimiser")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for p in self._parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        A closure is called first, to compute the gradients; the loss that it returns is returned.
        """
        loss = None if closure is None else closure()
        groups = [
            (group, [(p, p.grad.array) for p in group["params"] if p.grad is not None]) for group in self.param_groups
        ]
        for p, g in (pair for _, pairs in groups for pair in pairs):
            if g.shape != p.shape:
                raise ShapeError(f"{self._name}: a gradient of shape {g.shape} for a parameter {p.shape}")

        def advance():
            for group, pairs in groups:
                settings = _plain(group)
                for p, g in pairs:
                    self.update(p, g, self.state.setdefault(p, {}), settings)
                    p._version[0] += 1

        arrays = [g for _, pairs in groups for _, g in pairs]
        backends.of(*arrays[:1]).update_all(advance)
        return loss

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError(f"{self._name} defines no update")

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on: numbers, and Tensors that share memory with this optimiser."""
        index = {p: i for i, p in enumerate(self._parameters())}
        groups = [{**group, "params": [index[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": {index[p]: dict(values) for p, values in self.state.items() if values}, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave, into arrays of this optimiser's own.

        Raises CheckpointError, before anything is changed, if the number of parameters or their shapes differ, or the
        state is damaged or another optimiser's; TypeError if it is not a dictionary.
        """
        saved_state, saved_groups = self._parts(state_dict)
        parameters = self._parameters()
        sizes = [len(group["params"]) for group in saved_groups]
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise CheckpointError(f"{self._name}: the state has groups of {sizes} parameters, this has {own}")
        for saved in saved_groups:
            if missing := self.defaults.keys() - saved.keys():
                raise CheckpointError(f"{self._name}: the state has no {sorted(missing)}; it is another optimiser's")
            for name, default in self.defaults.items():
                if isinstance(default, bool) and not isinstance(saved[name], (bool, int)):
                    raise CheckpointError(f"{self._name}: {name} must be True or False, got {saved[name]!r}")
            try:
                self.check(saved)
            except ValueError as error:
                raise CheckpointError(str(error)) from error
        numbers = {str(i) for i in range(len(parameters))}  # a file has text for names
        if strange := [i for i in saved_state if str(i) not in numbers]:
            raise CheckpointError(f"{self._name}: the state has parameters {strange}, this has {len(parameters)}")
        self.state = {
            parameters[int(i)]: self._taken_over(parameters[int(i)], values) for i, values in saved_state.items()
        }
        for group, saved in zip(self.param_groups, saved_groups, strict=True):
            group.update({name: value for name, value in saved.items() if name != "params"})

    def _parts(self, state_dict: Any) -> tuple[Mapping[Any, Mapping], Sequence[Mapping]]:
        """The state and the groups. Raises TypeError or CheckpointError if this does not look like a state_dict."""
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"{self._name}: expected an optimiser's state_dict, got {type(state_dict).__name__}")
        if not {"state", "param_groups"} <= set(state_dict):
            raise CheckpointError(
                f"{self._name}: expected an optimiser's state_dict, got one with {list(state_dict)[:5]}"
            )
        state, groups = state_dict["state"], state_dict["param_groups"]
        if not isinstance(state, Mapping) or not all(isinstance(values, Mapping) for values in state.values()):
            raise CheckpointError(f"{self._name}: 'state' must be a dictionary of dictionaries, one per parameter")
        listed = isinstance(groups, (list, tuple)) and all(isinstance(group, Mapping) for group in groups)
        if not listed or not all(isinstance(group.get("params"), (list, tuple)) for group in groups):
            raise CheckpointError(
                f"{self._name}: 'param_groups' must be a list of dictionaries with a list of 'params'"
            )
        return state, groups

    def _taken_over(self, p: Tensor, values: Mapping[str, Any]) -> dict[str, Any]:
        """Saved values in the parameter's memory order and on its device, the number of steps as a plain number."""
        taken: dict[str, Any] = {}
        for name, value in values.items():
            if name == "step":
                number = value.item() if getattr(value, "shape", None) == () else value  # 0-d in PyTorch
                if not within(number, 0, math.inf):
                    raise CheckpointError(f"{self._name}: step must be a number of steps, at least 0, got {value!r}")
                taken[name] = int(number)
            elif value is not None:
                array = value.array if isinstance(value, Tensor) else value
                shape = getattr(array, "shape", type(array).__name__)
                if shape != p.shape:
                    raise CheckpointError(f"{self._name}: {name} has shape {shape}, the parameter here {p.shape}")
                taken[name] = zeros_like(p).copy_(backends.to_device(array, p.device))
        if values and (missing := [name for name in self.remembered if name not in taken]):
            raise CheckpointError(f"{self._name}: the state of a parameter has no {', '.join(missing)}")
        return taken

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _listed(self, params: Any) -> list[Any]:
        if not isinstance(params, Iterable):
            raise TypeError(f"{self._name}: expected Tensors, got {type(params).__name__}; pass module.parameters()")
        return [params] if isinstance(params, Tensor) else list(params)


def buffer(state: dict[str, Any], name: str, p: Tensor) -> Any:
    """The array that is remembered under `name`: zeros like the parameter at first."""
    if name not in state:
        state[name] = zeros_like(p)
    return state[name].array


def _plain(group: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as Python's numbers: float32 stays float32 beside these, not beside NumPy's."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in group.items()}


def within(value: Any, low: float, high: float) -> bool:
    """Whether it is a number with low <= number < high."""
    try:
        return isinstance(value, Real) and low <= float(value) < high
    except OverflowError:  # a whole number too large for a float
        return False
