"""The table of what tensors have beyond functions: methods, properties, operators, changes in place."""

from __future__ import annotations

import operator

import numpy as np
from hypothesis import strategies as st

from tests.differential.arguments import (
    args,
    binary,
    bounds,
    dim,
    factor_for,
    matrices,
    number,
    other,
    places_in,
    vectors,
    x,
)  # fmt: skip
from tests.differential.compare import Entry
from tests.differential.draws import (
    FLOATS,
    MISSING,
    Array,
    Recipe,
    a_dtype,
    alike,
    flags,
    floats,
    full_shapes,
    key_of,
    maybe,
    or_number,
    python_numbers,
    same,
    shape_for,
    shapes,
    tensors,
)  # fmt: skip

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
    **{
        name: args(input=x)
        for name in (
            "ndimension",
            "nelement",
            "element_size",
            "is_floating_point",
            "is_complex",
            "get_device",
            "is_contiguous",
        )
    },
    **{
        name: args(lambda lib, x, name=name: getattr(x, name), input=x)
        for name in ("is_cuda", "is_mps", "is_quantized", "is_sparse", "is_xpu")
    },
    "type_as": args(input=x, other=x),
    "type, its name": args(lambda lib, x: x.type(), input=x),
    **{
        name: args(
            **{"input": x, "*size": st.lists(st.integers(0, 3), max_size=3)}, keywords={"dtype": maybe(a_dtype())}
        )
        for name in ("new_zeros", "new_ones")
    },
    "new_empty": args(**{"input": x, "*size": st.lists(st.integers(0, 3), max_size=3)}, random=True),
    "new_full": args(
        input=x,
        size=st.sampled_from(((2,), (), (1, 2))),
        fill_value=python_numbers,
        keywords={"dtype": maybe(a_dtype())},
    ),
    "new_tensor": args(input=x, data=st.sampled_from(([1, 2], 3, [[0.5]], True)), keywords={"dtype": maybe(a_dtype())}),
    "new": args(
        lambda lib, x, size: x.new(*size), input=x, size=st.sampled_from(((2,), (1, 2), ([1, 2],))), random=True
    ),
    "stride": args(
        lambda lib, x: [step for step, n in zip(x.stride(), x.shape, strict=True) if n > 1],
        input=tensors(shape=full_shapes),
    ),
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
    **{name: args(input=x) for name in ("half", "float", "double", "int", "long", "bool", "short", "char", "byte")},
    "type": args(lambda lib, x, dtype: x.type(dtype), input=x, dtype=a_dtype()),
    "contiguous": args(input=x),
    "where": args(
        lambda lib, x, c, y: x.where(c, y),
        input=x,
        condition=alike("input", dtype=st.just("bool")),
        other=or_number(other),
    ),
    "view_as": args(
        lambda lib, x, y: x.view_as(y),
        input=x,
        other=lambda drawn: shape_for("input")(drawn).map(lambda s: Recipe(np.zeros([abs(n) for n in s]))),
    ),
    "getitem": args(lambda lib, x, key: x[key], input=x, key=key_of("input")),
    "getitem of 2": args(
        lambda lib, x, key: x[key],
        input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)))),
        key=key_of("input"),
    ),
    "getitem of 3": args(
        lambda lib, x, key: x[key],
        input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)), st.sampled_from((1, 2)))),
        key=key_of("input"),
    ),
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
    "x @ y": args(
        lambda lib, x, y: x @ y, input=tensors(dtype=st.sampled_from((*FLOATS[:2], "int64"))), other=factor_for
    ),
    "x * 0-d": args(lambda lib, x, y: x * y, input=x, other=tensors(shape=())),
    "x + NumPy number": args(
        lambda lib, x, y: x + y,
        input=x,
        other=python_numbers.filter(lambda n: n is not True).map(lambda n: np.asarray(n)[()]),
    ),
    "f'{x}'": args(
        lambda lib, x: f"{x.detach():.3f}",
        input=tensors(shape=st.sampled_from(((), (), (1,), (2,))), dtype=st.sampled_from(("float32", "float64"))),
    ),
}

