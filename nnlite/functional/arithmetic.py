"""Arithmetic, element by element, with NumPy's broadcasting."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..function import Function, shape_of, unbroadcast
from ..tensor import Tensor


class Binary(Function):
    """An operation on two operands whose shapes broadcast together; either may be a Python number."""

    whole_numbers = True

    def forward(self, a, b):
        self.a_shape, self.b_shape = shape_of(a), shape_of(b)
        try:
            return self.compute(a, b)
        except ValueError as error:
            raise ShapeError(
                f"{type(self).__name__.lower()}: shapes {self.a_shape} and {self.b_shape} do not broadcast; from the "
                "right, each pair of sizes must be equal or one of them 1"
            ) from error

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


class Pow(Function):
    """y = x^p for a number p    dx = dy p x^(p-1)"""

    def forward(self, x, *, exponent):
        self.x, self.exponent = x, exponent
        return x**exponent

    def backward(self, dy):
        p = self.exponent
        return dy * (p * self.x ** (p - 1) if p else 0.0)  # x^-1 of x = 0 would be infinite


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


def pow(input: Tensor, exponent: float) -> Tensor:
    """input ** exponent, for a number."""
    if not isinstance(exponent, (int, float)):
        raise TypeError(f"pow: exponent must be a number, not {type(exponent).__name__}")
    return Pow.apply(input, exponent=exponent)


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
