"""Arithmetic, element by element, with NumPy's broadcasting. `@` is in linear.py, comparisons are in compare.py."""

from __future__ import annotations

from typing import Any

from ..dtype import get_default_dtype
from ..errors import guard, guarded
from ..function import Function, shape_of, unbroadcast
from ..tensor import Tensor


class Binary(Function):
    """An operation on two operands whose shapes broadcast together; either may be a Python number."""

    whole_numbers = True

    def forward(self, a, b):
        self.a_shape, self.b_shape = shape_of(a), shape_of(b)
        guard("broadcast", type(self).__name__.lower(), self.a_shape, self.b_shape)
        y = self.compute(a, b)
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
        to_a, to_b = self.needs_input_grad
        self.a, self.b = a if to_b else None, b if to_a else None
        return a * b

    def derive(self, dy, to_a, to_b):
        return dy * self.b if to_a else None, dy * self.a if to_b else None


class Div(Binary):
    """y = a / b    da = dy / b, db = -dy a / b^2"""

    def compute(self, a, b):
        self.a, self.b = a if self.needs_input_grad[1] else None, b
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
        y = a**b
        self.y = y if self.needs_input_grad[1] else None
        return y

    def derive(self, dy, to_a, to_b):
        a, b = self.a, self.b
        da = db = None
        if to_a:  # where b = 0 the power b - 1 would be infinite for a = 0, and its factor is 0 anyway
            da = dy * (b * a ** (b - (b != 0)))
        if to_b:  # where a = 0, y = 0 for every b > 0: no slope, though ln a is infinite
            db = dy * self.y * self.xp.log(a + ((a == 0) & (b >= 0)))
        return da, db


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


def add(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """input + alpha * other, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Add.apply(input, other if alpha == 1 else other * alpha)


def sub(input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    """input - alpha * other, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Sub.apply(input, other if alpha == 1 else other * alpha)


def mul(input: Any, other: Any) -> Tensor:
    """input * other element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Mul.apply(input, other)


def div(input: Any, other: Any) -> Tensor:
    """input / other element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Div.apply(input, other)


def neg(input: Tensor) -> Tensor:
    """-input."""
    return Neg.apply(input)


@guarded
def pow(input: Any, exponent: Any) -> Tensor:
    """input ** exponent; either may be a number. Raises ShapeError if the shapes do not broadcast."""
    return Pow.apply(input, exponent)


def exp(input: Tensor) -> Tensor:
    """e ** input."""
    return Exp.apply(input)


def log(input: Tensor) -> Tensor:
    """Natural logarithm; -inf at 0 and NaN below, as in NumPy."""
    return Log.apply(input)


def sqrt(input: Tensor) -> Tensor:
    """Square root; its gradient at 0 is infinite."""
    return Sqrt.apply(input)
