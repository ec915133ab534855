"""Recipes for arguments, which either library can follow, and hypothesis strategies that draw recipes.

Values are halves between -2 and 2, all exact, so that there are many ties, zeros and kinks, where libraries differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

FLOATS, WHOLE = ("float32", "float64", "float16"), ("int64", "int32", "uint8", "int8", "int16")
floats = st.sampled_from(("float32", "float32", "float32", "float64"))
numbers = st.sampled_from(("float32", "float32", "float64", "float16", "int64", "int32", "uint8"))
dtypes = st.sampled_from(("float32", "float32", "float64", "float16", *WHOLE, "bool"))
whole = st.sampled_from(WHOLE[:3])
sizes = st.sampled_from((2, 3, 1, 4, 2, 3, 1, 0))
flags = st.booleans()
shapes = st.lists(sizes, max_size=4).map(tuple)
full_shapes = st.lists(st.sampled_from((2, 3, 1, 4)), max_size=4).map(tuple)
seeds = st.integers(0, 99)

ORDERS = {"C": 0, "transposed": 2, "channels last": 4, "every second": 1, "expanded": 1}  # and the axes they need


class Recipe(NamedTuple):
    """A tensor: the numbers, how they lie in memory, and whether it is a leaf, computed, or requires no gradient."""

    values: np.ndarray
    order: str = "C"
    grad: str = "none"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def make(self, lib: Any, made: list) -> Any:
        """The tensor; `made` gets its memory, a dense leaf."""
        values, undo = laid_out(self.values, self.order)
        leaf = lib.tensor(values, requires_grad=self.grad != "none")
        made.append(leaf)
        return undo(leaf.clone() if self.grad == "computed" else leaf)

    def __repr__(self) -> str:
        more = "".join(f", {word}" for word in (self.order, self.grad) if word not in ("C", "none"))
        return f"tensor({self.values.tolist()}, {self.values.dtype}{self.values.shape}{more})"


def laid_out(values: np.ndarray, order: str) -> tuple[np.ndarray, Callable[[Any], Any]]:
    """Other values, and the view of them that looks like the ones given."""
    n = values.ndim
    if order == "transposed":
        return np.ascontiguousarray(values.T), lambda t: t.permute(*range(n)[::-1])
    if order == "channels last":
        return np.ascontiguousarray(values.transpose(0, 2, 3, 1)), lambda t: t.permute(0, 3, 1, 2)
    if order == "every second":
        wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1] + 1), values.dtype)
        wide[..., 1::2] = values
        return wide, lambda t: t[..., 1::2]
    if order == "expanded" and values.shape[0] > 1:
        return values[:1].copy(), lambda t: t.expand(*values.shape)
    return values.copy(), lambda t: t


class FromLibrary(NamedTuple):
    """Something that a library has under this name, such as a dtype."""

    name: str

    def make(self, lib: Any, made: list) -> Any:
        return getattr(lib, self.name)

    def __repr__(self) -> str:
        return self.name


class Array(NamedTuple):
    """A NumPy array, each library its own copy."""

    values: np.ndarray

    def make(self, lib: Any, made: list) -> Any:
        made.append(self.values.copy())
        return made[-1]


class Missing:
    """An argument that is left out."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


def maybe(strategy: Any) -> Any:
    """An argument that may be left out."""
    if not isinstance(strategy, SearchStrategy):
        return lambda drawn: maybe(strategy(drawn))
    return st.one_of(st.just(MISSING), strategy)


def a_dtype(of: SearchStrategy = dtypes) -> SearchStrategy:
    return of.map(FromLibrary)


