"""functional/order.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, distinct, op
from tests.operations.arguments import tensors, whole

OPERATIONS = {
    "sort": op(lambda lib, F, a: lib.sort(a)[0], (distinct, (2, 5))),
    "sort descending": op(lambda lib, F, a: a.sort(1, descending=True).values, (distinct, IMAGE)),
    "sort single": op(lambda lib, F, a: a.sort().values, ()),
    "argsort": op(lambda lib, F, a: a * a.argsort(-2) + lib.argsort(a, dim=0, descending=True), (distinct, IMAGE)),
    "topk": op(lambda lib, F, a: lib.topk(a, 2)[0], (distinct, IMAGE)),
    "topk smallest": op(lambda lib, F, a: a.topk(3, dim=0, largest=False).values, (distinct, (5, 2))),
    "topk indices": op(lambda lib, F, a: a.topk(2, 1)[1] * a[:, :2], (distinct, (3, 4))),
}

flags = st.booleans()

ARGUMENTS = {
    "argsort": (tensors, whole, flags, flags),
    "sort": (tensors, whole, flags, flags),
    "topk": (tensors, st.one_of(whole, st.just(0.5)), whole, flags),
    "unique": (tensors, flags, flags, flags),
}
