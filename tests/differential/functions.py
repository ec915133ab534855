"""The table of functions: name -> strategies for the arguments, in PyTorch's order and under its names.

A line is enough for a new function:

    "cumsum": args(input=x, dim=dim),

It is then called as torch.cumsum, F.cumsum and Tensor.cumsum, whichever PyTorch has, with its arguments by position or
by name. `keywords` are given by name alone; a `call` says how, for what is not a plain call; `random` results are
compared in everything but their numbers. A strategy may depend on the arguments before it: alike("input").
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.differential.compare import Entry
from tests.differential.draws import (
    FLOATS, MISSING, Array, FromLibrary, Recipe, a_dtype, alike, dim_of, dims_of, dtypes, expansion_of, flags, floats,
    full_shapes, key_of, maybe, numbers, numbers_of, or_number, order_of, python_numbers, rank, same, seeds,
    settings_floats, shape_for, shapes, sizes, tensors, whole,
)  # fmt: skip


def args(call: Any = None, keywords: Any = None, random: bool = False, rounding: float = 1.0, **arguments: Any) -> Entry:
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
images = tensors(shape=st.tuples(st.sampled_from((1, 2)), st.sampled_from((1, 2, 4)), st.integers(1, 6), st.integers(1, 6)), dtype=floats)
some_images = st.one_of(images, images, images, tensors(shape=st.tuples(st.sampled_from((1, 2)), st.integers(1, 5), st.integers(1, 5)), dtype=floats))


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
        return Recipe(rng.integers(low, max(n, 1), tuple(sizes)).astype(draw(st.sampled_from(("int64",) * 4 + ("int32",)))))

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
        n = drawn["weight"].shape[axis_of_outputs] * (drawn["groups"] if groups and drawn["groups"] is not MISSING else 1)
        return maybe(st.one_of(st.none(), tensors(shape=(n,), dtype=drawn["weight"].values.dtype.name)))

    return strategy


def pairs(low, high):
    one = st.integers(low, high)
    return maybe(st.one_of(one, one, st.tuples(one, one), st.lists(one, min_size=2, max_size=2)))


def per_channel(optional=True, **changes):
    def strategy(drawn):
        shape = drawn["input"].shape
        c = shape[1] if len(shape) > 1 else 1
        given = tensors(shape=(c,), dtype=drawn["input"].values.dtype.name, **{"grads": ("leaf", "none"), **changes})
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


normed = tensors(shape=st.sampled_from(((2, 3), (3, 2, 2), (2, 4, 2, 2), (2, 2, 3, 1), (1, 2), (4,), (2, 2, 1), (0, 2))), dtype=floats)
kind = {"dtype": dtype}
made = {"dtype": dtype, "requires_grad": maybe(flags)}
like = {"dtype": dtype}
size = st.lists(sizes, max_size=3)
ends = st.sampled_from((0, 1, 5, -3, 0.5, 2.0, 7.25))
batch_settings = {"momentum": maybe(st.sampled_from((0.1, 0.5, 0.0))), "eps": maybe(st.sampled_from((1e-5, 0.1)))}


def running(drawn):
    """Statistics; not expanded ones, which PyTorch reads wrongly in backward."""
    return per_channel(optional=False, low=0.5, grads=("none",), orders=("C", "every second"))(drawn)


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


without_ties = without_ties()

FUNCTIONS: dict[str, Entry] = {
    # arithmetic
    "add": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((1, 2, 0.5)))}),
    "sub": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((1, 2, 0.5)))}),
    "mul": binary,
    "div": args(input=x, other=or_number(other), keywords={"rounding_mode": maybe(st.sampled_from((None, "floor", "trunc")))}),
    "neg": args(input=x),
    "pow": args(input=number, exponent=or_number(other)),
    "exp": unary,
    "log": unary,
    "sqrt": unary,
    "abs": args(input=x),
    "clip": args(input=number, min=bounds, max=bounds),
    "clamp": args(input=number, min=bounds, max=bounds),
    "maximum": binary_tensors,
    "minimum": binary_tensors,
    "where": args(condition=masks, input=or_number(alike("condition", dtype=dtypes)), other=or_number(alike("condition", dtype=dtypes))),
    # comparisons
    **{name: binary for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "logical_not": args(input=x),
    "logical_and": binary_tensors,
    "logical_or": binary_tensors,
    # reductions
    "sum": args(input=x, dim=maybe(dims), keepdim=keepdim, keywords=kind),
    "mean": args(input=x, dim=maybe(dims), keepdim=keepdim, keywords=kind),
    "amax": args(input=number, dim=maybe(dims), keepdim=keepdim),
    "amin": args(input=number, dim=maybe(dims), keepdim=keepdim),
    "max": args(input=number, dim=maybe(dim), keepdim=keepdim),
    "min": args(input=number, dim=maybe(dim), keepdim=keepdim),
    "max of two": args(lambda lib, x, y: lib.max(x, y), input=number, other=other),
    "min of two": args(lambda lib, x, y: x.min(y), input=number, other=other),
    "argmax": args(input=number, dim=maybe(st.none() | st.integers(-3, 3)), keepdim=keepdim),
    "argmin": args(input=number, dim=maybe(st.none() | st.integers(-3, 3)), keepdim=keepdim),
    "var": args(input=fl, dim=maybe(dims), unbiased=maybe(flags), keepdim=keepdim, keywords={"correction": maybe(st.sampled_from((0, 1, 2)))}),
    "std": args(input=fl, dim=maybe(dims), unbiased=maybe(flags), keepdim=keepdim),
    "logsumexp": args(input=number, dim=dims, keepdim=keepdim),
    "norm": args(input=number, p=maybe(st.sampled_from((2, 1, 2.0, 3, float("inf"), "fro", 0.5, 0))), dim=maybe(dims), keepdim=keepdim),
    # shapes
    "reshape": args(lambda lib, x, shape: x.reshape(shape), input=x, shape=shape_for("input")),
    "view": args(**{"input": x, "*shape": shape_for("input")}),
    "reshape, sizes": args(lambda lib, x, shape: x.reshape(*shape), input=x, shape=shape_for("input")),
    "flatten": args(input=x, start_dim=maybe(dim), end_dim=maybe(dim)),
    "permute": args(lambda lib, x, dims: lib.permute(x, dims), input=x, dims=order_of("input")),
    "permute, numbers": args(lambda lib, x, dims: x.permute(*dims), input=x, dims=order_of("input")),
    "transpose": args(input=x, dim0=dim, dim1=dim),
    "squeeze": args(input=x, dim=maybe(dims)),
    "unsqueeze": args(input=x, dim=dim_of("input", 1)),
    "expand": args(**{"input": x, "*size": expansion_of("input")}),
    "clone": args(input=x),
    # parts
    "cat": args(tensors=several(), dim=maybe(dim_of("tensors"))),
    "stack": args(tensors=several(True), dim=maybe(dim_of("tensors", 1))),
    "split": args(tensor=x, split_size_or_sections=cut_into("tensor"), dim=maybe(dim_of("tensor"))),
    "chunk": args(input=x, chunks=st.integers(0, 4), dim=maybe(dim)),
    "flip": args(input=x, dims=lambda drawn: dims_of("input")(drawn).filter(lambda d: isinstance(d, (list, tuple)))),
    "roll": args(input=x, shifts=st.integers(-3, 3), dims=maybe(dim)),
    "roll several": args(lambda lib, x, shifts, dims: lib.roll(x, shifts, dims), input=x, shifts=st.tuples(st.integers(-3, 3), st.integers(-3, 3)), dims=st.tuples(st.integers(-2, 1), st.integers(-2, 1))),
    # products
    "matmul": args(input=tensors(dtype=st.sampled_from((*FLOATS[:2], "int64"))), other=factor_for),
    "linear": args(input=tensors(dtype=floats), weight=lambda drawn: tensors(shape=st.sampled_from(((2, drawn["input"].shape[-1] if drawn["input"].shape else 1), (1, 3), (0, 2))), dtype=st.sampled_from((drawn["input"].values.dtype.name,) * 3 + ("float32",))), bias=maybe(st.one_of(st.none(), tensors(shape=st.sampled_from(((2,), (1,), ())), dtype=floats)))),
    # elementary functions
    **{name: unary for name in ("sin", "cos", "log2", "log10", "log1p", "expm1", "rsqrt", "reciprocal", "square", "isnan", "isinf", "isfinite")},
    **{name: args(input=x) for name in ("sign", "floor", "ceil", "trunc")},
    "round": args(input=number, keywords={"decimals": maybe(st.sampled_from((0, 1)))}),
    "floor_divide": binary,
    "remainder": binary,
    # products
    "mm": args(input=product_dtypes(matrices), mat2=partner(lambda n, k: [(k, 2), (k, 1), (k, 0), (n, k)])),
    "bmm": args(input=product_dtypes(st.tuples(sizes, sizes, sizes)), mat2=partner(lambda b, n, k: [(b, k, 2), (b, k, 1), (1, k, 2), (k, 2)])),
    "mv": args(input=product_dtypes(matrices), vec=partner(lambda n, k: [(k,), (k,), (k, 1), (n,)])),
    "dot": args(input=product_dtypes(vectors), tensor=partner(lambda n: [(n,), (n,), (1,), (n, 1)])),
    "outer": args(input=product_dtypes(vectors), vec2=partner(lambda n: [(2,), (n,), (0,), (2, 2)])),
    "einsum": args(lambda lib, equation, a, b: lib.einsum(equation, a, b), equation=st.sampled_from(("ij,jk->ik", "ij,jk", "ij,ij->", "ij,kj->ikj", "ij,jk->ki", "ij,ij->i", "ii,ij->j", "...j,jk->...k", "ij,jk->il", "ij, jk -> ik", "i,j->ij")), a=tensors(shape=st.sampled_from(((2, 3), (2, 2), (1, 2), (3,), (2, 0))), dtype=floats), b=lambda drawn: tensors(shape=st.sampled_from(((3, 2), (2, 3), (2, 2), (1, 2), (2,), (0, 2))), dtype=st.just(drawn["a"].values.dtype.name))),
    "einsum, one tensor": args(lambda lib, equation, a: lib.einsum(equation, a), equation=st.sampled_from(("ij->ji", "ij->", "ij->i", "ii->i", "ii", "ij", "ji", "...->...")), a=tensors(shape=st.sampled_from(((2, 3), (2, 2), (1, 3))), dtype=floats)),
    # repeated, taken apart
    "repeat": args(**{"input": x, "*repeats": lambda drawn: st.lists(st.integers(0, 2), min_size=max(0, rank(drawn, "input") - (rank(drawn, "input") > 2)), max_size=rank(drawn, "input") + 1)}),
    "expand_as": args(input=x, other=lambda drawn: expansion_of("input")(drawn).map(lambda s: Recipe(np.zeros([max(n, 1) for n in s], "float32")))),
    "unbind": args(input=x, dim=maybe(dim)),
    # triangles, diagonals
    "tril": args(input=x, diagonal=maybe(st.integers(-3, 3))),
    "triu": args(input=x, diagonal=maybe(st.integers(-3, 3))),
    "diag": args(input=tensors(shape=st.one_of(vectors, matrices, shapes)), diagonal=maybe(st.integers(-3, 3))),
    "diagonal": args(input=x, offset=maybe(st.integers(-3, 3)), dim1=maybe(dim), dim2=maybe(dim)),
    "trace": args(input=tensors(shape=st.one_of(matrices, matrices, shapes))),
    # truth
    "any": args(input=x, dim=maybe(dims), keepdim=keepdim),
    "all": args(input=x, dim=maybe(dims), keepdim=keepdim),
    "any of everything": args(lambda lib, x: (x.any(), x.all(), lib.any(x)), input=x),
    "nonzero": args(input=x, keywords={"as_tuple": maybe(flags)}),
    "equal": args(input=x, other=st.one_of(x, x)),
    "equal to a copy": args(lambda lib, x: lib.equal(x, x.clone()), input=x),
    # picked by index
    "gather": args(input=x, dim=dim, index=places_in("input")),
    "index_select": args(input=x, dim=dim, index=places_in("input", shape=st.sampled_from(((2,), (1,), (0,), (), (2, 1))))),
    "masked_fill": args(input=x, mask=alike("input", dtype=st.sampled_from(("bool", "bool", "uint8"))), value=python_numbers),
    "masked_select": args(input=x, mask=alike("input", dtype=st.sampled_from(("bool", "bool", "uint8")))),
    "scatter": args(lambda lib, x, dim, index, src: x.scatter(dim, index, src), input=x, dim=dim, index=places_in("input"), src=lambda drawn: st.one_of(same("input")(drawn), same("input")(drawn), python_numbers)),
    "scatter_add": args(input=x, dim=dim, index=places_in("input"), src=same("input")),
    # in order
    "sort": args(input=without_ties, dim=maybe(dim), descending=maybe(flags)),
    "sort, stable": args(lambda lib, x, dim, descending: lib.sort(x, dim=dim, descending=descending, stable=True), input=number, dim=dim, descending=flags),
    "argsort": args(input=without_ties, dim=maybe(dim), descending=maybe(flags)),
    "topk": args(input=without_ties, k=st.integers(0, 3), dim=maybe(dim), largest=maybe(flags)),
    "unique": args(input=number, sorted=maybe(st.just(True)), return_inverse=maybe(flags), return_counts=maybe(flags)),
    # running sums
    "cumsum": args(input=x, dim=dim, keywords=kind),
    "cumprod": args(input=x, dim=dim, keywords=kind),
    "prod": args(input=x, dim=maybe(dim), keepdim=keepdim, keywords=kind),
    # drawn from distributions
    "bernoulli": args(input=probabilities(), random=True),
    "bernoulli of certainties": args(lambda lib, x: lib.bernoulli(x), input=tensors(dtype=floats, low=0, high=1).map(lambda r: r._replace(values=np.round(r.values)))),
    "multinomial": args(input=probabilities(), num_samples=st.integers(0, 3), replacement=maybe(flags), random=True),
    "normal": args(mean=st.one_of(fl, st.just(0.5)), std=st.one_of(probabilities(), st.just(2.0)), size=maybe(st.just((2, 3))), random=True),
    # nonlinearities
    **{name: unary for name in ("relu", "sigmoid", "tanh", "silu")},
    "leaky_relu": args(input=number, negative_slope=maybe(settings_floats), inplace=maybe(flags)),
    "relu, inplace": args(lambda lib, x: lib.nn.functional.relu(x, inplace=True), input=number),
    "elu": args(input=number, alpha=maybe(settings_floats), inplace=maybe(flags)),
    "gelu": args(input=number, keywords={"approximate": maybe(st.sampled_from(("none", "tanh", "no")))}),
    "softplus": args(input=number, beta=maybe(settings_floats.filter(bool)), threshold=maybe(st.sampled_from((20, 1.0)))),
    "prelu": args(input=full_fl, weight=lambda drawn: tensors(shape=st.sampled_from(((1,), (), drawn["input"].shape[1:2], (3,))), dtype=drawn["input"].values.dtype.name)),
    "softmax": args(input=number, dim=dim, keywords=kind),
    "log_softmax": args(input=number, dim=dim, keywords=kind),
    # norms
    "batch_norm": args(input=normed, running_mean=running, running_var=running, weight=per_channel(), bias=per_channel(), training=maybe(flags), keywords=batch_settings, rounding=50),
    "instance_norm": args(input=normed, running_mean=running, running_var=running, weight=per_channel(), bias=per_channel(), use_input_stats=maybe(flags), keywords=batch_settings, rounding=50),
    "instance_norm, bare": args(lambda lib, x: lib.nn.functional.instance_norm(x), input=normed, rounding=50),
    "batch_norm, bare": args(lambda lib, x: lib.nn.functional.batch_norm(x, None, None, training=True), input=normed, rounding=50),
    "layer_norm": args(input=normed, normalized_shape=ending_of, weight=of_normalized, bias=of_normalized, eps=maybe(st.sampled_from((1e-5, 0.1))), rounding=50),
    "group_norm": args(input=normed, num_groups=st.integers(1, 4), weight=per_channel(), bias=per_channel(), eps=maybe(st.sampled_from((1e-5, 0.1))), rounding=50),
    # images
    "conv2d": args(lambda lib, groups, input, weight, bias, stride, padding, dilation: lib.nn.functional.conv2d(input, weight, *([] if bias is MISSING else [bias]), groups=1 if groups is MISSING else groups, **given(stride=stride, padding=padding, dilation=dilation)),
                   groups=maybe(st.sampled_from((1, 2))), input=some_images, weight=filters_for, bias=bias_of(0), stride=pairs(1, 2), padding=st.one_of(pairs(0, 2), st.sampled_from(("same", "valid"))), dilation=pairs(1, 2)),
    "conv_transpose2d": args(lambda lib, groups, input, weight, bias, stride, padding, output_padding, dilation: lib.nn.functional.conv_transpose2d(input, weight, *([] if bias is MISSING else [bias]), groups=1 if groups is MISSING else groups, **given(stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)),
                             groups=maybe(st.sampled_from((1, 2))), input=some_images, weight=lambda drawn: filters_for(drawn, True), bias=bias_of(1, True), stride=pairs(1, 2), padding=pairs(0, 1), output_padding=pairs(0, 1), dilation=pairs(1, 2)),
    "max_pool2d": args(input=some_images, kernel_size=pairs(1, 3).filter(lambda k: k is not MISSING), stride=pairs(1, 3), padding=pairs(0, 1), dilation=pairs(1, 2), ceil_mode=maybe(flags)),
    "avg_pool2d": args(input=some_images, kernel_size=pairs(1, 3).filter(lambda k: k is not MISSING), stride=pairs(1, 3), padding=pairs(0, 1), ceil_mode=maybe(flags), count_include_pad=maybe(flags), divisor_override=maybe(st.sampled_from((None, 2, 3)))),
    "adaptive_avg_pool2d": args(input=some_images, output_size=st.one_of(st.integers(1, 4), st.tuples(st.one_of(st.none(), st.integers(1, 4)), st.integers(1, 4)))),
    "pad": args(input=tensors(shape=shapes), pad=border, mode=maybe(st.sampled_from(("constant", "constant", "reflect", "replicate", "circular"))), value=maybe(st.sampled_from((None, 0.5, 1.0, 2, 0)))),
    "interpolate": args(lambda lib, input, sized, mode, align: lib.nn.functional.interpolate(input, **sized, mode=mode, **given(align_corners=align)),
                        input=images, sized=st.one_of(st.one_of(st.integers(1, 7), st.tuples(st.integers(1, 7), st.integers(1, 7))).map(lambda s: {"size": s}), st.sampled_from((2, 0.5, 1.5, 3.0, (2, 1), (0.5, 2.0))).map(lambda s: {"scale_factor": s})),
                        mode=st.sampled_from(("nearest", "bilinear", "bicubic")), align=maybe(st.sampled_from((None, False, True)))),
    "pixel_shuffle": args(input=images, upscale_factor=st.integers(1, 2)),
    "embedding": args(input=lambda drawn: tensors(dtype=st.sampled_from(("int64", "int64", "int64", "int32", "float32")), low=0, high=4), weight=tensors(shape=st.sampled_from(((5, 2), (3, 1), (5, 0), (5,))), dtype=floats), padding_idx=maybe(st.sampled_from((None, 0, 1, -1, 9)))),
    # random numbers
    "dropout": args(input=fl, p=maybe(st.sampled_from((0.5, 0.0, 1.0, 2.0, 0.3))), training=maybe(flags), inplace=maybe(flags), random=True),
    "dropout, none": args(lambda lib, x, inplace: lib.nn.functional.dropout(x, 0.5, False, inplace), input=number, inplace=flags),
    "dropout, all": args(lambda lib, x, inplace: lib.nn.functional.dropout(x, 1.0, True, inplace), input=fl, inplace=flags),
    "dropout2d": args(input=some_images, p=maybe(st.sampled_from((0.5, 0.0, 1.0))), training=maybe(flags), inplace=maybe(flags), random=True),
    # losses
    **{name: args(input=fl, target=targets_like("input"), keywords=reduced) for name in ("l1_loss", "mse_loss")},
    "huber_loss": args(input=fl, target=targets_like("input"), keywords={**reduced, "delta": maybe(st.sampled_from((1.0, 0.5, 2)))}),
    "smooth_l1_loss": args(input=fl, target=targets_like("input"), keywords={**reduced, "beta": maybe(st.sampled_from((1.0, 0.5, 0)))}),
    "binary_cross_entropy": args(input=probabilities(), target=lambda drawn: st.one_of(probabilities(drawn, "input"), probabilities(drawn, "input"), tensors(shape=drawn["input"].shape, dtype=st.sampled_from(("int64", "bool")), low=0, high=1)), weight=maybe(alike("input", grads=("none",))({"input": Recipe(np.zeros((), "float32"))})), keywords=reduced),
    "binary_cross_entropy_with_logits": args(input=fl, target=lambda drawn: st.one_of(probabilities(drawn, "input"), probabilities(drawn, "input"), tensors(shape=drawn["input"].shape, dtype=st.sampled_from(("int64", "bool")), low=0, high=1)), weight=lambda drawn: maybe(same("input", grads=("none",))(drawn)), keywords={**reduced, "pos_weight": lambda drawn: maybe(alike("input", grads=("none",), low=0.5)(drawn))}),
    "kl_div": args(input=fl, target=lambda drawn: st.one_of(probabilities(drawn, "input"), same("input")(drawn)), keywords={"reduction": st.sampled_from(("mean", "sum", "none", "batchmean")), "log_target": maybe(flags)}),
    "cross_entropy": args(input=classified(), target=classes_for, weight=class_weights, keywords={**reduced, "ignore_index": maybe(st.sampled_from((-100, 1))), "label_smoothing": maybe(st.sampled_from((0.0, 0.1, 1.0)))}),
    "nll_loss": args(input=classified(), target=classes_for, weight=class_weights, keywords={**reduced, "ignore_index": maybe(st.sampled_from((-100, 1)))}),
    # new tensors
    "tensor": args(data=st.one_of(x, x.map(lambda r: Array(r.values)), x.map(lambda r: r.values.tolist()), st.lists(x, max_size=2), python_numbers), keywords=made),
    "as_tensor": args(data=st.one_of(x, x.map(lambda r: Array(r.values)), x.map(lambda r: r.values.tolist()), python_numbers), keywords=kind),
    "from_numpy": args(ndarray=st.one_of(x.map(lambda r: Array(r.values)), x.map(lambda r: r.values.tolist()))),
    "zeros": args(**{"*size": size}, keywords=made),
    "ones": args(**{"*size": size}, keywords=made),
    "empty": args(**{"*size": size}, keywords=made, random=True),
    "full": args(size=st.one_of(size, size.map(tuple)), fill_value=python_numbers, keywords=made),
    "eye": args(n=st.integers(0, 3), m=maybe(st.integers(0, 3)), keywords=made),
    "arange": args(start=ends, end=maybe(ends), step=maybe(st.sampled_from((1, 2, 0.5, -1, 0))), keywords=made),
    "linspace": args(start=ends, end=ends, steps=st.integers(0, 5), keywords=made),
    "rand": args(**{"*size": size}, keywords=made, random=True),
    "randn": args(**{"*size": size}, keywords=made, random=True),
    "randint": args(low=st.sampled_from((0, 3, -2)), high=st.sampled_from((5, 4, 0)), size=size, keywords=made, random=True),
    "randint, one bound": args(lambda lib, high, size: lib.randint(high, size), high=st.integers(0, 3), size=size, random=True),
    "randperm": args(n=st.integers(0, 5), keywords=made, random=True),
    "full_like": args(input=x, fill_value=python_numbers, keywords=made),
    "zeros_like": args(input=x, keywords=made),
    "ones_like": args(input=x, keywords=made),
    "empty_like": args(input=x, keywords=made, random=True),
    "rand_like": args(input=x, keywords=made, random=True),
    "randn_like": args(input=x, keywords=made, random=True),
    "randint_like": args(input=x, low=st.sampled_from((0, 3, -2)), high=maybe(st.sampled_from((5, 4, 0))), keywords=like, random=True),
}  # fmt: skip


def given(**arguments):
    return {name: value for name, value in arguments.items() if value is not MISSING}


# Tensor's own: methods that are no functions, properties, operators

METHODS: dict[str, Entry] = {
    "T": args(lambda lib, x: x.T, input=tensors(shape=st.one_of(matrices, vectors, shapes))),
    "t": args(input=tensors(shape=shapes)),
    "data": args(lambda lib, x: x.data, input=x),
    "detach": args(input=x),
    "shape": args(lambda lib, x: tuple(x.shape), input=x),
    "dtype": args(lambda lib, x: x.dtype, input=x),
    "ndim": args(lambda lib, x: x.ndim, input=x),
    "is_leaf": args(lambda lib, x: x.is_leaf, input=x),
    "requires_grad": args(lambda lib, x: x.requires_grad, input=x),
    "requires_grad_": args(input=x, requires_grad=maybe(flags)),
    "size": args(lambda lib, x, d: tuple(x.size()) if d is MISSING else x.size(d), input=x, dim=maybe(dim)),
    "numel": args(input=x),
    "dim": args(input=x),
    "len": args(lambda lib, x: len(x), input=x),
    "item": args(input=x),
    "float()": args(lambda lib, x: float(x), input=x),
    "int()": args(lambda lib, x: int(x), input=x),
    "bool()": args(lambda lib, x: bool(x), input=x),
    "index": args(lambda lib, x: operator.index(x), input=tensors(shape=st.sampled_from(((), (), (1,), (2,))))),
    "tolist": args(input=x),
    "numpy": args(input=x),
    "array": args(lambda lib, x: np.asarray(x), input=x),
    "array of a dtype": args(lambda lib, x: np.array(x, dtype="float64"), input=x),
    "iteration": args(lambda lib, x: list(x), input=x),
    "to": args(lambda lib, x, dtype: x.to(dtype), input=x, dtype=a_dtype()),
    "to, by name": args(lambda lib, x, dtype: x.to(dtype=dtype), input=x, dtype=a_dtype()),
    "to a tensor": args(lambda lib, x, y: x.to(y), input=x, other=x),
    "to cpu": args(lambda lib, x: x.to("cpu"), input=x),
    "cpu": args(input=x),
    **{name: args(input=x) for name in ("half", "float", "double", "int", "long", "bool")},
    "type": args(lambda lib, x, dtype: x.type(dtype), input=x, dtype=a_dtype()),
    "contiguous": args(input=x),
    "where": args(lambda lib, x, c, y: x.where(c, y), input=x, condition=alike("input", dtype=st.just("bool")), other=or_number(other)),
    "view_as": args(lambda lib, x, y: x.view_as(y), input=x, other=lambda drawn: shape_for("input")(drawn).map(lambda s: Recipe(np.zeros([abs(n) for n in s])))),
    "getitem": args(lambda lib, x, key: x[key], input=x, key=key_of("input")),
    "getitem of 2": args(lambda lib, x, key: x[key], input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)))), key=key_of("input")),
    "getitem of 3": args(lambda lib, x, key: x[key], input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)), st.sampled_from((1, 2)))), key=key_of("input")),
    "x + y": args(lambda lib, x, y: x + y, input=x, other=or_number(other)),
    "x - y": args(lambda lib, x, y: x - y, input=x, other=or_number(other)),
    "x * y": args(lambda lib, x, y: x * y, input=x, other=or_number(other)),
    "x / y": args(lambda lib, x, y: x / y, input=x, other=or_number(other)),
    "x ** y": args(lambda lib, x, y: x**y, input=number, other=or_number(other)),
    "x // y": args(lambda lib, x, y: x // y, input=x, other=or_number(other)),
    "x % y": args(lambda lib, x, y: x % y, input=x, other=or_number(other)),
    "y + x": args(lambda lib, x, y: y + x, input=x, other=python_numbers),
    "y - x": args(lambda lib, x, y: y - x, input=x, other=python_numbers),
    "y * x": args(lambda lib, x, y: y * x, input=x, other=python_numbers),
    "y / x": args(lambda lib, x, y: y / x, input=x, other=python_numbers),
    "y ** x": args(lambda lib, x, y: y**x, input=number, other=python_numbers),
    "y // x": args(lambda lib, x, y: y // x, input=number, other=python_numbers),
    "-x": args(lambda lib, x: -x, input=x),
    "abs(x)": args(lambda lib, x: abs(x), input=x),
    "~x": args(lambda lib, x: ~x, input=x),
    "x & y": args(lambda lib, x, y: x & y, input=x, other=or_number(other)),
    "x | y": args(lambda lib, x, y: x | y, input=x, other=or_number(other)),
    "x == y": args(lambda lib, x, y: x == y, input=x, other=st.one_of(python_numbers, x, st.sampled_from((None, "a")))),
    "x != y": args(lambda lib, x, y: x != y, input=x, other=st.one_of(python_numbers, x, st.sampled_from((None, "a")))),
    "x < y": args(lambda lib, x, y: x < y, input=x, other=or_number(other)),
    "x <= y": args(lambda lib, x, y: x <= y, input=x, other=or_number(other)),
    "x > y": args(lambda lib, x, y: x > y, input=x, other=or_number(other)),
    "x >= y": args(lambda lib, x, y: x >= y, input=x, other=or_number(other)),
    "y % x": args(lambda lib, x, y: y % x, input=number, other=python_numbers),
    "x @ y": args(lambda lib, x, y: x @ y, input=tensors(dtype=st.sampled_from((*FLOATS[:2], "int64"))), other=factor_for),
    "x * 0-d": args(lambda lib, x, y: x * y, input=x, other=tensors(shape=())),
    "x + NumPy number": args(lambda lib, x, y: x + y, input=x, other=python_numbers.map(lambda n: np.asarray(n)[()])),
    "f'{x}'": args(lambda lib, x: f"{x.detach():.3f}", input=tensors(shape=st.sampled_from(((), (), (1,), (2,))), dtype=st.sampled_from(("float32", "float64")))),
}  # fmt: skip

IN_PLACE: dict[str, Entry] = {
    "add_": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((2, 0.5)))}),
    "sub_": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((2, 0.5)))}),
    "mul_": binary,
    "div_": args(input=x, other=or_number(other)),
    "copy_": args(lambda lib, x, src: x.copy_(src), input=x, src=other),
    "fill_": args(input=x, value=python_numbers),
    "zero_": args(input=x),
    "clamp_": args(input=number, min=bounds, max=bounds),
    "clip_": args(input=number, min=bounds, max=bounds),
    "masked_fill_": args(input=x, mask=alike("input", dtype=st.just("bool")), value=python_numbers),
    "scatter_": args(lambda lib, x, dim, index, src: x.scatter_(dim, index, src), input=x, dim=dim, index=places_in("input"), src=lambda drawn: st.one_of(same("input")(drawn), python_numbers)),
    "scatter_add_": args(input=x, dim=dim, index=places_in("input"), src=same("input")),
    "normal_": args(input=x, mean=maybe(st.just(0.5)), std=maybe(st.just(2.0)), random=True),
    "uniform_": args(lambda lib, x, a, b: x.uniform_(a, b), input=x, a=st.just(0.5), b=st.sampled_from((1.0, 0.0)), random=True),
    "random_": args(lambda lib, x, a, b: x.random_(a, b), input=number, a=st.just(0), b=st.sampled_from((3, 100)), random=True),
    "bernoulli_": args(lambda lib, x, p: x.bernoulli_(p), input=number, p=st.sampled_from((0.5, 1, 0.0)), random=True),
    "x += y": args(lambda lib, x, y: operator.iadd(x, y), input=x, other=or_number(other)),
    "x -= y": args(lambda lib, x, y: operator.isub(x, y), input=x, other=or_number(other)),
    "x *= y": args(lambda lib, x, y: operator.imul(x, y), input=x, other=or_number(other)),
    "x /= y": args(lambda lib, x, y: operator.itruediv(x, y), input=x, other=or_number(other)),
    "y += x": args(lambda lib, x, y: operator.iadd(y, x), input=x, other=python_numbers),
    "setitem": args(lambda lib, x, key, y: operator.setitem(x, key, y), input=x, key=key_of("input"), value=or_number(other)),
    "setitem of 2": args(lambda lib, x, key, y: operator.setitem(x, key, y), input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)))), key=key_of("input"), value=st.one_of(python_numbers, tensors(shape=st.sampled_from(((), (1,), (2,), (3,), (2, 1)))))),
    "setitem of 3": args(lambda lib, x, key, y: operator.setitem(x, key, y), input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)), st.sampled_from((1, 2)))), key=key_of("input"), value=st.one_of(python_numbers, tensors(shape=st.sampled_from(((), (1,), (2,)))))),
    "setitem an array": args(lambda lib, x, y: operator.setitem(x, 0, y), input=x, value=st.one_of(x.map(lambda r: Array(r.values)), st.sampled_from(([1, 2], (1.0,), None, "a", np.float64(2), np.int64(3))))),
}  # fmt: skip

# nn.init: name -> entry; all but a few are random

matrix = tensors(shape=st.sampled_from(((2, 3), (3, 2), (2, 2), (1, 4), (2, 3, 2, 2))), dtype=floats, grads=("none", "leaf"), orders=("C", "C", "every second"))
gain = maybe(st.sampled_from((1.0, 2.0)))
fan = {"mode": maybe(st.sampled_from(("fan_in", "fan_out", "fan"))), "nonlinearity": maybe(st.sampled_from(("relu", "leaky_relu", "tanh")))}

INIT: dict[str, Entry] = {
    "zeros_": args(tensor=matrix),
    "ones_": args(tensor=matrix),
    "constant_": args(tensor=matrix, val=st.sampled_from((0.5, 2, -1.0))),
    "eye_": args(tensor=matrix),
    "uniform_": args(tensor=matrix, a=maybe(st.just(0.5)), b=maybe(st.just(2.0)), random=True),
    "normal_": args(tensor=matrix, mean=maybe(st.just(0.5)), std=maybe(st.just(2.0)), random=True),
    "trunc_normal_": args(tensor=matrix, mean=maybe(st.just(0.5)), std=maybe(st.just(2.0)), a=maybe(st.just(-1.0)), b=maybe(st.just(1.0)), random=True),
    **{name: args(tensor=matrix, gain=gain, random=True) for name in ("xavier_uniform_", "xavier_normal_", "orthogonal_")},
    **{name: args(tensor=matrix, a=maybe(st.sampled_from((0, 0.5))), **fan, random=True) for name in ("kaiming_uniform_", "kaiming_normal_")},
    "calculate_gain": args(nonlinearity=st.sampled_from(("relu", "tanh", "leaky_relu", "sigmoid", "linear", "conv2d", "selu", "no")), param=maybe(st.sampled_from((0.5, None, 1)))),
}  # fmt: skip
