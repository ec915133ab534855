"""The parameters of a style: a frozen dataclass whose fields know their ranges.

    @dataclass(frozen=True)
    class Negative(Parameters):
        white: int = ranged(255, 1, 255, "the level that black becomes")

Negative(white=300) then raises a ValueError that names the range.
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import Field, dataclass, field, fields, replace
from math import inf
from numbers import Integral, Real
from typing import Any, Self


def ranged(default: float, low: float, high: float, meaning: str) -> Any:
    """A field of a Parameters class: its default, the least and the largest value it may have, and what it is.

    A whole number as default asks for whole numbers.
    """
    return field(default=default, metadata={"range": (low, high), "meaning": meaning})


@dataclass(frozen=True)
class Parameters:
    """Base of all styles' parameters. Making one raises ValueError for a value outside its field's range."""

    def __post_init__(self) -> None:
        for one in fields(self):
            if "range" in one.metadata:
                object.__setattr__(self, one.name, _checked(one, getattr(self, one.name)))

    def changed(self, **values: float) -> Self:
        """A copy with other values. Raises ValueError for an unknown name (suggesting the nearest) or a value
        outside its range."""
        for name in values:
            self._field(name)
        return replace(self, **values)

    def parse(self, texts: Iterable[str]) -> dict[str, float]:
        """["tones=6", ...] -> {"tones": 6, ...}, as a command line gives them. Raises ValueError likewise."""
        values = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals:
                raise ValueError(f"a parameter is given as NAME=VALUE, got {text!r}")
            one = self._field(name)
            try:
                values[name] = _kind(one)(value)
            except ValueError as error:
                raise ValueError(f"{name} is {value}; it needs {_needs(one)}") from error
        self.changed(**values)
        return values

    def describe(self) -> Iterable[str]:
        """A line for each parameter that has a range: name, value, range, meaning."""
        for one in fields(self):
            if "range" in one.metadata:
                low, high = one.metadata["range"]
                yield f"{one.name:16} {getattr(self, one.name):<7g} {f'{low:g}..{high:g}':11} {one.metadata['meaning']}"

    def _field(self, name: str) -> Field:
        known = {one.name: one for one in fields(self)}
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known)}"
            raise ValueError(f"{type(self).__name__} has no parameter {name!r}{hint}")
        return known[name]


def _checked(one: Field, value: Any) -> float:
    """The value as the type of the field's default. Raises ValueError if it is of another kind or out of range."""
    kind = _kind(one)
    low, high = one.metadata["range"]
    is_number = isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise ValueError(f"{one.name} is {value!r}; it needs {_needs(one)}")
    return kind(value)


def _kind(one: Field) -> Callable[[Any], Any]:
    return type(one.default)


def _needs(one: Field) -> str:
    low, high = one.metadata.get("range", (-inf, inf))
    return f"a {'whole ' if _kind(one) is int else ''}number in {low:g}..{high:g}"
