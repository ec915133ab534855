"""functional/pad.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import numbers, tensors, whole

OPERATIONS = {
    "pad": op(lambda lib, F, a: F.pad(a, (1, 2)), IMAGE),
    "pad with a value": op(lambda lib, F, a: F.pad(a, (0, 1, 2, 0, 1, 1), "constant", 1.5), IMAGE),
    "pad a vector": op(lambda lib, F, a: F.pad(a, [2, 0]), (3,)),
    "pad reflect": op(lambda lib, F, a: F.pad(a, (3, 1, 2, 4), mode="reflect"), IMAGE),
    "pad reflect 3": op(lambda lib, F, a: F.pad(a, (2, 0), mode="reflect"), (2, 2, 3)),
    "pad replicate": op(lambda lib, F, a: F.pad(a, (5, 1, 0, 4), mode="replicate"), IMAGE),
    "pad replicate 3": op(lambda lib, F, a: F.pad(a, (2, 3), mode="replicate"), (2, 2, 3)),
    "pad circular": op(lambda lib, F, a: F.pad(a, (4, 1, 0, 5), mode="circular"), IMAGE),
    "pad circular 3": op(lambda lib, F, a: F.pad(a, (2, 3), mode="circular"), (2, 2, 3)),
    "pad cut": op(lambda lib, F, a: F.pad(a, (-1, -2, 3, -1)), IMAGE),
    "pad cut and reflect": op(lambda lib, F, a: F.pad(a, (-1, 2, 1, -3), mode="reflect"), IMAGE),
    "pad cut and replicate": op(lambda lib, F, a: F.pad(a, (-1, 3, 2, -3), mode="replicate"), IMAGE),
    "pad cut and circular": op(lambda lib, F, a: F.pad(a, (-1, 3, 2, -3), mode="circular"), IMAGE),
}

ARGUMENTS = {
    "pad": (
        tensors,
        st.one_of(st.lists(whole, max_size=6), whole, st.none()),
        st.sampled_from(["constant", "reflect", "replicate", "circular", None]),
        numbers,
    ),
}
