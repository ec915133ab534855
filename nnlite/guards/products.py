"""Guards of products, triangles, repetitions, and functions of every element."""

from string import ascii_letters

import numpy as np

from ..errors import ShapeError
from ..functional.shape import unpack
from .common import check_dtypes, check_whole, require_tensors

MATRICES = range(2, 65)


def axes(name, expected, *tensors):
    """Raise unless each of the tensors has one of the numbers of axes that are expected of it."""
    require_tensors(name, *tensors)
    if any(x.ndim not in allowed for x, allowed in zip(tensors, expected, strict=True)):
        wanted = " and ".join("2 or more" if n is MATRICES else " or ".join(map(str, n)) for n in expected)
        raise ShapeError(f"{name}: expected {wanted} axes, got shape {' and '.join(str(x.shape) for x in tensors)}")


def triangle(name, input):
    axes(name, (MATRICES,), input)


def bmm(input, mat2):
    axes("bmm", ([3], [3]), input, mat2)
    if len(input) != len(mat2):
        raise ShapeError(f"bmm: shapes {input.shape} and {mat2.shape} are not equal batches; matmul stretches one of 1")


def einsum(equation, tensors):
    if not isinstance(equation, str):
        raise TypeError(f"einsum: expected an equation such as 'ij,jk->ik' first, got {type(equation).__name__}")
    require_tensors("einsum", *tensors)
    if equation.count(",") != len(tensors) - 1:
        raise ValueError(f"einsum: {equation!r} is for {equation.count(',') + 1} operands, got {len(tensors)}")
    check_dtypes("einsum", tensors[0], **{f"operand {i}": x for i, x in enumerate(tensors)})


def letters(equation, shapes, inputs, output, sizes):
    fits = {*output} <= {*sizes} <= {*ascii_letters} and len({*output}) == len(output)
    fits &= all(part.count("...") < 2 for part in equation.replace("->", ",").split(","))
    for names, shape in zip(inputs, shapes, strict=True):
        axes = {*zip(names, shape, strict=False)}  # as many as letters, if each has one size here
        fits &= len(names) == len(shape) and len(axes) == len({*names})
        fits &= all(n in (1, sizes[c]) for c, n in axes)
    if not fits:
        given = f"{equation!r} does not fit the shapes {', '.join(map(str, shapes))}"
        expected = "a letter for each axis, or ... for the others; one size for each letter; no new letter after ->"
        raise ShapeError(f"einsum: {given}; expected {expected}")


def repeat(input, *repeats):
    require_tensors("repeat", input)
    for size in unpack(repeats):
        check_whole("repeat", 0, repeats=size)
    if len(unpack(repeats)) < input.ndim:
        raise ShapeError(f"repeat: expected a number for each axis of shape {input.shape}, got {unpack(repeats)}")


def expand_as(input, other):
    require_tensors("expand_as", input, other)


def elementary(name, x):
    if x.dtype.kind == "b" and name in ("floor", "ceil", "trunc", "round"):
        raise TypeError(f"{name}: expected numbers, got bools; use .float()")
    if x.dtype.kind != "f" and name == "decimals":
        raise TypeError(f"round: only floating-point numbers have decimals, not {x.dtype}; use .float()")


def whole_division(name, a, b):
    kinds = {x.dtype.kind if hasattr(x, "dtype") else np.asarray(x).dtype.kind for x in (a, b)}
    if kinds == {"b"}:
        raise TypeError(f"{name}: expected numbers, got bools; use .float()")
    if "f" not in kinds and isinstance(b, (int, np.ndarray)) and np.any(b == 0):  # no look at what is on a GPU
        raise ValueError(f"{name}: whole numbers divided by 0; use .float(), or replace the zeros")
