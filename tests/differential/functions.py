"""The table of functions: name -> strategies for the arguments, in PyTorch's order and under its names.

A line is enough for a new function:

    "cumsum": args(input=x, dim=dim),

It is then called as torch.cumsum, F.cumsum and Tensor.cumsum, whichever PyTorch has, with its arguments by position or
by name. `keywords` are given by name alone; a `call` says how, for what is not a plain call; `random` results are
compared in everything but their numbers. A strategy may depend on the arguments before it: alike("input").
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.differential.arguments import (
    args,
    binary,
    binary_tensors,
    bounds,
    cut_into,
    dim,
    dims,
    factor_for,
    fl,
    keepdim,
    kind,
    masks,
    matrices,
    number,
    other,
    partner,
    places_in,
    probabilities,
    product_dtypes,
    several,
    unary,
    vectors,
    without_ties,
    x,
)  # fmt: skip
from tests.differential.compare import Entry
from tests.differential.draws import (
    FLOATS,
    Recipe,
    alike,
    dim_of,
    dtypes,
    expansion_of,
    flags,
    floats,
    maybe,
    or_number,
    order_of,
    python_numbers,
    rank,
    same,
    shape_for,
    shapes,
    sizes,
    tensors,
)  # fmt: skip

SWAPS = {
    "swapaxes": lambda lib, x, a, b: x.swapaxes(a, b),
    "swapdims": lambda lib, x, a, b: x.swapdims(a, b),
}
scales = {"beta": maybe(st.sampled_from((1, 0.5))), "alpha": maybe(st.sampled_from((1, 2)))}


def same_dtype_as(name, shape):
    return lambda drawn: tensors(shape=shape, dtype=drawn[name].values.dtype.name)


FUNCTIONS: dict[str, Entry] = {
    # arithmetic
    "add": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((1, 2, 0.5)))}),
    "sub": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((1, 2, 0.5)))}),
    "mul": binary,
    "div": args(
        input=x, other=or_number(other), keywords={"rounding_mode": maybe(st.sampled_from((None, "floor", "trunc")))}
    ),
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
    "where": args(
        condition=masks,
        input=or_number(alike("condition", dtype=dtypes)),
        other=or_number(alike("condition", dtype=dtypes)),
    ),
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
    "var": args(
        input=fl,
        dim=maybe(dims),
        unbiased=maybe(flags),
        keepdim=keepdim,
        keywords={"correction": maybe(st.sampled_from((0, 1, 2)))},
    ),
    "std": args(input=fl, dim=maybe(dims), unbiased=maybe(flags), keepdim=keepdim),
    "logsumexp": args(input=number, dim=dims, keepdim=keepdim),
    "norm": args(
        input=number,
        p=maybe(st.sampled_from((2, 1, 2.0, 3, float("inf"), "fro", 0.5, 0))),
        dim=maybe(dims),
        keepdim=keepdim,
    ),
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
    "flip": args(input=x, dims=lambda drawn: order_of("input")(drawn).map(lambda dims: dims[:2])),
    "roll": args(input=x, shifts=st.integers(-3, 3), dims=maybe(dim)),
    "roll several": args(
        lambda lib, x, shifts, dims: lib.roll(x, shifts, dims),
        input=x,
        shifts=st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
        dims=st.tuples(st.integers(-2, 1), st.integers(-2, 1)),
    ),
    # products
    "matmul": args(input=tensors(dtype=st.sampled_from((*FLOATS[:2], "int64"))), other=factor_for),
    "linear": args(
        input=tensors(dtype=floats),
        weight=lambda drawn: tensors(
            shape=st.sampled_from(((2, drawn["input"].shape[-1] if drawn["input"].shape else 1), (1, 3), (0, 2))),
            dtype=st.sampled_from((drawn["input"].values.dtype.name,) * 3 + ("float32",)),
        ),
        bias=lambda drawn: maybe(
            st.one_of(
                st.none(), tensors(shape=st.sampled_from(((2,), (1,), ())), dtype=drawn["weight"].values.dtype.name)
            )
        ),
    ),
    # elementary functions
    **{
        name: unary
        for name in (
            "sin",
            "cos",
            "log2",
            "log10",
            "log1p",
            "expm1",
            "rsqrt",
            "reciprocal",
            "square",
            "isnan",
            "isinf",
            "isfinite",
        )
    },
    **{name: args(input=x) for name in ("sign", "floor", "ceil", "trunc")},
    "round": args(input=number, keywords={"decimals": maybe(st.sampled_from((0, 1)))}),
    "floor_divide": binary,
    "remainder": binary,
    # products
    "mm": args(input=product_dtypes(matrices), mat2=partner(lambda n, k: [(k, 2), (k, 1), (k, 0), (n, k)])),
    "bmm": args(
        input=product_dtypes(st.tuples(sizes, sizes, sizes)),
        mat2=partner(lambda b, n, k: [(b, k, 2), (b, k, 1), (1, k, 2), (k, 2)]),
    ),
    "mv": args(input=product_dtypes(matrices), vec=partner(lambda n, k: [(k,), (k,), (k, 1), (n,)])),
    "dot": args(input=product_dtypes(vectors), tensor=partner(lambda n: [(n,), (n,), (1,), (n, 1)])),
    "outer": args(input=product_dtypes(vectors), vec2=partner(lambda n: [(2,), (n,), (0,), (2, 2)])),
    "einsum": args(
        lambda lib, equation, a, b: lib.einsum(equation, a, b),
        equation=st.sampled_from(
            (
                "ij,jk->ik",
                "ij,jk",
                "ij,ij->",
                "ij,kj->ikj",
                "ij,jk->ki",
                "ij,ij->i",
                "ii,ij->j",
                "...j,jk->...k",
                "ij,jk->il",
                "ij, jk -> ik",
                "i,j->ij",
            )
        ),
        a=tensors(shape=st.sampled_from(((2, 3), (2, 2), (1, 2), (3,), (2, 0))), dtype=floats),
        b=lambda drawn: tensors(
            shape=st.sampled_from(((3, 2), (2, 3), (2, 2), (1, 2), (2,), (0, 2))),
            dtype=st.just(drawn["a"].values.dtype.name),
        ),
    ),
    "einsum, one tensor": args(
        lambda lib, equation, a: lib.einsum(equation, a),
        equation=st.sampled_from(("ij->ji", "ij->", "ij->i", "ii->i", "ii", "ij", "ji", "...->...")),
        a=tensors(shape=st.sampled_from(((2, 3), (2, 2), (1, 3))), dtype=floats),
    ),
    # repeated, taken apart
    "repeat": args(
        **{
            "input": x,
            "*repeats": lambda drawn: st.lists(
                st.integers(0, 2),
                min_size=max(0, rank(drawn, "input") - (rank(drawn, "input") > 2)),
                max_size=rank(drawn, "input") + 1,
            ),
        }
    ),
    "expand_as": args(
        input=x,
        other=lambda drawn: expansion_of("input")(drawn).map(
            lambda s: Recipe(np.zeros([max(n, 1) for n in s], "float32"))
        ),
    ),
    "unbind": args(input=x, dim=maybe(dim)),
    # triangles, diagonals
    "tril": args(input=x, diagonal=maybe(st.integers(-3, 3))),
    "triu": args(input=x, diagonal=maybe(st.integers(-3, 3))),
    "diag": args(input=tensors(shape=st.one_of(vectors, matrices, shapes)), diagonal=maybe(st.integers(-3, 3))),
    "diagonal": args(input=x, offset=maybe(st.integers(-3, 3)), dim1=maybe(dim), dim2=maybe(dim)),
    "trace": args(input=tensors(shape=st.one_of(matrices, matrices, shapes))),
    # made of others
    "addmm": args(
        input=tensors(shape=st.sampled_from(((2, 2), (2,), (1, 2), ())), dtype=floats),
        mat1=same_dtype_as("input", (2, 3)),
        mat2=same_dtype_as("input", (3, 2)),
        keywords=scales,
    ),
    "baddbmm": args(
        input=tensors(shape=st.sampled_from(((2, 2, 2), (2,), (1, 1, 2))), dtype=floats),
        batch1=same_dtype_as("input", (2, 2, 3)),
        batch2=same_dtype_as("input", (2, 3, 2)),
        keywords=scales,
    ),
    "lerp": args(
        input=tensors(shape=shapes, dtype=floats),
        end=alike("input", dtype=floats),
        weight=st.sampled_from((0.25, 1.0, -1.5)),
    ),
    **{
        name: args(
            input=tensors(shape=shapes, dtype=floats),
            tensor1=alike("input", dtype=floats),
            tensor2=alike("input", dtype=floats),
        )
        for name in ("addcmul", "addcdiv")
    },
    "ger": args(input=product_dtypes(vectors), vec2=partner(lambda n: [(2,), (n,), (0,), (2, 2)])),
    "tile": args(input=x, dims=st.lists(st.integers(0, 2), max_size=3).map(tuple)),
    "repeat_interleave": args(input=x, repeats=st.integers(0, 2), dim=maybe(dim)),
    "broadcast_to": args(input=x, size=expansion_of("input")),
    **{name: args(call, input=x, dim0=dim, dim1=dim) for name, call in SWAPS.items()},
    **{name: args(input=x, source=dim, destination=dim) for name in ("movedim", "moveaxis")},
    "ravel": args(input=x),
    "unflatten": args(
        lambda lib, x, dim, sizes: x.unflatten(dim, sizes),
        input=x,
        dim=dim,
        sizes=st.sampled_from(((2, 1), (1, -1), (3,), (2, 2), (-1,))),
    ),
    "select": args(input=x, dim=dim, index=st.integers(-3, 3)),
    "narrow": args(input=x, dim=dim, start=st.integers(-2, 2), length=st.integers(0, 2)),
    "meshgrid": args(
        lambda lib, a, b, how: lib.meshgrid(a, b, indexing=how),
        a=tensors(shape=vectors),
        b=tensors(shape=vectors, dtype=st.just("float32")),
        how=st.sampled_from(("ij", "xy")),
    ),
    **{name: unary for name in ("tan", "sinh", "cosh", "atan")},
    **{name: args(input=tensors(dtype=floats, low=-1.0, high=1.0)) for name in ("asin", "acos")},
    "fmod": binary,
    "logical_xor": binary_tensors,
    "count_nonzero": args(input=x, dim=maybe(dims)),
    "isclose": args(
        input=fl, other=same("input"), rtol=maybe(st.just(0.5)), atol=maybe(st.just(0.5)), equal_nan=maybe(flags)
    ),
    "allclose": args(
        input=fl, other=same("input"), rtol=maybe(st.just(0.5)), atol=maybe(st.just(2.0)), equal_nan=maybe(flags)
    ),
    # truth
    "any": args(input=x, dim=maybe(dims), keepdim=keepdim),
    "all": args(input=x, dim=maybe(dims), keepdim=keepdim),
    "any of everything": args(lambda lib, x: (x.any(), x.all(), lib.any(x)), input=x),
    "nonzero": args(input=x, keywords={"as_tuple": maybe(flags)}),
    "equal": args(input=x, other=st.one_of(x, x)),
    "equal to a copy": args(lambda lib, x: lib.equal(x, x.clone()), input=x),
    # picked by index
    "gather": args(input=x, dim=dim, index=places_in("input")),
    "index_select": args(
        input=x, dim=dim, index=places_in("input", shape=st.sampled_from(((2,), (1,), (0,), (), (2, 1))))
    ),
    "masked_fill": args(
        input=x, mask=alike("input", dtype=st.sampled_from(("bool", "bool", "uint8"))), value=python_numbers
    ),
    "masked_select": args(input=x, mask=alike("input", dtype=st.sampled_from(("bool", "bool", "uint8")))),
    "scatter": args(
        lambda lib, x, dim, index, src: x.scatter(dim, index, src),
        input=x,
        dim=dim,
        index=places_in("input"),
        src=lambda drawn: st.one_of(same("input")(drawn), same("input")(drawn), python_numbers),
    ),
    "scatter_add": args(input=x, dim=dim, index=places_in("input"), src=same("input")),
    # in order
    "sort": args(input=without_ties(), dim=maybe(dim), descending=maybe(flags)),
    "sort, stable": args(
        lambda lib, x, dim, descending: lib.sort(x, dim=dim, descending=descending, stable=True),
        input=number,
        dim=dim,
        descending=flags,
    ),
    "argsort": args(input=without_ties(), dim=maybe(dim), descending=maybe(flags)),
    "topk": args(input=without_ties(), k=st.integers(0, 3), dim=maybe(dim), largest=maybe(flags)),
    "unique": args(input=number, sorted=maybe(st.just(True)), return_inverse=maybe(flags), return_counts=maybe(flags)),
    # running sums
    "cumsum": args(input=x, dim=dim, keywords=kind),
    "cumprod": args(input=x, dim=dim, keywords=kind),
    "prod": args(input=x, dim=maybe(dim), keepdim=keepdim, keywords=kind),
    # drawn from distributions
    "bernoulli": args(input=probabilities(), random=True),
    "bernoulli of certainties": args(
        lambda lib, x: lib.bernoulli(x),
        input=tensors(dtype=floats, low=0, high=1).map(lambda r: r._replace(values=np.round(r.values))),
    ),
    "multinomial": args(input=probabilities(), num_samples=st.integers(0, 3), replacement=maybe(flags), random=True),
    "normal": args(
        mean=st.one_of(fl, st.just(0.5)),
        std=st.one_of(probabilities(), st.just(2.0)),
        size=maybe(st.just((2, 3))),
        random=True,
    ),
}
