"""functional/repeat.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from tests.helpers import IMAGE, op
from tests.operations.arguments import axes, tensors

OPERATIONS = {
    "repeat": op(lambda lib, F, a: a.repeat(2, 1, 3, 2), IMAGE),
    "repeat along new axes": op(lambda lib, F, a: a.repeat((2, 3, 1, 2)), (2, 3)),
    "repeat once": op(lambda lib, F, a: a.repeat(1, 1), (2, 3)),
    "expand_as": op(lambda lib, F, a, b: a.expand_as(b) * b, (3, 1), (2, 3, 4)),
}

ARGUMENTS = {
    "repeat": (tensors, axes),
    "expand_as": (tensors, tensors),
}
