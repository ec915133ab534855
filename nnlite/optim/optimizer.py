"""What all optimisers share: parameter groups, and state that can be saved."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import backend as backends
from ..errors import guard, guarded
from ..function import enable_grad, python_number
from ..tensor import Tensor


class Optimizer:
    """Base of the optimisers. A subclass defines `update(parameter, gradient, state, group)`, which works in place.

    The formula should be handed to `change`: on the GPU, all parameters then move in one launch.

    `params` are tensors, (name, tensor) pairs, or groups {"params": tensors, "lr": ...} that override the defaults. As
    in PyTorch, `param_groups` holds the settings (change `group["lr"]` to change the rate), `state` what is remembered
    of each parameter, and `state_dict()` has the form {"state": {index: {name: value}}, "param_groups": [...]}.
    `others` are settings that PyTorch's optimisers have too: `fused` and `foreach` make no difference here, the rest
    must be False. Raises TypeError for anything that is not a parameter, ValueError for one in two groups or a setting
    out of range. Warns if a parameter is in a group twice, because it then moves twice in a step.
    """

    remembered: tuple[str, ...] = ()  # what the state of every parameter holds after the first step
    always: tuple[str, ...] = ()  # settings that PyTorch saves and that are always true here

    @guarded
    def __init__(self, params: Iterable[Any], defaults: dict[str, Any], **others: Any):
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        params = list(params)
        guard("some_parameters", self, params)
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    @guarded
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters: {"params": tensors, and settings that differ from the defaults}."""
        given = param_group["params"]
        given = [given] if isinstance(given, Tensor) else list(given)
        names = [entry[0] for entry in given if isinstance(entry, tuple)]
        params = [entry[1] if isinstance(entry, tuple) else entry for entry in given]
        named = {"param_names": names} if names else {}
        param_group.update({**self.defaults, **param_group, "params": params, **named})
        guard("new_group", self, param_group)
        self.param_groups.append(param_group)  # the caller's own dictionary

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
        with enable_grad():
            loss = None if closure is None else closure()
        groups = self.param_groups
        trained = [(group, p, p.grad.array) for group in groups for p in group["params"] if p.grad is not None]
        guard("step", self, trained)

        def advance():
            for group, p, g in trained:
                settings = {name: python_number(value) for name, value in group.items()}
                self.update(p, g, self.state[p], settings)
                p._version[0] += 1

        backends.of(*(g for _, _, g in trained[:1])).update_all(advance)
        return loss

    def update(self, p: Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def parameters(self) -> list[Tensor]:
        """The parameters of all groups, in order."""
        return [p for group in self.param_groups for p in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on. It is the optimiser's own state, which later steps change."""
        index = {p: i for i, p in enumerate(self.parameters())}
        groups = [{**group, "params": [index[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": {index[p]: values for p, values in self.state.items() if values}, "param_groups": groups}

    @guarded
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave, into arrays of this optimiser's own.

        Raises CheckpointError, before anything is changed, if the number of parameters or their shapes differ, or the
        state is damaged or another optimiser's; TypeError if it is not a dictionary.
        """
        parameters = self.parameters()
        state = {parameters[int(i)]: values for i, values in state_dict["state"].items()}
        self.state = defaultdict(dict, {p: _taken_over(p, values) for p, values in state.items()})
        for group, saved in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group.update({**saved, "params": group["params"]})


def buffer(state: dict[str, Any], name: str, p: Tensor) -> Any:
    """The array that is remembered under `name`: zeros like the parameter at first."""
    if name not in state:
        state[name] = Tensor(backends.of(p.array).xp.zeros_like(p.array))
    return state[name].array


def change(formula: Callable, p: Tensor, g: Any, state: dict[str, Any], names: list[str], constants: tuple) -> None:
    """Run formula(p, g, *arrays, *constants), which writes into its arrays: those remembered under these names."""
    arrays = (p.array, g, *(buffer(state, name, p) for name in names))
    backends.of(*arrays).update(formula, *arrays, constants=constants)


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
