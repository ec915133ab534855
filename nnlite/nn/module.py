"""Module: a layer or a network. It finds its parameters, switches its modes, saves and loads itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partialmethod, reduce
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from .. import backend as backends
from ..backend import random
from ..dtype import get_default_dtype
from ..errors import guarded
from ..tensor import Tensor

T = TypeVar("T")


class Parameter(Tensor):
    """A Tensor that a Module trains: a Tensor's memory, or a copy of an array in the order that is fastest here."""

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        if isinstance(data, Tensor):
            super().__init__(data.array, requires_grad)
            # a change of either counts for both
            self._version, self._recorded, self._strides = data._version, None, data._strides
        else:
            super().__init__(backends.of(data).arrange(data) if hasattr(data, "dtype") else data, requires_grad)


def uniform_parameter(shape: tuple[int, ...], bound: float) -> Parameter:
    """A Parameter that starts uniform in [-bound, bound), as most layers do."""
    return Parameter(-bound + 2.0 * bound * random.uniform(shape, get_default_dtype()))


class Module:
    """Base of all layers and networks. Subclasses assign Parameters and Modules to attributes and define `forward`.

    Nothing has to be registered: every attribute belongs to the module, in the order of assignment. The constructor of
    a subclass calls `super().__init__()` first, as in PyTorch.
    """

    # What an instance without buffers or hooks has; the first one registered makes it a dictionary of its own.
    _buffer_names: Mapping[str, bool] = {}  # name -> whether it is saved
    _forward_hooks: Mapping[RemovableHandle, Callable] = {}
    _forward_pre_hooks: Mapping[RemovableHandle, Callable] = {}

    def __init__(self) -> None:
        self.training = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """forward, between the hooks."""
        for hook in tuple(self._forward_pre_hooks.values()):  # a copy: a hook may remove itself
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        output = self.forward(*args, **kwargs)
        for hook in tuple(self._forward_hooks.values()):
            changed = hook(self, args, output)
            if changed is not None:
                output = changed
        return output

    # What is inside

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of modules directly inside. One with two names is listed once, under the first."""
        return _first_names(self._own(Module))

    def children(self) -> Iterator[Module]:
        return (module for _, module in self.named_children())

    def named_modules(self, memo: Any = None, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(dotted name, module) of this module and all inside it, outer before inner, each once. `memo` is ignored."""
        return self._walk(prefix)

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self._walk())

    def get_submodule(self, target: str) -> Any:
        """The module of this dotted name. Raises AttributeError if there is none."""
        return reduce(getattr, target.split(".") if target else [], self)

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, parameter) of everything trained. One with two names is listed once, under the first.

        With recurse=False only this module's own.
        """
        modules = self._walk(prefix, recurse)
        return _first_names((_dotted(path, name), p) for path, m in modules for name, p in m._own(Parameter))

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(dotted name, tensor) of what is moved along but not trained, each once."""
        modules = self._walk(prefix, recurse)
        return _first_names((_dotted(path, name), t) for path, m in modules for name, t in m._own_buffers())

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        return (tensor for _, tensor in self.named_buffers(recurse=recurse))

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call fn(module) on every module inside, then on this one; for initialising weights."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _own(self, kind: type[T]) -> list[tuple[str, T]]:
        return [(name, value) for name, value in vars(self).items() if isinstance(value, kind)]

    def _own_buffers(self, saved_only: bool = False) -> list[tuple[str, Tensor]]:
        names = [name for name, persistent in self._buffer_names.items() if persistent or not saved_only]
        return [(name, vars(self)[name]) for name in names if isinstance(vars(self).get(name), Tensor)]

    def _walk(self, prefix: str = "", deep: bool = True, again: bool = False) -> Iterator[tuple[str, Module]]:
        """(dotted name, module), outer before inner; a module with two names under the first, or `again` under both."""
        stack: list[tuple[str, Module]] = [(prefix, self)]
        seen = set()
        while stack:
            prefix, module = stack.pop()
            if again or module not in seen:
                seen.add(module)
                yield prefix, module
                inside = reversed(module._own(Module) if deep else [])
                stack += [(_dotted(prefix, name), child) for name, child in inside]

    # Modes

    def train(self, mode: bool = True) -> Self:
        """Switch dropout on and batch norm to the batch's own statistics (or both back, with mode=False)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch dropout off and batch norm to its running statistics."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask for gradients of all parameters, or freeze them all."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or with set_to_none=False fill them with zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()

    # Saving and loading

    def state_dict(self, *, prefix: str = "") -> dict[str, Tensor]:
        """Dotted name -> tensor for every parameter and buffer, in PyTorch's names and shapes; memory is shared.

        `prefix`, such as "net.", is put in front of each name.
        """
        return {
            prefix + _dotted(path, name): tensor.detach()
            for path, module in self._walk(again=True)
            for name, tensor in (*module._own(Parameter), *module._own_buffers(saved_only=True))
        }

    @guarded
    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy Tensors or NumPy arrays into the parameters and buffers of these names.

        Raises CheckpointError, naming every missing, unexpected and mis-shaped key, before anything is changed;
        with strict=False only for shapes, and what was missing or unexpected is returned.
        """
        own = self.state_dict()
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        for name, target in own.items():
            if name in state_dict:
                value = state_dict[name]
                source = value.array if isinstance(value, Tensor) else np.asarray(value)
                target.array[...] = backends.to_device(source, target.device)
                target._version[0] += 1
        return IncompatibleKeys(missing, unexpected)

    # Devices and dtypes

    @guarded
    def to(self, *target: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False) -> Self:
        """Move parameters, their gradients and buffers, in place: to('gpu'), to(nnlite.float64), to('cpu', float32).

        A Tensor as target means its device and dtype. Only floating-point tensors change dtype. The Parameters stay
        the same objects, so optimisers keep them. Raises DeviceError, or TypeError for a dtype of whole numbers.
        """
        for wanted in target:
            if isinstance(wanted, Tensor):
                device, dtype = wanted.device, wanted.dtype
            elif isinstance(wanted, (str, int)):
                device = wanted
            elif wanted is not None:
                dtype = wanted
        for tensor in (*self.parameters(), *self.buffers()):
            for moving in (tensor, tensor.grad):
                if moving is not None:
                    floats = dtype is not None and moving.dtype.kind == "f"
                    array = moving.array.astype(dtype, copy=False) if floats else moving.array
                    moving.array = array if device is None else backends.to_device(array, device)
        return self

    cpu = partialmethod(to, "cpu")
    gpu = cuda = partialmethod(to, "gpu")
    float = partialmethod(to, np.float32)
    double = partialmethod(to, np.float64)

    def type(self, dst_type: Any) -> Self:
        """In a dtype, or of one of PyTorch's types of tensors: torch.DoubleTensor, torch.cuda.FloatTensor."""
        return self.to(getattr(dst_type, "place", None), dtype=np.dtype(dst_type))

    # What plain assignment cannot express

    @guarded
    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Keep a tensor that is moved with the module but not trained (running statistics).

        It is saved in the state_dict if `persistent`; None keeps the name for later.
        """
        setattr(self, name, tensor)
        self._buffer_names = {**self._buffer_names, name: persistent}

    @guarded
    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """`module.name = param`, for names that are computed; None is what a layer without a bias has."""
        setattr(self, name, param)

    @guarded
    def add_module(self, name: str, module: Module) -> None:
        """`module.name = module`, for names that are computed."""
        setattr(self, name, module)

    @guarded
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)

    # Hooks

    def register_forward_pre_hook(self, hook: Callable[[Module, tuple], Any]) -> RemovableHandle:
        """Call hook(module, args) before each forward; what it returns, if not None, takes the place of args."""
        return RemovableHandle(vars(self).setdefault("_forward_pre_hooks", {}), hook)

    def register_forward_hook(self, hook: Callable[[Module, tuple, Any], Any]) -> RemovableHandle:
        """Call hook(module, args, output) after each forward; what it returns, if not None, is the new output."""
        return RemovableHandle(vars(self).setdefault("_forward_hooks", {}), hook)

    # Showing

    def summary(self, input_shape: Any) -> None:
        """Print the layers in the order they run, their output shapes and numbers of parameters, and totals.

        input_shape has no batch axis: (3, 64, 64); several inputs are a list of shapes. A Tensor in place of a shape
        is passed as it is, for inputs of whole numbers. See summary.py.
        """
        from .summary import print_summary  # summary.py needs this module first

        print_summary(self, input_shape)

    def __repr__(self) -> str:
        extra = self.extra_repr()
        inside = [f"({name}): {child!r}" for name, child in self._own(Module)]
        if not inside and "\n" not in extra:
            return f"{type(self).__name__}({extra})"
        lines = "\n".join([extra, *inside] if extra else inside)
        return f"{type(self).__name__}(\n  " + lines.replace("\n", "\n  ") + "\n)"

    def extra_repr(self) -> str:
        """What is printed between the parentheses of this module's line; layers override it."""
        return ""


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook off again, and so does leaving a `with` block."""

    def __init__(self, hooks: dict[RemovableHandle, Callable], hook: Callable):
        self.hooks = hooks
        hooks[self] = hook

    def remove(self) -> None:
        self.hooks.pop(self, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class IncompatibleKeys(NamedTuple):
    """The names that a state_dict lacked, and those that nothing here has: from `load_state_dict(strict=False)`."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _first_names(pairs: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    """Each thing once, under the first of its names."""
    first: dict[T, str] = {}
    for name, thing in pairs:
        first.setdefault(thing, name)
    return ((name, thing) for thing, name in first.items())
