"""More functions of every element: logarithms, trigonometry, steps, and a remainder with the dividend's sign."""

import math
from typing import Any

from ..errors import guard
from ..functional.arithmetic import Binary
from ..functional.elementary import elementwise
from ..guards.common import require_tensors
from ..tensor import Tensor

log2 = elementwise("log2", lambda xp, x: xp.log2(x), lambda xp, x: 1.0 / (x * math.log(2.0)))
log10 = elementwise("log10", lambda xp, x: xp.log10(x), lambda xp, x: 1.0 / (x * math.log(10.0)))
expm1 = elementwise("expm1", lambda xp, x: xp.expm1(x), lambda xp, x: xp.exp(x))  # e^x - 1, exact near 0
rsqrt = elementwise("rsqrt", lambda xp, x: 1.0 / xp.sqrt(x), lambda xp, x: -0.5 / (x * xp.sqrt(x)))
reciprocal = elementwise("reciprocal", lambda xp, x: 1.0 / x, lambda xp, x: -1.0 / (x * x))
cos = elementwise("cos", lambda xp, x: xp.cos(x), lambda xp, x: -xp.sin(x))
tan = elementwise("tan", lambda xp, x: xp.tan(x), lambda xp, x: 1.0 + xp.tan(x) ** 2)
sinh = elementwise("sinh", lambda xp, x: xp.sinh(x), lambda xp, x: xp.cosh(x))
cosh = elementwise("cosh", lambda xp, x: xp.cosh(x), lambda xp, x: xp.sinh(x))
asin = elementwise("asin", lambda xp, x: xp.arcsin(x), lambda xp, x: 1.0 / xp.sqrt(1.0 - x * x))
acos = elementwise("acos", lambda xp, x: xp.arccos(x), lambda xp, x: -1.0 / xp.sqrt(1.0 - x * x))
atan = elementwise("atan", lambda xp, x: xp.arctan(x), lambda xp, x: 1.0 / (1.0 + x * x))

floor = elementwise("floor", lambda xp, x: xp.floor(x) if x.dtype.kind == "f" else x.copy())
ceil = elementwise("ceil", lambda xp, x: xp.ceil(x) if x.dtype.kind == "f" else x.copy())
trunc = elementwise("trunc", lambda xp, x: xp.trunc(x) if x.dtype.kind == "f" else x.copy())


class Fmod(Binary):
    """y = a - n b, n = a / b without its fraction    da = dy, db = -n dy"""

    def compute(self, a, b):
        guard("whole_division", "fmod", a, b)
        self.a, self.b = a, b
        return self.xp.fmod(a, b)

    def derive(self, dy, to_a, to_b):
        return dy, -dy * self.xp.trunc(self.a / self.b) if to_b else None


def fmod(input: Tensor, other: Any) -> Tensor:
    """What division leaves, with the sign of `input`. Raises ValueError for whole numbers by 0."""
    require_tensors("fmod", input)
    return Fmod.apply(input, other)