IN_PLACE: dict[str, Entry] = {
    "add_": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((2, 0.5)))}),
    "sub_": args(input=x, other=or_number(other), keywords={"alpha": maybe(st.sampled_from((2, 0.5)))}),
    "mul_": binary,
    "div_": args(input=x, other=or_number(other)),
    "copy_": args(lambda lib, x, src: x.copy_(src), input=x, src=other),
    **{f"{name}_": args(input=number) for name in ("relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "neg")},
    "pow_": args(input=number, exponent=or_number(other)),
    "detach_": args(input=x),
    "fill_": args(input=x, value=python_numbers),
    "zero_": args(input=x),
    "clamp_": args(input=number, min=bounds, max=bounds),
    "clip_": args(input=number, min=bounds, max=bounds),
    "lerp_": args(
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
        for name in ("addcmul_", "addcdiv_")
    },
    "masked_fill_": args(input=x, mask=alike("input", dtype=st.just("bool")), value=python_numbers),
    "scatter_": args(
        lambda lib, x, dim, index, src: x.scatter_(dim, index, src),
        input=x,
        dim=dim,
        index=places_in("input"),
        src=lambda drawn: st.one_of(same("input")(drawn), python_numbers),
    ),
    "scatter_add_": args(input=x, dim=dim, index=places_in("input"), src=same("input")),
    "normal_": args(input=x, mean=maybe(st.just(0.5)), std=maybe(st.just(2.0)), random=True),
    "uniform_": args(
        lambda lib, x, a, b: x.uniform_(a, b), input=x, a=st.just(0.5), b=st.sampled_from((1.0, 0.0)), random=True
    ),
    "random_": args(
        lambda lib, x, a, b: x.random_(a, b), input=number, a=st.just(0), b=st.sampled_from((3, 100)), random=True
    ),
    "bernoulli_": args(lambda lib, x, p: x.bernoulli_(p), input=number, p=st.sampled_from((0.5, 1, 0.0)), random=True),
    "x += y": args(lambda lib, x, y: operator.iadd(x, y), input=x, other=or_number(other)),
    "x -= y": args(lambda lib, x, y: operator.isub(x, y), input=x, other=or_number(other)),
    "x *= y": args(lambda lib, x, y: operator.imul(x, y), input=x, other=or_number(other)),
    "x /= y": args(lambda lib, x, y: operator.itruediv(x, y), input=x, other=or_number(other)),
    "y += x": args(lambda lib, x, y: operator.iadd(y, x), input=x, other=python_numbers),
    "setitem": args(
        lambda lib, x, key, y: operator.setitem(x, key, y), input=x, key=key_of("input"), value=or_number(other)
    ),
    "setitem of 2": args(
        lambda lib, x, key, y: operator.setitem(x, key, y),
        input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)))),
        key=key_of("input"),
        value=st.one_of(python_numbers, tensors(shape=st.sampled_from(((), (1,), (2,), (3,), (2, 1))))),
    ),
    "setitem of 3": args(
        lambda lib, x, key, y: operator.setitem(x, key, y),
        input=tensors(shape=st.tuples(st.sampled_from((2, 3)), st.sampled_from((3, 4)), st.sampled_from((1, 2)))),
        key=key_of("input"),
        value=st.one_of(python_numbers, tensors(shape=st.sampled_from(((), (1,), (2,))))),
    ),
    "setitem an array": args(
        lambda lib, x, y: operator.setitem(x, 0, y),
        input=x,
        value=st.one_of(
            x.map(lambda r: Array(r.values)), st.sampled_from(([1, 2], (1.0,), None, "a", np.float64(2), np.int64(3)))
        ),
    ),
}
