"""What all optimisers share: parameter groups, and state that can be saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import backend as backends
from ..tensor import Tensor


class Optimizer:
    """Base of the optimisers. A subclass defines `update(parameter, state, group)`, which changes both in place.

    `params` are tensors, or groups {"params": tensors, "lr": ...} that override the defaults. As in PyTorch,
    `param_groups` holds the settings (change `group["lr"]` to change the rate) and `state_dict()` has the form
    {"state": {index: {name: value}}, "param_groups": [...]}.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        params = list(params)
        if not params:
            raise ValueError(f"{type(self).__name__}: got no parameters; pass module.parameters()")
        if not 0.0 <= defaults["lr"]:
            raise ValueError(f"{type(self).__name__}: lr must not be negative, got {defaults['lr']}")
        groups = params if isinstance(params[0], dict) else [{"params": params}]
        self.param_groups = [{**defaults, **group, "params": list(group["params"])} for group in groups]
        for p in self._parameters():
            if not isinstance(p, Tensor):
                name = type(self).__name__
                raise TypeError(f"{name}: expected Tensors, got {type(p).__name__}; pass module.parameters()")
        self.state: dict[int, dict[str, Any]] = {}

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self._parameters():
            p.grad = None

    def step(self) -> None:
        """Change every parameter that has a gradient."""
        index = 0
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, self.state.setdefault(index, {}), group)
                    p._version[0] += 1
                index += 1

    def update(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on: numbers, and Tensors that share memory with this optimiser."""
        first, groups = 0, []
        for group in self.param_groups:
            indices = list(range(first, first + len(group["params"])))
            groups.append({**group, "params": indices})
            first += len(indices)
        return {"state": {i: dict(values) for i, values in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` gave, into arrays of this optimiser's own.

        Raises ValueError, before anything is changed, when numbers of parameters or their shapes differ.
        """
        sizes = [len(group["params"]) for group in state["param_groups"]]
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise ValueError(f"{type(self).__name__}: the state is of groups with {sizes} parameters, this has {own}")
        parameters = self._parameters()
        self.state = {
            int(i): {name: _like(parameters[int(i)], value) for name, value in values.items()}
            for i, values in state["state"].items()
        }
        for group, saved in zip(self.param_groups, state["param_groups"], strict=True):
            group.update({name: value for name, value in saved.items() if name != "params"})


def zeros_like(p: Tensor) -> Tensor:
    """Zeros with the parameter's shape, device and memory order."""
    return Tensor(backends.of(p.data).xp.zeros_like(p.data))


def _like(p: Tensor, value: Any) -> Any:
    """A saved value in the parameter's memory order and on its device; numbers (0-d arrays in PyTorch) as they are."""
    if not hasattr(value, "shape"):
        return value
    data = value.data if isinstance(value, Tensor) else value
    if p.shape and not data.shape:
        return data.item()
    if data.shape != p.shape:
        raise ValueError(f"optimizer: the state is of a parameter of shape {data.shape}, this one has {p.shape}")
    return zeros_like(p).copy_(backends.to_device(data, p.device))
