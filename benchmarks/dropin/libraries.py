"""What `import torch` and `import torchvision` mean in a run.

In nnlite's run torch.x.y is nnlite.torch.x.y and torchvision.x is nnlite.torch.vision.x: the imports that a user would
change by hand. PyTorch's run has PyTorch itself, and the same nnlite.torch.vision behind a door that converts tensors
between the two libraries, so that both see the same images. The datasets are stand-ins in both.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.dropin import datasets
from benchmarks.dropin.chance import Chance, into_both, into_nnlite, into_torch

STAND_INS = {"torch": "nnlite.torch", "torchvision": "nnlite.torch.vision"}
CALL_OTHERS = {"Compose", "Lambda", "RandomApply", "RandomChoice", "RandomOrder"}  # transforms that only call others


def install(library: str, shaken: bool = False) -> ModuleType:
    """Make `library` ("torch" or "nnlite") the one that scripts import; returns what `import torch` now gives."""
    chance = Chance(shaken)
    into_nnlite(chance)
    if library == "nnlite":
        sys.meta_path.insert(0, Renamed(STAND_INS))
        torch = importlib.import_module("torch")
    else:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        into_torch(chance)
        _load_in_this_process(torch)
        sys.meta_path.insert(0, Renamed({"torchvision": "nnlite.torch.vision"}, through=_door(torch)))
    into_both(torch, chance)
    _stay_on_the_cpu(torch)
    _stand_in_for_torchvision()
    return torch


def _stand_in_for_torchvision() -> None:
    """Import all of its modules, so that `import torchvision` is enough, with datasets that need no files."""
    vision = importlib.import_module("torchvision")
    for name in ("transforms", "transforms.functional", "utils", "models"):
        importlib.import_module(f"torchvision.{name}")
    vision.datasets = sys.modules["torchvision.datasets"] = datasets.as_module("torchvision.datasets")


class Renamed(MetaPathFinder, Loader):
    """Finds modules under other names: {"torch": "nnlite.torch"} gives nnlite.torch.nn to `import torch.nn`."""

    def __init__(self, names: dict[str, str], through: Callable[[ModuleType, str], ModuleType] | None = None):
        self.names, self.through = names, through
        self.specs: dict[str, Any] = {}

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        first, _, rest = fullname.partition(".")
        if first not in self.names:
            return None
        real = ".".join(filter(None, (self.names[first], rest)))
        module = _module(real)
        if module is None:
            raise ModuleNotFoundError(f"nnlite has no module for {fullname}", name=fullname)
        self.specs[fullname] = module
        return ModuleSpec(fullname, self, is_package=hasattr(module, "__path__"))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = self.specs[spec.name]
        self.specs[spec.name] = module, module.__spec__
        return self.through(module, spec.name) if self.through else module

    def exec_module(self, module: ModuleType) -> None:
        """The module has been executed already; restore its own name, which the import machinery has changed."""
        for real, spec in self.specs.values():
            if real is module:
                module.__spec__ = spec
                return


def _module(name: str) -> ModuleType | None:
    """nnlite.x.y: a module, or an attribute of one that is a module."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("nnlite"):
            raise
    parent, _, last = name.rpartition(".")
    found = getattr(_module(parent), last, None) if parent else None
    return found if isinstance(found, ModuleType) else None


def _door(torch: ModuleType) -> Callable[[ModuleType, str], ModuleType]:
    """A copy of a module of nnlite whose functions take and give PyTorch's tensors."""
    import nnlite

    def inwards(tensor):
        return nnlite.from_numpy(tensor.detach().cpu().numpy().copy())

    def outwards(tensor):
        return torch.from_numpy(np.array(tensor.detach().numpy(), order="C"))

    def changed(function):
        def call(*arguments, **options):
            given = _each(torch.Tensor, inwards, arguments), _each(torch.Tensor, inwards, options)
            return _each(nnlite.Tensor, outwards, function(*given[0], **given[1]))

        return call

    def through(module, name):
        copy = ModuleType(name, module.__doc__)
        copy.__path__ = []  # type: ignore[attr-defined]
        for public, value in vars(module).items():
            if public.startswith("_") or isinstance(value, ModuleType):
                continue
            if not isinstance(value, type):
                value = changed(value) if callable(value) else value
            elif "__call__" in vars(value) and public not in CALL_OTHERS:
                value = type(public, (value,), {"__call__": changed(value.__call__), "__module__": name})
            setattr(copy, public, value)
        copy.__getattr__ = _missing(name)  # type: ignore[method-assign]
        return copy

    return through


def _missing(module: str) -> Callable[[str], Any]:
    """A __getattr__ for names that a stand-in lacks: they count as a missing package, not as a fault of the script."""

    def look(name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise ModuleNotFoundError(f"{module}.{name} has no stand-in", name=f"{module}.{name}")

    return look


def _each(kind: type, change: Callable[[Any], Any], value: Any) -> Any:
    """`value` with every `kind` in its lists, tuples and dictionaries changed."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {key: _each(kind, change, item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_each(kind, change, item) for item in value)
    return value


def _load_in_this_process(torch: ModuleType) -> None:
    """DataLoader without workers: their random numbers would be their own."""
    original = torch.utils.data.DataLoader.__init__

    def __init__(self, *arguments, **options):
        if options.get("num_workers"):
            for name in ("num_workers", "multiprocessing_context", "prefetch_factor", "persistent_workers", "timeout"):
                options.pop(name, None)
        original(self, *arguments, **options)

    torch.utils.data.DataLoader.__init__ = __init__


def _stay_on_the_cpu(torch: ModuleType) -> None:
    """`x.cuda()` is x, so that old scripts that take a GPU for granted can be judged without one."""
    if not torch.cuda.is_available():
        for kind in (type(torch.zeros(1)), torch.nn.Module):
            kind.cuda = lambda self, *arguments, **options: self
