"""functional/sampling.py: what its gradients are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import numbers, probabilities, tensors, whole

# the same numbers are drawn each time gradcheck calls it, and what is drawn has no gradient
RANDOM = {
    "bernoulli": op(lambda lib, F, a: lib.bernoulli(0.0 * a + 0.4) * a, IMAGE),
    "normal": op(lambda lib, F, m, s: m + s + lib.normal(0.0 * m, 0.0 * s + 2.0), IMAGE, (5, 1)),
    "normal about a tensor": op(lambda lib, F, m: m * lib.normal(0.0 * m, 2.0), (2, 3)),
    "normal as wide as a tensor": op(lambda lib, F, s: s * lib.normal(1.0, 0.0 * s + 2.0), (2, 3)),
}

ARGUMENTS = {
    "bernoulli": (tensors, st.one_of(st.none(), probabilities)),
    "normal": (st.one_of(tensors, numbers), st.one_of(tensors, numbers), st.sampled_from([None, (2,), 3, "a"])),
    "multinomial": (tensors, whole, st.booleans()),
}
