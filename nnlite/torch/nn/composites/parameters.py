"""Lists and dictionaries of Parameters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from ....nn.module import Module, Parameter
from ....tensor import Tensor


def _parameter(value: Any) -> Parameter:
    """A Parameter as it is, a Tensor as a new one."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"expected a Parameter or Tensor, got {type(value).__name__}; make one with nn.Parameter(tensor)"
        )
    return value if isinstance(value, Parameter) else Parameter(value)


class ParameterList(Module):
    """A list of Parameters, which a module finds. Tensors become Parameters."""

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self.extend(() if values is None else values)

    def append(self, value: Any) -> Self:
        """Add one at the end."""
        setattr(self, str(len(self)), _parameter(value))
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several at the end."""
        for value in values:
            self.append(value)
        return self

    __iadd__ = extend

    def __len__(self) -> int:
        return len(self._own(Parameter))

    def __iter__(self) -> Iterator[Parameter]:
        return (p for _, p in self._own(Parameter))

    def __getitem__(self, index: int | slice) -> Any:
        return ParameterList(list(self)[index]) if isinstance(index, slice) else list(self)[index]

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, str(range(len(self))[index]), _parameter(value))


class ParameterDict(Module):
    """A dictionary of Parameters, which a module finds. Tensors become Parameters."""

    def __init__(self, parameters: Any = None):
        super().__init__()
        self.update({} if parameters is None else parameters)

    def update(self, parameters: Any) -> None:
        """Add Parameters, or replace those of the same names, from a mapping or from pairs (name, Parameter)."""
        has_names = isinstance(parameters, (Mapping, ParameterDict))
        for name, value in parameters.items() if has_names else parameters:
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        self.register_parameter(name, _parameter(value))

    def __getitem__(self, name: str) -> Parameter:
        return dict(self._own(Parameter))[name]

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def __len__(self) -> int:
        return len(self._own(Parameter))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def pop(self, name: str) -> Parameter:
        """Remove one and return it."""
        value = self[name]
        delattr(self, name)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        return dict(self._own(Parameter)).get(name, default)

    def keys(self) -> Any:
        return dict(self._own(Parameter)).keys()

    def values(self) -> Any:
        return dict(self._own(Parameter)).values()

    def items(self) -> Any:
        return dict(self._own(Parameter)).items()
