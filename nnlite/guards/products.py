"""Guards of products, triangles, repetitions, and functions of every element."""

import numpy as np

from ..errors import ShapeError
from ..function import is_tensor
from ..functional.shape import unpack
from .common import check_whole, require_tensors, share

# How many axes each of the tensors that come first may have.
MATRICES = range(2, 65)
AXES = {
    "mm": ([2], [2]), "bmm": ([3], [3]), "mv": ([2], [1]), "dot": ([1], [1]), "outer": ([1], [1]),
    "diag": ([1, 2],), "diagonal": (MATRICES,), "tril": (MATRICES,), "triu": (MATRICES,),
}  # fmt: skip


def _axes(name, *arguments, **settings):
    named = sorted(settings.items(), key=lambda item: item[0] != "input")
    tensors = (*arguments, *(value for _, value in named if is_tensor(value)))[: len(AXES[name])]
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
        raise ShapeError(f"repeat: expected a number for each axis of shape {input.shape}, got {unpack(repeats)}")


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
