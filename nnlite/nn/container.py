"""Modules made of modules."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import count
from typing import Any, Self

from ..errors import guarded
from .module import Module

Named = Mapping[str, Module] | Iterable[tuple[str, Module]]


class _Row(Module):
    """What Sequential and ModuleList share: modules in a row, kept as attributes "0", "1", ... (or by given names)."""

    def append(self, module: Module) -> Self:
        """Put a module at the end."""
        taken = vars(self)
        self.add_module(next(str(i) for i in count(len(self)) if str(i) not in taken), module)
        return self

    @guarded
    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Insert a module before the one at `index`. All are then renamed by their positions."""
        modules = list(self)
        modules.insert(index, module)
        self.append(module)  # which refuses other things than modules
        return self._refill(modules)

    def pop(self, index: int = -1) -> Module:
        """Remove a module and return it. The others are then renamed by their positions."""
        module = self._named(index)[1]
        del self[index]
        return module

    def _refill(self, modules: list[Module]) -> Self:
        for name, _ in self._own(Module):
            delattr(self, name)
        return self.extend(modules)

    def __len__(self) -> int:
        return len(self._own(Module))

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self._own(Module))

    def _named(self, index: int) -> tuple[str, Module]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} of a {type(self).__name__} with {len(self)} modules")
        return self._own(Module)[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._named(index)[0], module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        self._refill(modules)

    def __add__(self, other: Iterable[Module]) -> Self:
        return type(self)().extend([*self, *other])

    __iadd__ = extend


class ModuleList(_Row):
    """A list of modules whose parameters are found. It computes nothing itself. A slice is a ModuleList."""

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(() if modules is None else modules)

    def __getitem__(self, index: int | slice) -> Any:
        return ModuleList(list(self)[index]) if isinstance(index, slice) else self._named(index)[1]


class Sequential(_Row):
    """y = the last module(... the first module(input)): Sequential(a, b), or by names Sequential({"first": a, ...}).

    A slice is a Sequential of the same modules, which keep their names.
    """

    def __init__(self, *modules: Any):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        return Sequential(dict(self._own(Module)[index])) if isinstance(index, slice) else self._named(index)[1]

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input


class ModuleDict(Module):
    """A dictionary of modules whose parameters are found. It computes nothing itself.

    Made of a dictionary, or of pairs (name, module). Raises TypeError for other things.
    """

    def __init__(self, modules: Named | None = None):
        super().__init__()
        self.update({} if modules is None else modules)

    def update(self, modules: Named) -> None:
        """Add modules, or replace those of the same names."""
        try:
            pairs = dict(modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules)
        except (TypeError, ValueError) as error:
            expected = "a dictionary of Modules, or pairs (name, Module)"
            raise TypeError(f"ModuleDict: expected {expected}, got {type(modules).__name__}") from error
        for name, module in pairs.items():
            self[name] = module

    def pop(self, name: str) -> Any:
        """Remove a module and return it."""
        module = self[name]
        delattr(self, name)
        return module

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __getitem__(self, name: str) -> Any:
        return dict(self._own(Module))[name]

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def __len__(self) -> int:
        return len(self._own(Module))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> KeysView[str]:
        return dict(self._own(Module)).keys()

    def values(self) -> ValuesView[Module]:
        return dict(self._own(Module)).values()

    def items(self) -> ItemsView[str, Module]:
        return dict(self._own(Module)).items()


class Identity(Module):
    """y = input: takes the place of a layer that is left out, with whatever arguments that layer had."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input
