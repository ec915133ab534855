"""Arithmetic, element by element, with NumPy's broadcasting. Comparisons are in compare.py, `@` is in linear.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import backend as backends
from ..dtype import get_default_dtype
from ..errors import ShapeError
from ..function import Function, shape_of, unbroadcast
from ..tensor import Tensor, arrays_in


class Binary(Function):
    """An operation on two operands whose shapes broadcast together; either may be a Python number."""

    whole_numbers = True

    def forward(self, a, b):
        self.a_shape, self.b_shape = shape_of(a), shape_of(b)
        try:
            y = self.compute(a, b)
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
            raise ShapeError(
                f"{type(self).__name__.lower()}: shapes {self.a_shape} and {self.b_shape} do not broadcast; from the "
                "right, each pair of sizes must be equal or one of them 1"
            ) from error
        floats = any(hasattr(x, "dtype") and x.dtype.kind == "f" for x in (a, b))
        # NumPy makes float64 of divided integers, and of integers times a Python float
        return y if floats or y.dtype.kind != "f" else y.astype(get_default_dtype())

    def backward(self, dy):
        to_a, to_b = self.needs_input_grad
        da, db = self.derive(dy, to_a, to_b)
        return unbroadcast(da, self.a_shape) if to_a else None, unbroadcast(db, self.b_shape) if to_b else None


class Add(Binary):
    """y = a + b    da = dy, db = dy"""

    def compute(self, a, b):
        return a + b

    def derive(self, dy, to_a, to_b):
        return dy, dy


class Sub(Binary):
    """y = a - b    da = dy, db = -dy"""

    def compute(self, a, b):
        return a - b

    def derive(self, dy, to_a, to_b):
        return dy, -dy if to_b else None


class Mul(Binary):
    """y = a b    da = dy b, db = dy a"""

    def compute(self, a, b):
        self.a, self.b = a, b
        return a * b

    def derive(self, dy, to_a, to_b):
        return dy * self.b if to_a else None, dy * self.a if to_b else None


class Div(Binary):
    """y = a / b    da = dy / b, db = -dy a / b^2"""

    def compute(self, a, b):
        self.a, self.b = a, b
        return a / b

    def derive(self, dy, to_a, to_b):
        return dy / self.b if to_a else None, -dy * self.a / (self.b * self.b) if to_b else None


class Neg(Function):
    """y = -x    dx = -dy"""

    whole_numbers = True

    def forward(self, x):
        return -x

    def backward(self, dy):
        return -dy


class Pow(Binary):
    """y = a^b    da = dy b a^(b-1), db = dy y ln a"""

    def compute(self, a, b):
        self.a, self.b = a, b
        self.y = a**b
        return self.y

    def derive(self, dy, to_a, to_b):
        a, b = self.a, self.b
        da = db = None
        if to_a:  # where b = 0 the power b - 1 would be infinite for a = 0, and its factor is 0 anyway
            da = dy * (b * a ** (b - (b != 0)))
        if to_b:  # where a = 0, y = 0 for every b > 0: no slope, though ln a is infinite
            base = a + (a == 0)
            db = dy * self.y * (self.xp.log(base) if hasattr(base, "dtype") else math.log(base))
        return da, db


class Choice(Binary):
    """One of a and b is taken    dy goes to it; `share` is what goes to a: 1, 0, or 1/2 where they are equal"""

    def derive(self, dy, to_a, to_b):
        share = self.share.astype(dy.dtype)
        return dy * share, dy * (1.0 - share)


class Maximum(Choice):
    """y = the larger of a and b    dy goes to the larger, half to each where they are equal"""

    def compute(self, a, b):
        self.share = (a > b) + 0.5 * (a == b)
        return self.xp.maximum(a, b)


class Minimum(Choice):
    """y = the smaller of a and b    dy goes to the smaller, half to each where they are equal"""

    def compute(self, a, b):
        self.share = (a < b) + 0.5 * (a == b)
        return self.xp.minimum(a, b)


class Clip(Function):
    """y = x cut to min..max    dx = dy where min <= x <= max"""

    whole_numbers = True

    def forward(self, x, *, min, max):
        self.x, self.min, self.max = x, min, max
        if x.dtype.kind != "f" and any(isinstance(bound, float) for bound in (min, max)):
            x = x.astype(get_default_dtype())
        y = x if min is None else self.xp.maximum(x, min)
        return y if max is None else self.xp.minimum(y, max)

    def backward(self, dy):
        inside = True if self.min is None else self.x >= self.min
        return dy * (inside if self.max is None else (self.x <= self.max) & inside)


class Where(Choice):
    """y = a where the condition holds, else b    dy goes to the one that was taken"""

    def forward(self, a, b, *, condition):
        self.share = condition.copy()  # it is no input whose changes are watched
        return super().forward(a, b)

    def compute(self, a, b):
        return self.xp.where(self.share, a, b)


class Exp(Function):
    """y = e^x    dx = dy y"""

    def forward(self, x):
        self.y = self.xp.exp(x)
        return self.y

    def backward(self, dy):
        return dy * self.y


class Log(Function):
    """y = ln x    dx = dy / x"""

    def forward(self, x):
        self.x = x
        return self.xp.log(x)

    def backward(self, dy):
        return dy / self.x


class Sqrt(Function):
    """y = sqrt(x)    dx = dy / 2y"""

    def forward(self, x):
        self.y = self.xp.sqrt(x)
        return self.y

    def backward(self, dy):
        return dy / (2.0 * self.y)


class Abs(Function):
    """y = |x|    dx = dy sign(x), 0 at the kink"""

    whole_numbers = True

    def forward(self, x):
        self.x = x
        return self.xp.abs(x)

    def backward(self, dy):
        return dy * self.xp.sign(self.x)


def add(input: Any, other: Any) -> Tensor:
    """input + other, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Add.apply(input, other)


