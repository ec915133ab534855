"""functional/noise.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import numbers, probabilities, tensors

# the same numbers are drawn each time gradcheck calls it
RANDOM = {
    "dropout": op(lambda lib, F, a: F.dropout(a, 0.4), IMAGE),
    "dropout2d": op(lambda lib, F, a: F.dropout2d(a, 0.4), IMAGE),
    "rsample": op(lambda lib, F, m, v: F.rsample(m, v), IMAGE, IMAGE),
}

ARGUMENTS = {
    "dropout": (tensors, probabilities),
    "dropout2d": (tensors, st.one_of(probabilities, numbers)),
    "rsample": (tensors, tensors),
}
