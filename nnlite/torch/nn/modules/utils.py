"""_pair and the like: one number for every axis, or a tuple as it is."""

from collections.abc import Callable, Iterable
from typing import Any


def _tuple_of(n: int) -> Callable[[Any], tuple]:
    return lambda x: tuple(x) if isinstance(x, Iterable) else (x,) * n


_single, _pair, _triple, _quadruple = map(_tuple_of, (1, 2, 3, 4))