def sub(input: Any, other: Any) -> Tensor:
    """input - other, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Sub.apply(input, other)


def mul(input: Any, other: Any) -> Tensor:
    """input * other element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Mul.apply(input, other)


def div(input: Any, other: Any) -> Tensor:
    """input / other element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Div.apply(input, other)


def neg(input: Tensor) -> Tensor:
    """-input."""
    return Neg.apply(input)


def pow(input: Any, exponent: Any) -> Tensor:
    """input ** exponent; either may be a number. Raises ShapeError if the shapes do not broadcast."""
    if isinstance(exponent, int) and exponent < 0 and isinstance(input, Tensor) and input.dtype.kind != "f":
        raise ValueError("pow: whole numbers have no negative powers; use .float()")
    return Pow.apply(input, exponent)


def maximum(input: Any, other: Any) -> Tensor:
    """The larger of two, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Maximum.apply(input, other)


def minimum(input: Any, other: Any) -> Tensor:
    """The smaller of two, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Minimum.apply(input, other)


def clip(input: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """Every element cut to min..max; None leaves a side open. The gradient passes where nothing was cut."""
    if min is None and max is None:
        raise ValueError("clip: give min, max, or both")
    for bound in (min, max):
        if bound is not None and not isinstance(bound, (int, float)):
            raise TypeError(f"clip: bounds are numbers, not {type(bound).__name__}; for tensors: maximum and minimum")
    return Clip.apply(input, min=min, max=max)


clamp = clip


def where(condition: Tensor, input: Any, other: Any) -> Tensor:
    """input where the condition (a bool tensor) holds, other elsewhere; all three broadcast.

    Raises TypeError for a condition of another dtype, ShapeError if the shapes do not broadcast.
    """
    if not isinstance(condition, Tensor) or condition.dtype.kind != "b":
        given = condition.dtype if isinstance(condition, Tensor) else type(condition).__name__
        raise TypeError(f"where: the condition is a bool tensor such as x > 0, not {given}")
    backends.of(*arrays_in([condition, input, other]))  # raises DeviceError for different devices
    shapes = [shape_of(x) for x in (condition, input, other)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise ShapeError(f"where: shapes {', '.join(map(str, shapes))} do not broadcast") from error
    return Where.apply(input, other, condition=condition.array)


def exp(input: Tensor) -> Tensor:
    """e ** input."""
    return Exp.apply(input)


def log(input: Tensor) -> Tensor:
    """Natural logarithm; -inf at 0 and NaN below, as in NumPy."""
    return Log.apply(input)


def sqrt(input: Tensor) -> Tensor:
    """Square root; its gradient at 0 is infinite."""
    return Sqrt.apply(input)


def abs(input: Tensor) -> Tensor:
    """Absolute value; its gradient at 0 is taken as 0."""
    return Abs.apply(input)
