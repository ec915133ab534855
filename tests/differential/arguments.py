"""Strategies for the arguments of the functions in the table."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.differential.compare import Entry
from tests.differential.draws import (
    FLOATS,
    MISSING,
    Recipe,
    a_dtype,
    alike,
    dim_of,
    dims_of,
    dtypes,
    flags,
    floats,
    full_shapes,
    maybe,
    numbers,
    or_number,
    rank,
    same,
    seeds,
    settings_floats,
    shapes,
    sizes,
    tensors,
)  # fmt: skip


def args(
    call: Any = None, keywords: Any = None, random: bool = False, rounding: float = 1.0, **arguments: Any
) -> Entry:
    return Entry(arguments, keywords or {}, random, call, rounding)


x = tensors()
number = tensors(dtype=numbers)
fl = tensors(dtype=floats)
full = tensors(shape=full_shapes)
full_fl = tensors(shape=full_shapes, dtype=floats)
masks = tensors(dtype=st.just("bool"))
positive = tensors(dtype=floats, low=0.5)
other = alike("input")
dim, dims, keepdim = dim_of("input"), dims_of("input"), maybe(flags)
dtype = maybe(a_dtype())
unary = args(input=number)
unary_fl = args(input=fl)
binary = args(input=x, other=or_number(other))
binary_tensors = args(input=x, other=other)
matrices = st.tuples(sizes, sizes)
vectors = st.tuples(sizes)
bounds = maybe(st.one_of(st.none(), settings_floats))
reduced = {"reduction": maybe(st.sampled_from(("mean", "sum", "none", "none", "average")))}
images = tensors(
    shape=st.tuples(st.sampled_from((1, 2)), st.sampled_from((1, 2, 4)), st.integers(1, 6), st.integers(1, 6)),
    dtype=floats,
)
some_images = st.one_of(
    images,
    images,
    images,
    tensors(shape=st.tuples(st.sampled_from((1, 2)), st.integers(1, 5), st.integers(1, 5)), dtype=floats),
)


@st.composite
def several(draw, dim_new=False):
    """Tensors that go together along some axis, most often."""
    first = draw(x)
    more = []
    for _ in range(draw(st.integers(0, 2))):
        shape = list(first.shape)
        if shape and not dim_new and draw(st.booleans()):
            shape[draw(st.integers(0, len(shape) - 1))] = draw(sizes)
        dtype = first.values.dtype.name if draw(st.integers(0, 3)) else draw(dtypes)
        more.append(draw(tensors(shape=tuple(shape), dtype=dtype)))
    return draw(st.sampled_from((tuple, list)))([first, *more])


def cut_into(name):
    """One size, or sizes that add up along axis 0."""
    return lambda drawn: st.one_of(st.integers(0, 4), st.integers(0, 4).map(lambda k: _sections(drawn[name], k)))


def _sections(recipe, k):
    n = recipe.shape[0] if recipe.shape else 0
    return [min(k, n), n - min(k, n)]


def factor_for(drawn, transposed=False):
    """A matrix, vector or stack of them that can be multiplied with the input, most often."""
    shape = drawn["input"].shape
    k = shape[-1] if shape else 1
    fit = st.sampled_from(((k,), (k, 2), (k, 1), (1, k, 3), (2, k, 2), (k, 0), (k + 1, 2)))
    front = st.just((*shape[:-2], k, 2)) if len(shape) > 2 else fit
    same_dtype = st.just(drawn["input"].values.dtype.name)
    return tensors(shape=st.one_of(fit, front), dtype=st.one_of(same_dtype, same_dtype, same_dtype, dtypes))


def places_in(name, dim_name="dim", shape=None):
    """Whole numbers that are places along an axis of an argument, most often."""

    @st.composite
    def strategy(draw, drawn):
        input, dim = drawn[name], drawn[dim_name]
        n = input.shape[dim] if input.shape and -len(input.shape) <= dim < len(input.shape) else 1
        sizes = shape if shape is not None else [draw(st.integers(0 if m == 0 else 1, m)) for m in input.shape]
        sizes = draw(sizes) if isinstance(sizes, st.SearchStrategy) else sizes
        rng = np.random.default_rng(draw(seeds))
        low = -1 if draw(st.integers(0, 9)) == 0 else 0
        return Recipe(
            rng.integers(low, max(n, 1), tuple(sizes)).astype(draw(st.sampled_from(("int64",) * 4 + ("int32",))))
        )

    return strategy


@st.composite
def probabilities(draw, drawn=None, name=None):
    shape = drawn[name].shape if drawn else draw(shapes)
    dtype = drawn[name].values.dtype.name if drawn else draw(floats)
    values = np.random.default_rng(draw(seeds)).integers(1, 8, shape) / 8
    return Recipe(np.asarray(values).astype(dtype), "C", draw(st.sampled_from(("leaf", "none"))))


def targets_like(name):
    """A target of the same shape, most often; of the same dtype, most often; now and then one that broadcasts."""
    return lambda drawn: st.one_of(same(name)(drawn), same(name)(drawn), alike(name)(drawn))


@st.composite
def classified(draw):
    """Scores (N, C) or (C,) or (N, C, H, W)."""
    shape = draw(st.sampled_from(((2, 3), (3, 2), (1, 4), (3,), (2, 3, 2), (2, 3, 2, 1), (0, 3))))
    return draw(tensors(shape=shape, dtype=floats))


@st.composite
def classes_for(draw, drawn, probable=False):
    scores = drawn["input"].shape
    n = scores[1] if len(scores) > 1 else scores[0]
    shape = (scores[0], *scores[2:]) if len(scores) > 1 else ()
    how = draw(st.sampled_from(("classes", "classes", "classes", "probabilities", "int32", "ignored", "shape")))
    rng = np.random.default_rng(draw(seeds))
    if how == "probabilities":
        return Recipe((rng.integers(0, 5, scores) / 4).astype(drawn["input"].values.dtype))
    values = np.asarray(rng.integers(0, n, shape))
    if how == "ignored":
        values = np.where(rng.integers(0, 2, shape) == 0, draw(st.sampled_from((-100, -100, 1))), values)
    if how == "shape":
        values = np.zeros((*shape, 1), int)
    return Recipe(np.asarray(values).astype("int32" if how == "int32" else "int64"))


def class_weights(drawn):
    scores = drawn["input"].shape
    n = scores[1] if len(scores) > 1 else scores[0]
    of_classes = tensors(shape=(n,), dtype=drawn["input"].values.dtype.name, low=0.0, grads=("none",))
    return maybe(st.one_of(st.none(), of_classes))


@st.composite
def filters_for(draw, drawn, transposed=False):
    channels = drawn["input"].shape[-3]
    groups = drawn["groups"] if "groups" in drawn and drawn["groups"] is not MISSING else 1
    inner = channels // groups if groups and channels % groups == 0 else channels
    k = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    outer = groups * draw(st.integers(1, 2))
    shape = (channels, draw(st.integers(1, 2)), *k) if transposed else (outer, inner, *k)
    return draw(tensors(shape=shape, dtype=drawn["input"].values.dtype.name))


def bias_of(axis_of_outputs, groups=False):
    def strategy(drawn):
        n = drawn["weight"].shape[axis_of_outputs] * (
            drawn["groups"] if groups and drawn["groups"] is not MISSING else 1
        )
        return maybe(st.one_of(st.none(), tensors(shape=(n,), dtype=drawn["weight"].values.dtype.name)))

    return strategy


def pairs(low, high):
    one = st.integers(low, high)
    return maybe(st.one_of(one, one, st.tuples(one, one), st.lists(one, min_size=2, max_size=2)))


def dilation_without_padding(drawn):
    """Not with a padding: windows that lie in it as a whole have no largest element, and PyTorch names one anyway."""
    return pairs(1, 2) if drawn["padding"] in (MISSING, 0) else st.just(MISSING)


def per_channel(optional=True, **changes):
    def strategy(drawn):
        shape = drawn["input"].shape
        c = shape[1] if len(shape) > 1 else 1
        given = tensors(
            shape=(c,),
            dtype=drawn["input"].values.dtype.name,
            **{"grads": ("leaf", "none"), "orders": ("C",), **changes},
        )
        return st.one_of(st.none(), given, given) if optional else given

    return strategy


def ending_of(drawn):
    """A normalized_shape: the last sizes of the input, most often."""
    shape = drawn["input"].shape
    ends = [shape[i:] for i in range(len(shape))] or [(1,)]
    return st.one_of(st.sampled_from(ends), st.sampled_from(ends).map(list), st.sampled_from(ends).map(lambda e: e[-1]))


def of_normalized(drawn):
    shape = drawn["normalized_shape"]
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    given = tensors(shape=shape, dtype=drawn["input"].values.dtype.name)
    return maybe(st.one_of(st.none(), given))


normed = tensors(
    shape=st.sampled_from(((2, 3), (3, 2, 2), (2, 4, 2, 2), (2, 2, 3, 1), (1, 2), (4,), (2, 2, 1), (0, 2))),
    dtype=floats,
)
kind = {"dtype": dtype}
made = {"dtype": dtype, "requires_grad": maybe(flags)}
like = {"dtype": dtype}
size = st.lists(sizes, max_size=3)
ends = st.sampled_from((0, 1, 5, -3, 0.5, 2.0, 7.25))
batch_settings = {"momentum": maybe(st.sampled_from((0.1, 0.5, 0.0))), "eps": maybe(st.sampled_from((1e-5, 0.1)))}


def running(drawn):
    """Statistics; only dense ones, since PyTorch reads others wrongly in backward."""
    return per_channel(optional=False, low=0.5, grads=("none",), orders=("C",))(drawn)


def border(drawn):
    n = rank(drawn, "input")
    one = st.integers(-1, 3)
    return st.integers(0, max(n, 1)).flatmap(lambda k: st.lists(one, min_size=2 * k, max_size=2 * k)).flatmap(
        lambda p: st.sampled_from((p, tuple(p), tuple(p))))  # fmt: skip


def product_dtypes(shape):
    return tensors(shape=st.one_of(shape, shape, shape, shape, shapes), dtype=st.sampled_from((*FLOATS[:2], "int64")))


def partner(fitting):
    """The second factor of a product: one of the shapes that go with the first, most often of its dtype."""

    def strategy(drawn):
        first = drawn["input"]
        try:
            fit = st.sampled_from(fitting(*first.shape))
        except TypeError:
            fit = shapes
        same_dtype = st.just(first.values.dtype.name)
        return tensors(shape=fit, dtype=st.one_of(same_dtype, same_dtype, same_dtype, dtypes))

    return strategy


@st.composite
def without_ties(draw):
    """Numbers that differ, so that their order is the only one."""
    recipe = draw(tensors(dtype=numbers, orders=("C", "transposed", "every second")))
    values = np.random.default_rng(draw(seeds)).permutation(recipe.values.size).reshape(recipe.shape)
    return recipe._replace(values=values.astype(recipe.values.dtype))


def given(**arguments):
    return {name: value for name, value in arguments.items() if value is not MISSING}
