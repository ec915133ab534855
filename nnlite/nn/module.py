"""Module: parameters, buffers and other modules under names; and the state_dict that saves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .. import backend as backends
from ..backend.layout import channels_first, channels_last
from ..errors import CheckpointError
from ..tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a Module trains. Images of weights (4 axes) are kept channels-last, as conv.py wants them."""

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        data = data.data if isinstance(data, Tensor) else data
        super().__init__(channels_first(channels_last(data)) if data.ndim == 4 else data, requires_grad)


class IncompatibleKeys(NamedTuple):
    """What a state_dict lacked and had too much, as `load_state_dict(strict=False)` returns it."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base of all layers and networks. Subclasses assign Parameters and Modules to attributes and define `forward`.

    There is no registration: what is an attribute belongs to the module, in the order of assignment.
    """

    training = True
    _buffer_names: tuple[str, ...] = ()

    def forward(self, *inputs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)

    def register_buffer(self, name: str, tensor: Tensor) -> None:
        """Keep a tensor that is saved and moved with the module but not trained (running statistics)."""
        setattr(self, name, tensor)
        self._buffer_names = (*self._buffer_names, name)

    # Walking the tree

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of the modules directly inside."""
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Module))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(dotted name, module) of this module and all inside it, outer before inner."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def _named_tensors(self, wanted: Callable[[Module, str, Any], bool]) -> Iterator[tuple[str, Tensor]]:
        for prefix, module in self.named_modules():
            for name, value in vars(module).items():
                if wanted(module, name, value):
                    yield (f"{prefix}.{name}" if prefix else name), value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, parameter) of everything that is trained; what has two names comes once, under the first."""
        first: dict[Any, str] = {}
        for name, parameter in self._named_tensors(_is_parameter):
            first.setdefault(parameter, name)
        return ((name, parameter) for parameter, name in first.items())

    def parameters(self) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """(dotted name, tensor) of what is saved but not trained."""
        return self._named_tensors(_is_buffer)

    def apply(self, function: Callable[[Module], Any]) -> Module:
        """Call function(module) on every module inside, then on this one; for initialising weights."""
        for _, child in self.named_children():
            child.apply(function)
        function(self)
        return self

    # Modes

    def train(self, mode: bool = True) -> Module:
        """Switch dropout on and batch norm to the batch's own statistics (or both back, with mode=False)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch dropout off and batch norm to its running statistics."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Ask for gradients of all parameters, or freeze them all."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, device: str) -> Module:
        """Move parameters, their gradients and buffers to 'cpu' or 'gpu', in place."""
        for tensor in (*self.parameters(), *(t for _, t in self.named_buffers())):
            tensor.data = backends.to_device(tensor.data, device)
            if tensor.grad is not None:
                tensor.grad = tensor.grad.to(device)
        return self

    # Saving and loading

    def state_dict(self) -> dict[str, Tensor]:
        """Dotted name -> tensor for every parameter and buffer, in PyTorch's names and shapes; memory is shared."""
        wanted = self._named_tensors(lambda *item: _is_parameter(*item) or _is_buffer(*item))
        return {name: tensor.detach() for name, tensor in wanted}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy Tensors or NumPy arrays into the parameters and buffers of these names.

        Raises CheckpointError, naming every missing, unexpected and mis-shaped key, before anything is changed;
        with strict=False only for shapes, and what was missing or unexpected is returned.
        """
        own = self.state_dict()
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        misshaped = [
            f"{name} (file {np.shape(state[name])}, model {own[name].shape})"
            for name in own
            if name in state and np.shape(state[name]) != own[name].shape
        ]
        if misshaped or (strict and (missing or unexpected)):
            faults = {"missing": missing, "unexpected": unexpected, "of another shape": misshaped}
            listed = "; ".join(f"{what}: {', '.join(names)}" for what, names in faults.items() if names)
            raise CheckpointError(
                f"this state does not fit {type(self).__name__} — {listed}; "
                "build the model with the options it was saved with"
            )
        for name, target in own.items():
            if name in state:
                source = state[name].data if isinstance(state[name], Tensor) else np.asarray(state[name])
                target.copy_(backends.to_device(source, target.device))
        return IncompatibleKeys(missing, unexpected)

    def __repr__(self) -> str:
        inside = [f"  ({name}): " + repr(child).replace("\n", "\n  ") for name, child in self.named_children()]
        return f"{type(self).__name__}({self.extra_repr()}" + ("\n" + "\n".join(inside) + "\n" if inside else "") + ")"

    def extra_repr(self) -> str:
        """What stands between the parentheses of this module's line; layers override it."""
        return ""


def _is_parameter(module: Module, name: str, value: Any) -> bool:
    return isinstance(value, Parameter)


def _is_buffer(module: Module, name: str, value: Any) -> bool:
    return name in module._buffer_names
