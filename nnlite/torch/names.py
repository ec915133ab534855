"""What fills the namespaces of this package: nnlite's own names, and one line for those that are missing."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

# Why, where there is more to say than that it is not there.
REASONS = {
    "torch.bfloat16": "NumPy has no such numbers; use torch.float32",
    "torch.complex64": "tensors hold real numbers; keep the two parts apart",
    "torch.complex128": "tensors hold real numbers; keep the two parts apart",
    "torch.jit.script": "nothing is compiled here; leave it out and call the function or module itself",
    "torch.jit.trace": "nothing is compiled here; leave it out and call the function or module itself",
    "torch.onnx.export": "save the state_dict and export it where PyTorch is",
    "torch.nn.LSTM": "there are no recurrent layers yet",
    "torch.nn.GRU": "there are no recurrent layers yet",
    "torch.nn.RNN": "there are no recurrent layers yet",
    "torch.nn.utils.weight_norm": "use torch.nn.utils.spectral_norm, or no normalisation of weights",
    "torch.nn.parallel.DistributedDataParallel": "one process trains on one device here; use the module itself",
    "torch.distributed.init_process_group": "one process trains on one device here; leave it out",
    "torch.multiprocessing.spawn": "one process trains on one device here; call the function itself",
    "torch.multiprocessing.Process": "tensors are not shared between processes here; use Python's multiprocessing",
}


class StandIn(type):
    """The type of a class without instances: calling it makes a `kind` of nnlite's, and any such counts as one."""

    kind: type
    make: Callable[..., Any]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.make(*args, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.kind)


def public(module: ModuleType) -> dict[str, Any]:
    """The names that a module offers, without the modules in it."""
    return {
        name: thing
        for name, thing in vars(module).items()
        if not (name.startswith("_") or isinstance(thing, ModuleType))
    }


def offer(namespace: str, **modules: ModuleType) -> None:
    """Make nnlite's modules importable under PyTorch's names: `from nnlite.torch.optim.optimizer import Optimizer`."""
    for name, module in modules.items():
        sys.modules[f"{namespace}.{name}"] = module


def missing(namespace: str) -> Callable[[str], Any]:
    """A `__getattr__` for the module nnlite.torch...: whatever is not there is refused by its name in PyTorch."""
    namespace = namespace.removeprefix("nnlite.")

    def __getattr__(name: str) -> NoReturn:
        asked = f"{namespace}.{name}"
        reason = f": {REASONS[asked]}" if asked in REASONS else ""
        raise AttributeError(f"nnlite has no {asked}{reason}; docs/from-pytorch.md lists what is there")

    return __getattr__


def refuse(function: str, **given: Any) -> None:
    """Raise TypeError for an argument of PyTorch's that means something nnlite does not have, unless it is unset."""
    for name, value in given.items():
        if value is not None and value is not False:
            raise TypeError(f"{function}: {name}={value!r:.40} is not covered; leave it out")
