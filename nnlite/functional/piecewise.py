"""Operations that are one thing here and another there: the larger of two, cut off, chosen by a condition."""

from __future__ import annotations

from typing import Any

from .. import backend as backends
from ..dtype import get_default_dtype
from ..errors import guarded
from ..function import Function, is_tensor, result_type
from ..tensor import Tensor
from .arithmetic import Binary


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
        self.share = condition.copy()  # changes of an option are not noticed
        return super().forward(a, b)

    def compute(self, a, b):
        return self.xp.where(self.share, a, b)


class Abs(Function):
    """y = |x|    dx = dy sign(x), 0 at the kink"""

    whole_numbers = True

    def forward(self, x):
        self.x = x
        return self.xp.abs(x)

    def backward(self, dy):
        return dy * self.xp.sign(self.x)


def maximum(input: Any, other: Any) -> Tensor:
    """The larger of two, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Maximum.apply(input, other)


def minimum(input: Any, other: Any) -> Tensor:
    """The smaller of two, element by element, broadcast. Raises ShapeError if the shapes do not broadcast."""
    return Minimum.apply(input, other)


@guarded
def clip(input: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """Every element cut to min..max; None leaves a side open. The gradient passes where nothing was cut."""
    return Clip.apply(input, min=min, max=max)


clamp = clip


@guarded
def where(condition: Tensor, input: Any, other: Any) -> Tensor:
    """input where the condition (a bool tensor) holds, other elsewhere; all three broadcast.

    Raises TypeError for a condition of another dtype, ShapeError if the shapes do not broadcast.
    """
    if not is_tensor(input) and not is_tensor(other):
        xp = backends.of(condition.array).xp
        input = Tensor(xp.asarray(input, result_type(input, other)))
    return Where.apply(input, other, condition=condition.array)


def abs(input: Tensor) -> Tensor:
    """Absolute value; its gradient at 0 is taken as 0."""
    return Abs.apply(input)
