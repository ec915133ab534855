"""What fills the namespaces of this package: nnlite's own names, and one line for those that are missing."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from .differences import why_not


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
        reason = f": {why_not(asked)}".rstrip(": ")
        raise AttributeError(f"nnlite has no {asked}{reason}; docs/from-pytorch.md lists what is there")

    return __getattr__


def refuse(function: str, **given: Any) -> None:
    """Raise TypeError for an argument of PyTorch's that means something nnlite does not have, unless it is unset."""
    for name, value in given.items():
        if value is not None and value is not False:
            raise TypeError(f"{function}: {name}={value!r:.40} is not covered; leave it out")
