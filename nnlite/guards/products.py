"""Guards of products, triangles, repetitions, and functions of every element."""

from string import ascii_letters

import numpy as np

from ..errors import ShapeError
from ..functional.einsum import letters_of_axes
from ..functional.shape import unpack
from .common import check_dtypes, check_whole, require_tensors, share

# How many axes each of the tensors that come first may have.
ANY, MATRICES = range(65), range(2, 65)
AXES = {
    "mm": ([2], [2]), "bmm": ([3], [3]), "mv": ([2], [1]), "dot": ([1], [1]), "outer": ([1], [1]),
    "trace": ([2],), "diag": ([1, 2],), "diagonal": (MATRICES,), "tril": (MATRICES,), "triu": (MATRICES,),
    "any": (ANY,), "all": (ANY,), "nonzero": (ANY,), "unbind": (ANY,), "equal": (ANY, ANY), "expand_as": (ANY, ANY),
}  # fmt: skip


def _axes(name, *arguments, **settings):
    tensors = arguments[: len(AXES[name])]
    require_tensors(name, *tensors)
    shapes = " and ".join(str(x.shape) for x in tensors)
    if any(x.ndim not in allowed for x, allowed in zip(tensors, AXES[name], strict=False)):
        expected = " and ".join("2 or more" if n is MATRICES else " or ".join(map(str, n)) for n in AXES[name])
        raise ShapeError(f"{name}: expected {expected} axes, got shape {shapes}")
    if name == "bmm" and len({x.shape[0] for x in tensors}) > 1:
        raise ShapeError(f"bmm: batches of different sizes, shapes {shapes}; matmul stretches a batch of 1")


share(_axes, *AXES)


def repeat(input, *repeats):
    require_tensors("repeat", input)
    for size in unpack(repeats):
        check_whole("repeat", 0, repeats=size)
    if len(unpack(repeats)) < input.ndim:
        raise ShapeError(
            f"repeat: {unpack(repeats)} has too few numbers for shape {input.shape}; give one for each axis"
        )


def einsum(equation, *operands):
    tensors = unpack(operands)
    if not isinstance(equation, str):
        raise TypeError(f"einsum: expected an equation such as 'ij,jk->ik' first, got {type(equation).__name__}")
    require_tensors("einsum", *tensors)
    if equation.count(",") != len(tensors) - 1:
        raise ValueError(f"einsum: {equation!r} is for {equation.count(',') + 1} operands, got {len(tensors)}")
    check_dtypes("einsum", tensors[0], **{f"operand {i}": x for i, x in enumerate(tensors)})
    shapes = [x.shape for x in tensors]
    inputs, output, sizes = letters_of_axes(equation, shapes)
    fits = {*output} <= {*sizes} <= {*ascii_letters} and len({*output}) == len(output)
    fits &= all(part.count("...") < 2 for part in equation.replace("->", ",").split(","))
    for letters, shape in zip(inputs, shapes, strict=True):
        axes = {*zip(letters, shape, strict=False)}  # as many as letters, if each has one size here
        fits &= len(letters) == len(shape) and len(axes) == len({*letters})
        fits &= all(n in (1, sizes[c]) for c, n in axes)
    if not fits:
        given = f"{equation!r} does not fit the shapes {', '.join(map(str, shapes))}"
        expected = "a letter for each axis, or ... for the others; one size for each letter; no new letter after ->"
        raise ShapeError(f"einsum: {given}; expected {expected}")


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
