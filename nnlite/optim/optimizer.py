"""What all optimisers share: parameter groups, and state that can be saved."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import backend as backends
from ..errors import guard, guarded
from ..function import python_number
from ..tensor import Tensor


class Optimizer:
    """Base of the optimisers. A subclass defines `update(parameter, gradient, state, group)`, which works in place.

    The formula should be handed to `backend.update`: on the GPU, all parameters then move in one launch.

    `params` are tensors, or groups {"params": tensors, "lr": ...} that override the defaults. As in PyTorch,
    `param_groups` holds the settings (change `group["lr"]` to change the rate), `state` what is remembered of each
    parameter, and `state_dict()` has the form {"state": {index: {name: value}}, "param_groups": [...]}.
    Raises TypeError for anything that is not a parameter, ValueError for one given twice or a setting out of range.
    """

    remembered: tuple[str, ...] = ()  # what the state of every parameter holds after the first step
    always: tuple[str, ...] = ()  # settings that PyTorch saves and that are always true here

    @guarded
    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        params = list(params)
        guard("some_parameters", self, params)
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    @guarded
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters: {"params": tensors, and settings that differ from the defaults}."""
        params = param_group["params"]
        group = {**self.defaults, **param_group, "params": [params] if isinstance(params, Tensor) else list(params)}
        guard("new_group", self, group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for p in self.parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.array[...] = 0.0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        A closure is called first, to compute the gradients; the loss that it returns is returned.
        """
        loss = None if closure is None else closure()
        groups = self.param_groups
        trained = [(group, p, p.grad.array) for group in groups for p in group["params"] if p.grad is not None]
        guard("step", self, trained)

        def advance():
            for group, p, g in trained:
                settings = {name: python_number(value) for name, value in group.items()}
                self.update(p, g, self.state.setdefault(p, {}), settings)
                p._version[0] += 1

        backends.of(*(g for _, _, g in trained[:1])).update_all(advance)
        return loss

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def parameters(self) -> list[Tensor]:
        """The parameters of all groups, in order."""
        return [p for group in self.param_groups for p in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on: numbers, and Tensors that share memory with this optimiser."""
        index = {p: i for i, p in enumerate(self.parameters())}
        groups = [{**group, "params": [index[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": {index[p]: dict(values) for p, values in self.state.items() if values}, "param_groups": groups}

    @guarded
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave, into arrays of this optimiser's own.

        Raises CheckpointError, before anything is changed, if the number of parameters or their shapes differ, or the
        state is damaged or another optimiser's; TypeError if it is not a dictionary.
        """
        parameters = self.parameters()
        self.state = {
            parameters[int(i)]: _taken_over(parameters[int(i)], values) for i, values in state_dict["state"].items()
        }
        for group, saved in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group.update({name: value for name, value in saved.items() if name != "params"})


def buffer(state: dict[str, Any], name: str, p: Tensor) -> Any:
    """The array that is remembered under `name`: zeros like the parameter at first."""
    if name not in state:
        state[name] = Tensor(backends.of(p.array).xp.zeros_like(p.array))
    return state[name].array


def _taken_over(p: Tensor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Saved values in the parameter's memory order and on its device, the number of steps as a plain number."""
    taken: dict[str, Any] = {}
    for name, value in values.items():
        if name == "step":
            taken[name] = int(value)
        elif value is not None:
            array = value.array if isinstance(value, Tensor) else value
            buffer(taken, name, p)[...] = backends.to_device(array, p.device)
    return taken
