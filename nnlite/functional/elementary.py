"""Functions of every element: their derivatives are in any table, and here. And what division leaves."""

from collections.abc import Callable
from typing import Any

from ..dtype import get_default_dtype
from ..errors import GraphError, guard
from ..function import Function
from ..tensor import Tensor
from .arithmetic import Binary, pow


class Elementary(Function):
    """y = value(x)    dx = dy slope(x), or 0 without a slope: y changes in steps"""

    whole_numbers = True

    def forward(self, x, *, name, value, slope=None):
        guard("elementary", name, x)
        self.slope = slope
        if slope is not None:
            self.x = x = x.astype(x.dtype if x.dtype.kind == "f" else get_default_dtype(), copy=False)
        return value(self.xp, x)

    def backward(self, dy):
        return self.xp.zeros_like(dy) if self.slope is None else dy * self.slope(self.xp, self.x)


def elementwise(name: str, value: Callable, slope: Callable | None = None) -> Callable[[Tensor], Tensor]:
    """The function of that name, of every element of a tensor."""

    def function(input: Tensor) -> Tensor:
        return Elementary.apply(input, name=name, value=value, slope=slope)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name} of every element; elementary.py has its formula and its derivative."
    return function


sin = elementwise("sin", lambda xp, x: xp.sin(x), lambda xp, x: xp.cos(x))
log1p = elementwise("log1p", lambda xp, x: xp.log1p(x), lambda xp, x: 1.0 / (1.0 + x))  # ln(1 + x), exact near 0
sign = elementwise("sign", lambda xp, x: ((x > 0) * 1 - (x < 0)).astype(x.dtype))  # 0 for NaN, as in PyTorch


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest number of so many decimals (-2: the nearest hundred), of two equally near ones the even one."""
    return Elementary.apply(input, name="decimals" if decimals else "round", value=lambda xp, x: x.round(decimals))


def square(input: Tensor) -> Tensor:
    """input ** 2."""
    return pow(input, 2)


class FloorDivide(Binary):
    """y = floor(a / b)    no gradient, as in PyTorch"""

    def compute(self, a, b):
        guard("whole_division", "floor_divide", a, b)
        return a // b

    def derive(self, dy, to_a, to_b):
        raise GraphError("floor_divide has no gradient, it changes in steps; write x.detach() // y, or x / y")


class Remainder(Binary):
    """y = a - n b, n = floor(a / b)    da = dy, db = -n dy"""

    def compute(self, a, b):
        guard("whole_division", "remainder", a, b)
        self.a, self.b = a, b
        return a % b

    def derive(self, dy, to_a, to_b):
        return dy, -dy * (self.a // self.b) if to_b else None


def floor_divide(input: Any, other: Any) -> Tensor:
    """input // other: the quotient rounded down. Raises ValueError for whole numbers by 0."""
    return FloorDivide.apply(input, other)


def remainder(input: Any, other: Any) -> Tensor:
    """input % other: what // leaves, with the sign of `other`. Raises ValueError for whole numbers by 0."""
    return Remainder.apply(input, other)
