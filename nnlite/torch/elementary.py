"""More functions of every element: trigonometry, and a remainder with the dividend's sign."""

from typing import Any

from ..errors import guard
from ..functional.arithmetic import Binary
from ..functional.elementary import elementwise
from ..guards.common import require_tensors
from ..tensor import Tensor

tan = elementwise("tan", lambda xp, x: xp.tan(x), lambda xp, x: 1.0 + xp.tan(x) ** 2)
sinh = elementwise("sinh", lambda xp, x: xp.sinh(x), lambda xp, x: xp.cosh(x))
cosh = elementwise("cosh", lambda xp, x: xp.cosh(x), lambda xp, x: xp.sinh(x))
asin = elementwise("asin", lambda xp, x: xp.arcsin(x), lambda xp, x: 1.0 / xp.sqrt(1.0 - x * x))
acos = elementwise("acos", lambda xp, x: xp.arccos(x), lambda xp, x: -1.0 / xp.sqrt(1.0 - x * x))
atan = elementwise("atan", lambda xp, x: xp.arctan(x), lambda xp, x: 1.0 / (1.0 + x * x))


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
