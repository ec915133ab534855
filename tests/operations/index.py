"""functional/index.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import axes, tensors, whole

OPERATIONS = {
    "getitem": op(lambda lib, F, a: a[1, ..., 1:4:2, None], IMAGE),
    "getitem twice": op(lambda lib, F, a: a[[0, 2, 0, 0]], (3, 2)),
    "cat channels": op(lambda lib, F, a, b: lib.cat([a, b], 1), IMAGE, (2, 1, 5, 4)),
    "cat -1": op(lambda lib, F, a, b: lib.cat((a, b, a), dim=-1), (2, 3), (2, 1)),
    "getitem tensors": op(lambda lib, F, a: a[lib.tensor([1, 1, 0]), :, lib.tensor([4, 4, 2])], IMAGE),
    "getitem mask": op(lambda lib, F, a: a[a > 0], (2, 3)),
    "getitem rows by mask": op(lambda lib, F, a: a[lib.tensor([True, False, True])], (3, 2)),
    "getitem array and slice": op(lambda lib, F, a: a[:, [0, 2, 0], 1:, 2], IMAGE),
    "getitem mask of two axes": op(
        lambda lib, F, a: a[lib.tensor([[True, False, True], [False, False, True]]), 1:, 2], IMAGE
    ),
    "getitem number": op(lambda lib, F, a: a[-1], IMAGE),
    "iteration": op(lambda lib, F, a: sum(row * i for i, row in enumerate(a)), (3, 2)),
    "stack": op(lambda lib, F, a, b: lib.stack([a, b, a], 1), (2, 3), (2, 3)),
    "stack -1": op(lambda lib, F, a, b: lib.stack((a, b), dim=-1), IMAGE[1:], IMAGE[1:]),
    "split": op(lambda lib, F, a: a.split(2, 2)[1] * a.split(2, 2)[0], IMAGE),
    "split rest": op(lambda lib, F, a: lib.split(a, 2)[-1], (5, 2)),
    "split sections": op(lambda lib, F, a: lib.split(a, [1, 3, 1], dim=-2)[1], IMAGE),
    "chunk": op(lambda lib, F, a: a.chunk(2, 1)[1], (2, 5)),
    "flip": op(lambda lib, F, a: a.flip((1, -1)), IMAGE),
    "flip 0": op(lambda lib, F, a: a.flip(0), (3, 2)),
    "roll": op(lambda lib, F, a: a.roll(2), (2, 3)),
    "roll both": op(lambda lib, F, a: lib.roll(a, (1, -2), (2, 3)), IMAGE),
}

ARGUMENTS = {
    "getitem": (tensors, st.one_of(whole, st.tuples(whole, whole), st.just(slice(1, None)), tensors, st.just("a"))),
    "cat": (st.lists(tensors, max_size=3), whole),
    "stack": (st.lists(tensors, max_size=3), whole),
    "split": (tensors, st.one_of(whole, st.lists(whole, max_size=3)), whole),
    "chunk": (tensors, whole, whole),
    "flip": (tensors, axes),
    "roll": (tensors, axes, axes),
}
