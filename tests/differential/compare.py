"""A call on both libraries, and the one checker of what comes back."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import nnlite
import nnlite.torch
from tests.differential.draws import MISSING, Recipe
from tests.differential.exceptions import DIFFERS, EXTENSIONS, REFUSALS

MORE = int(os.environ.get("NNLITE_DIFFERENTIAL", "0"))
TOLERANCE = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-11}


def examples(number: int) -> settings:
    """So many examples, always the same; with NNLITE_DIFFERENTIAL as many as it says, and other ones each time."""
    if MORE:
        return settings(max_examples=MORE, deadline=None, print_blob=True)
    return settings(max_examples=number, deadline=None, derandomize=True, database=None)


class Library:
    """nnlite, with what only nnlite.torch has; its nn and nn.functional likewise."""

    def __init__(self, ours: Any, room: Any):
        self.ours, self.room = ours, room

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self.ours, name):
            return getattr(self.room, name)
        ours = getattr(self.ours, name)
        return Library(ours, getattr(self.room, name)) if name in ("nn", "functional") else ours


LIBRARY = Library(nnlite, nnlite.torch)

# The call


class Call(NamedTuple):
    """A function of (library, *arguments, **keywords), with recipes for arguments."""

    name: str
    function: Callable[..., Any]
    arguments: list
    keywords: Mapping[str, Any] = MappingProxyType({})

    def __repr__(self) -> str:
        given = [*map(repr, self.arguments), *(f"{key}={value!r}" for key, value in self.keywords.items())]
        return f"{self.name}({', '.join(given)})"


class Entry(NamedTuple):
    """A line of the table: strategies for the arguments in their order, and for those that are given by name alone.

    A strategy may be a function of what was drawn before it. A name with a * takes several values.
    """

    arguments: dict[str, Any]
    keywords: dict[str, Any]
    random: bool  # the numbers are not compared
    call: Callable[..., Any] | None
    rounding: float  # how much larger the terms are than what becomes of them: 1 / sqrt(eps) for a norm


def draw_arguments(draw, wanted: dict[str, Any], drawn: dict[str, Any]) -> None:
    for name, strategy in wanted.items():
        drawn[name] = draw(strategy if isinstance(strategy, SearchStrategy) else strategy(drawn))


@st.composite
def calls(draw, name: str, entry: Entry, forms: list[tuple[str, Callable]]) -> Call:
    drawn: dict[str, Any] = {}
    draw_arguments(draw, entry.arguments, drawn)
    draw_arguments(draw, entry.keywords, drawn)
    form, function = draw(st.sampled_from(forms))
    positional: list = []
    keywords = {key: drawn[key] for key in entry.keywords if drawn[key] is not MISSING}
    by_position = draw(st.integers(0, len(entry.arguments))) if entry.call is None else len(entry.arguments)
    for i, argument in enumerate(entry.arguments):
        value = drawn[argument]
        if argument.startswith("*"):
            positional += value if value and draw(st.booleans()) else [draw(st.sampled_from((tuple, list)))(value)]
        elif value is MISSING:
            by_position = -1
        elif i < max(by_position, form == "Tensor"):
            positional.append(value)
        else:
            keywords[argument] = value
    return Call(f"{form}.{name}" if form else name, function, positional, keywords)


# What came of it


class Outcome(NamedTuple):
    error: Exception | None
    result: Any
    leaves: list  # the memory that the arguments were made of
    arrays: list  # the same, for NumPy

    def __repr__(self) -> str:
        return f"{type(self.error).__name__}: {self.error}" if self.error else describe(self.result)


class Difference(AssertionError):
    """What differs, for which call."""

    def __init__(self, kind: str, call: Call, ours: Any, theirs: Any):
        self.kind, self.call, self.ours, self.theirs = kind, call, ours, theirs
        super().__init__(f"{kind} of {call}\n  nnlite:  {ours}\n  PyTorch: {theirs}")


def make(value: Any, lib: Any, leaves: list) -> Any:
    """The value, with recipes inside it followed."""
    if hasattr(value, "make"):
        return value.make(lib, leaves)
    if isinstance(value, (list, tuple)):
        return type(value)(make(v, lib, leaves) for v in value)
    return value


def run(lib: Any, call: Call) -> Outcome:
    leaves: list = []
    arguments = [make(value, lib, leaves) for value in call.arguments]
    keywords = {key: make(value, lib, leaves) for key, value in call.keywords.items()}
    arrays = [array_of(leaf) for leaf in leaves]
    result, error = attempt(lambda: call.function(lib, *arguments, **keywords))
    return Outcome(error, result, leaves, arrays)


def attempt(action: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What it returns, or what it raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return action(), None
        except Exception as error:
            return None, error


def is_tensor(value: Any) -> bool:
    return hasattr(value, "requires_grad") and hasattr(value, "detach")


def array_of(value: Any) -> np.ndarray:
    return value.detach().numpy() if is_tensor(value) else value


def parts(result: Any) -> Iterator[Any]:
    """The values in a result, which may be nested."""
    if isinstance(result, (list, tuple)):
        for value in result:
            yield from parts(value)
    elif isinstance(result, dict):
        for key in result:
            yield key
            yield from parts(result[key])
    else:
        yield result


def describe(result: Any) -> str:
    """Everything about a result but its numbers: structure, shapes, dtypes, and whether gradients are required."""
    if isinstance(result, (list, tuple)):
        inside = ", ".join(map(describe, result))
        return f"[{inside}]" if isinstance(result, list) else f"({inside})"
    if isinstance(result, dict):
        return "{" + ", ".join(f"{key}: {describe(value)}" for key, value in result.items()) + "}"
    if is_tensor(result):
        dtype = str(result.dtype).removeprefix("torch.")
        return f"tensor {dtype} {tuple(result.shape)}{', requires_grad' if result.requires_grad else ''}"
    if isinstance(result, np.ndarray):
        return f"array {result.dtype} {result.shape}"
    if type(result).__name__ in ("dtype", "device") or type(result).__name__.endswith("DType"):
        return str(result).removeprefix("torch.")
    return f"{type(result).__name__} {result}" if isinstance(result, (int, str)) else type(result).__name__


# The checker


def check(call: Call, torch: Any, random: bool = False, rounding: float = 1.0) -> None:
    """Raise Difference unless both libraries do the same, or one of the exceptions is known."""
    try:
        compare(call, torch, random, rounding)
    except Difference as difference:
        if not any(re.search(d.name, call.name) and d.kind == difference.kind and d.when(difference) for d in DIFFERS):
            raise


def compare(call: Call, torch: Any, random: bool, rounding: float) -> None:
    ours, theirs = run(LIBRARY, call), run(torch, call)
    if either_raises(call, ours, theirs):
        return
    if describe(ours.result) != describe(theirs.result):
        raise Difference("form", call, ours, theirs)
    if not random:
        compare_numbers(call, "value", ours.result, theirs.result, rounding=rounding)
        compare_numbers(call, "input afterwards", ours.leaves, theirs.leaves)
        if not compare_gradients(call, ours, theirs, rounding):
            return
    compare_sharing(call, ours, theirs)


def either_raises(call: Call, ours: Any, theirs: Any) -> bool:
    """Whether there is nothing more to compare, since one of the two has raised, or both."""
    if ours.error and not theirs.error and not known(REFUSALS, call, ours.error):
        raise Difference("refusal", call, ours, theirs)
    if theirs.error and not ours.error and not known(EXTENSIONS, call, theirs.error):
        raise Difference("accepted", call, ours, theirs)
    return bool(ours.error or theirs.error)


def known(exceptions: list, call: Call, error: Exception) -> bool:
    """Whether one of them has this name and this message."""
    return any(re.search(e.name, call.name) and re.search(e.message, f"{type(error).__name__}: {error}", re.S)
               for e in exceptions)  # fmt: skip


def compare_numbers(
    call: Call, kind: str, ours: Any, theirs: Any, loosest: str = "float64", rounding: float = 1.0
) -> None:
    """Raise Difference unless two structures hold equal numbers, but for rounding in the coarsest dtype around."""
    for a, b in zip(parts(ours), parts(theirs), strict=True):
        if is_tensor(b) or isinstance(b, np.ndarray):
            a, b = array_of(a), array_of(b)
            if not close(a, b, loosest, rounding):
                raise Difference(kind, call, a.tolist(), b.tolist())
        elif isinstance(b, float) and not np.isclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True):
            raise Difference(kind, call, a, b)


def close(a: np.ndarray, b: np.ndarray, loosest: str, rounding: float = 1.0) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    finite = np.abs(b[np.isfinite(b)]).astype(np.float64)
    tolerance = max(TOLERANCE[a.dtype.name], TOLERANCE[loosest]) * max(rounding, finite.max(initial=0.0))
    return np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True)


def loosest_dtype(arrays: list) -> str:
    """The one with the fewest digits among the floating-point ones."""
    names = [array.dtype.name for array in arrays if array.dtype.name in TOLERANCE]
    return max(names, key=TOLERANCE.__getitem__, default="float64")


def compare_gradients(call: Call, ours: Outcome, theirs: Outcome, rounding: float) -> bool:
    """Run both backward with the same random gradients; compare those of all leaves. False if neither could."""

    def backward(outcome: Outcome) -> tuple[Any, Exception | None]:
        def action():
            rng = np.random.default_rng(5)
            for output in parts(outcome.result):
                if is_tensor(output) and output.requires_grad:
                    lib = LIBRARY if isinstance(output, nnlite.Tensor) else sys.modules["torch"]
                    u = rng.integers(-4, 5, tuple(output.shape)) * 0.5
                    output.backward(lib.tensor(u.astype(array_of(output).dtype)), retain_graph=True)
            return [leaf.grad if is_tensor(leaf) else None for leaf in outcome.leaves]

        return attempt(action)

    a, b = (Outcome(*backward(outcome)[::-1], [], []) for outcome in (ours, theirs))
    backward_of = call._replace(name=f"backward of {call.name}")
    if either_raises(backward_of, a, b):
        return False
    if describe(a.result) != describe(b.result):
        raise Difference("form of the gradients", call, a, b)
    loosest = loosest_dtype([*theirs.arrays, *map(array_of, _floating(theirs))])
    compare_numbers(call, "gradient", a.result, b.result, loosest, rounding)
    return True


def _floating(outcome: Outcome) -> list:
    return [part for part in parts(outcome.result) if is_tensor(part)]


def compare_sharing(call: Call, ours: Outcome, theirs: Outcome) -> None:
    """Change each argument's memory; compare which results change with it."""
    shared = [[changes_with(outcome, i) for i in range(len(outcome.arrays))] for outcome in (ours, theirs)]
    if shared[0] != shared[1]:
        raise Difference("sharing of memory", call, *shared)


def changes_with(outcome: Outcome, i: int) -> list[bool]:
    """Which of the results change when an argument does."""
    results = [array_of(part) for part in parts(outcome.result) if is_tensor(part) or isinstance(part, np.ndarray)]
    before = [result.copy() for result in results]
    array = outcome.arrays[i]
    array[...] = ~array if array.dtype.kind == "b" else 77
    return [not np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(results, before, strict=True)]


def tensors_in(call: Call) -> list[Recipe]:
    return [part for part in parts([call.arguments, call.keywords]) if isinstance(part, Recipe)]
