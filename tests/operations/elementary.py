"""functional/elementary.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op, positive, probability
from tests.operations.arguments import tensors, whole


def between_steps(rng, shape):
    """Numbers that are near no whole number and no half."""
    return rng.integers(-3, 4, shape) + rng.uniform(0.1, 0.4, shape)


OPERATIONS = {
    "sin": op(lambda lib, F, a: a.sin(), IMAGE),
    "cos": op(lambda lib, F, a: a.cos(), IMAGE),
    "log2": op(lambda lib, F, a: a.log2(), (2, 3), values=positive),
    "log10": op(lambda lib, F, a: a.log10(), (2, 3), values=positive),
    "log1p": op(lambda lib, F, a: lib.log1p(a), IMAGE, values=positive),
    "expm1": op(lambda lib, F, a: a.expm1(), (2, 3)),
    "rsqrt": op(lambda lib, F, a: a.rsqrt(), IMAGE, values=positive),
    "reciprocal": op(lambda lib, F, a: a.reciprocal(), (2, 3)),
    "square": op(lambda lib, F, a: lib.square(a) + a.square(), (2, 3)),
    "sign": op(lambda lib, F, a: a.sign() * a, IMAGE),
    "round": op(lambda lib, F, a: a.round() * a, (2, 3), values=between_steps),
    "round to hundredths": op(lambda lib, F, a: lib.round(a / 100, decimals=2) * a, (2, 3), values=between_steps),
    "floor": op(lambda lib, F, a: a.floor() * a, IMAGE, values=between_steps),
    "ceil": op(lambda lib, F, a: a.ceil() * a, (2, 3), values=between_steps),
    "trunc": op(lambda lib, F, a: a.trunc() * a, (2, 3), values=between_steps),
    "floor_divide": op(
        lambda lib, F, a: a.detach() // 2 + -3 // (a.detach() * a.detach() + 7.0) + a, (2, 3), values=between_steps
    ),
    "remainder": op(lambda lib, F, a, b: (b * (a + 3)) % b, IMAGE, (5, 1), values=probability),
    "remainder below 0": op(lambda lib, F, a, b: lib.remainder(b * (a + 3), -b), (2, 3), (2, 3), values=probability),
    "remainder of numbers": op(lambda lib, F, a: a % 1 + 2 % (a.detach() + 4.5), (2, 3), values=probability),
}

divisors = st.one_of(tensors, st.sampled_from([1, 0.5, -2, "2", None]))

ARGUMENTS = {name: (tensors,) for name in "sin log1p square sign".split()} | {
    "round": (tensors, {"decimals": whole}),
    "floor_divide": (tensors, divisors),
    "remainder": (tensors, divisors),
}
