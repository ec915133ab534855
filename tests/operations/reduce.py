"""functional/reduce.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, distinct, far, op, positive
from tests.operations.arguments import axes, numbers, tensors

OPERATIONS = {
    "sum": op(lambda lib, F, a: a.sum(), IMAGE),
    "sum 1": op(lambda lib, F, a: a.sum(1), IMAGE),
    "sum -1, 0 kept": op(lambda lib, F, a: a.sum((-1, 0), True), IMAGE),
    "mean": op(lambda lib, F, a: a.mean(), IMAGE),
    "mean 2, 3": op(lambda lib, F, a: a.mean((2, 3)), IMAGE),
    "mean 0 kept": op(lambda lib, F, a: a.mean(dim=0, keepdim=True), (3, 2)),
    "sum of ()": op(lambda lib, F, a: a.sum(()), (2, 3)),
    "var": op(lambda lib, F, a: a.var(), IMAGE),
    "var 1, 3": op(lambda lib, F, a: a.var((1, 3), keepdim=True), IMAGE),
    "var biased": op(lambda lib, F, a: a.var(0, unbiased=False), (4, 3)),
    "var correction": op(lambda lib, F, a: lib.var(a, 1, correction=2), (2, 4)),
    "std": op(lambda lib, F, a: a.std(), IMAGE),
    "std -1": op(lambda lib, F, a: a.std(-1, keepdim=True), (2, 3)),
    "std of equal ones": op(lambda lib, F, a: (0 * a).std() + a.sum(), (3,)),
    "max": op(lambda lib, F, a: a.max(), (distinct, IMAGE)),
    "max 1": op(lambda lib, F, a: a.max(1)[0], (distinct, IMAGE)),
    "max -1 kept": op(lambda lib, F, a: a.max(-1, True).values, (distinct, (2, 3))),
    "max of two": op(lambda lib, F, a, b: a.max(b), (2, 3), (far, (2, 3))),
    "max of equal ones": op(
        lambda lib, F, a: lib.cat([a, a]).max() + lib.stack([a, a]).max(0)[0].sum(), (distinct, (4,))
    ),
    "min": op(lambda lib, F, a: a.min(), (distinct, (2, 3))),
    "min 0": op(lambda lib, F, a: lib.min(a, 0).values, (distinct, IMAGE)),
    "amax": op(lambda lib, F, a: a.amax((0, 2)), (distinct, IMAGE)),
    "amax of equal ones": op(lambda lib, F, a: lib.stack([a, a, 0.9 * a]).amax(0), (2, 3), values=positive),
    "amin kept": op(lambda lib, F, a: a.amin(1, keepdim=True), (distinct, IMAGE)),
    "logsumexp": op(lambda lib, F, a: lib.logsumexp(a, 1), IMAGE),
    "logsumexp far": op(  # e^x is more than a float64 holds for some and nothing for others
        lambda lib, F, a: lib.cat([a + 1000, a - 1000]).logsumexp((0, -1), keepdim=True), (2, 3)
    ),
    "norm": op(lambda lib, F, a: a.norm(), IMAGE),
    "norm 1": op(lambda lib, F, a: a.norm(1, 0), IMAGE),
    "norm 3": op(lambda lib, F, a: a.norm(p=3.0, dim=(1, 2), keepdim=True), IMAGE),
    "norm 0.5 with zeros": op(lambda lib, F, a: lib.norm(lib.cat([a, 0 * a]), 0.5), (3,)),
    "norm inf": op(lambda lib, F, a: (a - 10).norm(float("inf"), 1), (distinct, (2, 3))),
    "norm of zeros": op(lambda lib, F, a: (a * 0).norm() + (a[0] * 0).norm(1.5) + a.sum(), (2, 3)),
}

ARGUMENTS = {
    "sum": (tensors, axes, st.booleans()),
    "mean": (tensors, axes, st.booleans()),
    "var": (tensors, axes, st.booleans(), st.booleans()),
    "std": (tensors, axes, st.booleans(), st.booleans()),
    "max": (tensors, st.one_of(axes, tensors), st.booleans()),
    "min": (tensors, st.one_of(axes, tensors), st.booleans()),
    "amax": (tensors, axes, st.booleans()),
    "amin": (tensors, axes, st.booleans()),
    "argmax": (tensors, axes, st.booleans()),
    "argmin": (tensors, axes, st.booleans()),
    "logsumexp": (tensors, axes, st.booleans()),
    "norm": (tensors, numbers, axes, st.booleans()),
}
