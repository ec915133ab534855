"""Load weights from files that a user names: their metadata is checked before any network is built."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import nnlite
from models.weights import load_weights
from nnlite import CheckpointError, nn

ROOM = 10**6  # a network may have this many weights more than its file, and is still built and compared in detail
Network = TypeVar("Network", bound=nn.Module)


class Claims:
    """The metadata of a file, or a dictionary in it. A missing or wrong value raises CheckpointError.

    path      the file
    values    names and values
    program   what writes such files, for the messages
    """

    def __init__(self, path: Path, values: Mapping[str, Any], program: str):
        self.path, self.values, self.program = path, values, program

    def number(self, name: str, allowed: Sequence[int]) -> int:
        """A whole number, as a number or as a string."""
        value = self.values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
            value = int(value)
        if type(value) is not int or value not in allowed:
            choice = f"from {allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else f"of {allowed}"
            raise self.wrong(name, f"a whole number {choice}")
        return value

    def one_of(self, name: str, choices: Collection[str]) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(name, f"one of {', '.join(choices)}")
        return value

    def inside(self, name: str) -> Claims:
        """A dictionary, written as JSON."""
        return Claims(self.path, self._parsed(name, dict, "a dictionary"), self.program)

    def strings(self, name: str) -> list[str]:
        """A list of strings, written as JSON."""
        found = self._parsed(name, list, "a list of strings")
        if not all(isinstance(text, str) for text in found):
            raise self.wrong(name, "a list of strings")
        return found

    def only(self, names: Collection[str]) -> None:
        """Raise CheckpointError if there are any other names."""
        if strange := [name for name in self.values if name not in names]:
            raise self.wrong(strange[0], f"nothing but {', '.join(names)}")

    def wrong(self, name: str, expected: str) -> CheckpointError:
        found = f"its {name} is {self.values[name]!r:.60}" if name in self.values else f"it has no {name}"
        return CheckpointError(f"{self.path}: {found}, expected {expected}; use weights that {self.program} wrote")

    def _parsed(self, name, kind, expected):
        try:
            value = json.loads(self.values.get(name, ""))
        except (TypeError, ValueError, RecursionError):
            value = None
        if not isinstance(value, kind):
            raise self.wrong(name, f"{expected} in JSON")
        return value


def build_and_load(build: Callable[..., Network], options: Mapping[str, int], path: Path) -> Network:
    """The network build(**options) with the weights of a file, ready to use. The random numbers are left as they were.

    A network much larger than the file is not built, as a damaged file may claim a width that no memory holds. Raises
    CheckpointError.
    """
    state, random_state = nnlite.load(path), nnlite.get_rng_state()
    try:
        held = sum(weight.numel() for weight in state.values() if isinstance(weight, nnlite.Tensor))
        needed = sum(math.prod(shape) for shape in shapes(build, options).values())
        if needed > held + ROOM:
            given = ", ".join(f"{name} {value}" for name, value in options.items())
            raise CheckpointError(
                f"{path} does not hold what it says: a network with {given} has {needed} weights, the file {held}; "
                "take another copy"
            )
        network = build(**options)
    finally:
        nnlite.set_rng_state(random_state)
    load_weights(network, state, path)
    return network.eval()


def shapes(build: Callable[..., nn.Module], options: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The shape of each weight of build(**options), without building it.

    All sides grow linearly with the width, so two narrow networks are enough. Their widths are odd or even like the
    real one, because some networks halve it.
    """
    narrow = 2 + options["width"] % 2
    first, second = (build(**{**options, "width": width}).state_dict() for width in (narrow, narrow + 2))
    steps = (options["width"] - narrow) // 2
    return {
        name: tuple(a + (b - a) * steps for a, b in zip(weight.shape, second[name].shape, strict=True))
        for name, weight in first.items()
    }