def numbers_of(shape: tuple[int, ...], dtype: str, seed: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Halves (or whole numbers) between low and high."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return np.asarray(rng.integers(0, 2, shape), bool)
    step = 0.5 if dtype in FLOATS else 1.0
    if dtype == "uint8":
        low = max(low, 0)
    drawn = rng.integers(math.ceil(low / step), math.floor(high / step) + 1, shape) * step
    return np.asarray(drawn).astype(dtype)


@st.composite
def tensors(
    draw,
    shape=shapes,
    dtype=dtypes,
    low=-2.0,
    high=2.0,
    grads=("leaf", "leaf", "none", "computed"),
    orders=tuple(ORDERS),
) -> Recipe:
    shape = draw(shape) if isinstance(shape, SearchStrategy) else shape
    kind = draw(dtype) if isinstance(dtype, SearchStrategy) else dtype
    order = draw(st.sampled_from([order for order in orders if len(shape) >= ORDERS[order]]))
    values = numbers_of(shape, kind, draw(seeds), low, high)
    if order == "expanded":
        values[:] = values[:1]
    return Recipe(values, order, draw(st.sampled_from(grads)) if kind in FLOATS else "none")


def alike(name: str, **changes: Any) -> Callable[[dict], SearchStrategy]:
    """A tensor whose shape broadcasts with that of an argument drawn before, most often of its dtype."""

    def strategy(drawn: dict) -> SearchStrategy:
        first = drawn[name]
        if not isinstance(first, Recipe):
            return tensors(**changes)
        same = st.sampled_from((first.values.dtype.name,) * 3)
        return tensors(**{"shape": broadcastable(first.shape), "dtype": st.one_of(same, same, dtypes), **changes})

    return strategy


def same(name: str, **changes: Any) -> Callable[[dict], SearchStrategy]:
    """A tensor of the same shape and dtype as an argument drawn before."""
    return lambda drawn: tensors(**{"shape": drawn[name].shape, "dtype": drawn[name].values.dtype.name, **changes})


@st.composite
def broadcastable(draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape itself, with sizes of 1, with axes missing or added in front; now and then one that does not fit."""
    sizes = [1 if draw(st.integers(0, 4)) == 0 else n for n in shape]
    how = draw(st.sampled_from(("same", "same", "shorter", "longer", "0-d", "odd")))
    if how == "shorter":
        sizes = sizes[draw(st.integers(0, len(sizes))) :]
    if how == "longer" and len(sizes) < 4:
        sizes = [draw(st.sampled_from((1, 2))), *sizes]
    if how == "odd" and sizes:
        sizes[-1] = 5
    return () if how == "0-d" else tuple(sizes)


python_numbers = st.sampled_from((2, 0, -1, 3, 0.5, -1.5, 2.0, True))
settings_floats = st.sampled_from((0.5, 1.0, 2.0, 0.1, -1.0, 0, 1))


def or_number(other: Callable[[dict], SearchStrategy], numbers: SearchStrategy = python_numbers) -> Callable:
    """What `other` draws, or a Python number."""
    return lambda drawn: st.one_of(other(drawn), other(drawn), numbers)


def rank(drawn: dict, name: str) -> int:
    """How many axes an argument has, that is a tensor or a list of them."""
    value = drawn[name]
    value = value[0] if isinstance(value, (list, tuple)) and value and isinstance(value[0], Recipe) else value
    return len(value.shape) if isinstance(value, Recipe) else 2


def dim_of(name: str, new: int = 0) -> Callable[[dict], SearchStrategy]:
    """One axis, counted from either end; now and then one that is not there."""

    def strategy(drawn: dict) -> SearchStrategy:
        n = rank(drawn, name) + new
        good = st.integers(-max(n, 1), max(n, 1) - 1)
        return st.one_of(good, good, good, st.integers(-n - 1, n))

    return strategy


def dims_of(name: str) -> Callable[[dict], SearchStrategy]:
    """One axis, several, none, or None."""

    def strategy(drawn: dict) -> SearchStrategy:
        n = rank(drawn, name)
        one = dim_of(name)(drawn)
        several = st.permutations(range(n)).flatmap(lambda p: st.integers(0, n).map(lambda k: p[:k]))
        signed = several.flatmap(lambda p: st.booleans().map(lambda s: [d - n * s for d in p]))
        return st.one_of(one, one, signed.map(tuple), signed, st.none())

    return strategy


def shape_for(name: str) -> Callable[[dict], SearchStrategy]:
    """Sizes that hold as many elements as an argument: for reshape. Sometimes with a -1, sometimes wrong."""

    @st.composite
    def strategy(draw, drawn):
        shape = drawn[name].shape
        count = math.prod(shape)
        new = []
        rest = count
        for _ in range(draw(st.integers(0, 3))):
            divisors = [d for d in range(1, rest + 1) if rest % d == 0] or [0, 1, 2]
            new.append(draw(st.sampled_from(divisors)))
            rest = rest // new[-1] if new[-1] else 0
        new.append(rest)
        new = draw(st.permutations(new))
        how = draw(st.sampled_from(("right", "right", "minus", "minus", "wrong", "as it is", "none")))
        if how == "minus":
            new[draw(st.integers(0, len(new) - 1))] = -1
        if how == "wrong":
            new[0] += 1
        if how == "none" and count == 1:
            return []
        return list(shape) if how == "as it is" else new

    return strategy


def order_of(name: str) -> Callable[[dict], SearchStrategy]:
    """All axes in some order, counted from either end; now and then one too few."""

    def strategy(drawn):
        n = rank(drawn, name)
        signed = st.permutations(range(n)).flatmap(lambda p: st.tuples(*[st.sampled_from((d, d, d - n)) for d in p]))
        return st.one_of(signed.map(list), signed.map(list), signed.map(lambda p: list(p[1:])))

    return strategy


def expansion_of(name: str) -> Callable[[dict], SearchStrategy]:
    """Sizes to which a shape expands, with -1 for some that stay."""

    @st.composite
    def strategy(draw, drawn):
        sizes = [draw(st.sampled_from((n, -1, 3))) if n == 1 else draw(st.sampled_from((n, n, -1)))
                 for n in drawn[name].shape]  # fmt: skip
        front = draw(st.sampled_from(([], [], [2], [1, 3])))
        return [*front, *sizes]

    return strategy


# Indices


class Numpy(NamedTuple):
    """A number of NumPy's."""

    value: Any

    def make(self, lib: Any, made: list) -> Any:
        return self.value


def index_parts(n: int) -> SearchStrategy:
    """What may index one axis of size n."""
    inside = st.integers(-n, n - 1) if n else st.just(0)
    ends = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    slices = st.builds(slice, ends, ends, st.sampled_from((None, None, 1, 2, 3)))
    several = st.lists(inside, min_size=1, max_size=3)
    mask = st.lists(st.booleans(), min_size=n, max_size=n)
    as_tensor = st.sampled_from(("int64", "int64", "int32", "int16")).flatmap(
        lambda dtype: several.map(lambda values: Recipe(np.asarray(values, dtype)))
    )
    return st.one_of(
        slices,
        slices,
        inside,
        inside.map(lambda i: Numpy(np.int64(i))),
        inside.map(lambda i: Recipe(np.asarray(i))),
        several,
        several.map(tuple),
        st.integers(0, n).map(range),
        several.map(lambda values: Array(np.asarray(values))),
        as_tensor,
        as_tensor,
        st.tuples(inside, inside).map(lambda p: Recipe(np.asarray([p, p[::-1]]))),
        mask,
        mask.map(lambda m: Recipe(np.asarray(m, bool))),
        mask.map(lambda m: Recipe(np.asarray(m, np.uint8))),
        mask.map(lambda m: Array(np.asarray(m, bool))),
    )


ODD_KEYS = (
    None,
    ...,
    True,
    False,
    0.5,
    "a",
    [],
    (),
    [[0, 0], [0, 0]],
    [[0], [0]],
    [[0, 0]],
    [slice(None), 0],
    slice(0.5),
    slice(None, None, -1),
    Numpy(np.float64(0.0)),
    Numpy(np.True_),
    Recipe(np.asarray(True)),
    Recipe(np.asarray([0.0, 1.0])),
    Recipe(np.zeros((0,), np.int64)),
    [Recipe(np.asarray(0)), Recipe(np.asarray(0))],
    Recipe(np.asarray(0, np.uint8)),
    Recipe(np.asarray([0], np.int8)),
    7,
    -7,
    [0, 9],
    range(0),
)


def key_of(name: str) -> Callable[[dict], SearchStrategy]:
    """What may stand between [ and ] after a tensor."""

    @st.composite
    def strategy(draw, drawn):
        shape = drawn[name].shape
        how = draw(st.sampled_from(("one", "several", "several", "several", "mask", "odd")))
        if how == "odd" or not shape:
            return draw(st.sampled_from(ODD_KEYS))
        if how == "one":
            return draw(index_parts(shape[0]))
        if how == "mask":
            rank = draw(st.integers(1, len(shape)))
            dtype = draw(st.sampled_from((np.bool_, np.bool_, np.uint8)))
            return Recipe(numbers_of(shape[:rank], "bool", draw(seeds)).astype(dtype))
        parts: list = [draw(index_parts(n)) for n in shape[: draw(st.integers(1, len(shape)))]]
        if draw(st.booleans()):
            parts.insert(draw(st.integers(0, len(parts))), draw(st.sampled_from((None, ..., None, True, slice(None)))))
        return tuple(parts)

    return strategy
