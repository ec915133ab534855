"""functional/cumulative.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import axes, tensors, whole

OPERATIONS = {
    "cumsum": op(lambda lib, F, a: a.cumsum(1), IMAGE),
    "cumsum -1": op(lambda lib, F, a: lib.cumsum(a, dim=-1), (2, 4)),
    "cumsum single": op(lambda lib, F, a: a.cumsum(0), ()),
    "cumprod": op(lambda lib, F, a: a.cumprod(2), IMAGE),
    "cumprod of one": op(lambda lib, F, a: a.cumprod(dim=-1), (2, 1)),
    "cumprod with zeros": op(lambda lib, F, a: (a * lib.tensor([1, 0, 1, 0, 1])).cumprod(1), (2, 5)),
    "prod": op(lambda lib, F, a: a.prod(), (2, 3)),
    "prod 1": op(lambda lib, F, a: a.prod(1), IMAGE),
    "prod kept": op(lambda lib, F, a: lib.prod(a, -2, keepdim=True), (2, 3, 2)),
    "prod with a zero": op(lambda lib, F, a: (a * lib.tensor([[1, 0, 1], [0, 1, 0]])).prod(-1), (2, 3)),
    "prod single": op(lambda lib, F, a: a.prod(0) + a.prod(-1, True) + a.prod(), ()),
}

ARGUMENTS = {
    "cumsum": (tensors, whole),
    "prod": (tensors, axes, st.booleans()),
}
