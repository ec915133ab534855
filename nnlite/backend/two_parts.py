"""The last digits of a mean. Where plain.py computes a formula in float64, here float32 is enough.

A float32 near 10,000 is a multiple of 0.001. A mean that is rounded to it may be off by half of that, and if the
numbers spread by 0.01 only, x - mean is then wrong in its second digit. So a float64 vector is handed to a formula as
two float32 vectors, the rounded one and what rounding took away:

    x - mean = (x - high) - low

The second subtraction waits until the formula adds something else to each channel anyway, so it costs no pass over x:

    (x - mean) * scale + shift = (x - high) * scale + (shift - low * scale)
"""

from __future__ import annotations

from .tricks import on


class TwoParts:
    """A vector with one value a channel, known better than to its float32. Formulas subtract, multiply and add it."""

    __array_ufunc__ = None  # array - two_parts asks __rsub__ instead of looping over the elements

    def __init__(self, high, low):
        self.high, self.low = high, low

    def __rsub__(self, x):
        return Unfinished(x - self.high, self.low)

    def __rmul__(self, x):
        return x * self.high

    def __radd__(self, x):
        return x + self.high


class Unfinished:
    """values - low, with `low` still to be subtracted: one number a channel."""

    __array_ufunc__ = None

    def __init__(self, values, low):
        self.values, self.low = values, low

    def __mul__(self, vector):
        factor = _rounded(vector)
        return Unfinished(self.values * factor, self.low * factor)

    def __add__(self, vector):
        return self.values + (_rounded(vector) - self.low)

    def __sub__(self, vector):
        return self.values - (_rounded(vector) + self.low)

    def __rsub__(self, x):
        return Unfinished(x - self.values, -self.low)

    def __rmul__(self, x):
        return x * self.finish()

    def finish(self):
        return self.values - self.low


def split(x, constants):
    """Constants for formulas of x: numbers and vectors of its dtype as they are, wider vectors in two parts."""
    return [_split(x.dtype, c) if hasattr(c, "dtype") else c for c in constants]


def finished(value):
    """The result of a formula as an array."""
    return value.finish() if isinstance(value, Unfinished) else value


def _split(dtype, vector):
    if vector.dtype.itemsize <= dtype.itemsize:
        return vector.astype(dtype, copy=False)
    if not on("two_parts"):
        return vector
    high = vector.astype(dtype)
    return TwoParts(high, (vector - high).astype(dtype))


def _rounded(vector):
    return vector.high if isinstance(vector, TwoParts) else vector
