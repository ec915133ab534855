"""functional/arithmetic.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, far, op, positive
from tests.operations.arguments import numbers, tensors

OPERATIONS = {
    "add": op(lambda lib, F, a, b: a + b, IMAGE, IMAGE),
    "add broadcast": op(lambda lib, F, a, b: a + b, (3, 1), (2, 1, 4)),
    "add number": op(lambda lib, F, a: 1.5 + a + 2, (2, 3)),
    "sub": op(lambda lib, F, a, b: a - b, (2, 3), (3,)),
    "sub from number": op(lambda lib, F, a: 1 - (a - 0.5), (2, 3)),
    "mul": op(lambda lib, F, a, b: a * b, IMAGE, (3, 1, 1)),
    "mul number": op(lambda lib, F, a: 3 * a * 0.5, (2, 3)),
    "square by mul": op(lambda lib, F, a: a * a, (2, 3)),
    "div": op(lambda lib, F, a, b: a / b, (2, 3), (2, 1)),
    "div number": op(lambda lib, F, a: 1 / (a / 3), (2, 3)),
    "neg": op(lambda lib, F, a: -a, IMAGE),
    "pow 2": op(lambda lib, F, a: a**2, IMAGE),
    "pow 1": op(lambda lib, F, a: a**1, (2, 3)),
    "pow 0": op(lambda lib, F, a: a**0, (2, 3)),
    "pow -1.5": op(lambda lib, F, a: a**-1.5, (2, 3), values=positive),
    "exp": op(lambda lib, F, a: a.exp(), IMAGE),
    "log": op(lambda lib, F, a: a.log(), IMAGE, values=positive),
    "sqrt": op(lambda lib, F, a: a.sqrt(), IMAGE, values=positive),
    "abs": op(lambda lib, F, a: a.abs(), IMAGE),
    "pow by tensor": op(lambda lib, F, a, b: a**b, IMAGE, (5, 1), values=positive),
    "pow of number": op(lambda lib, F, b: 2.5**b, (2, 3)),
    "pow of zero": op(lambda lib, F, a, b: (a.detach() * 0) ** b + a, (2, 3), (2, 3), values=positive),
    "powers of zero": op(lambda lib, F, a: (a * 0) ** 2 + a**3, (2, 3)),
    "clip": op(lambda lib, F, a: a.clip(-3, 0.05) + a.clamp(max=0.1) + lib.clamp(a, min=-0.05), IMAGE),
    "maximum": op(lambda lib, F, a, b: lib.maximum(a, b), IMAGE, (far, (5, 1))),
    "minimum": op(lambda lib, F, a, b: lib.minimum(a, b), (2, 3), (far, (3,))),
    "where": op(lambda lib, F, a, b: lib.where(a > 0, a, b), (2, 1, 4), (3, 1)),
    "where number": op(lambda lib, F, a: lib.where(a < 0, a * 2, 0.5), IMAGE),
}

ARGUMENTS = {
    "add": (tensors, tensors),
    "sub": (tensors, tensors),
    "mul": (tensors, tensors),
    "div": (tensors, tensors),
    "neg": (tensors,),
    "pow": (tensors, st.one_of(tensors, numbers)),
    "exp": (tensors,),
    "log": (tensors,),
    "sqrt": (tensors,),
    "abs": (tensors,),
    "clip": (tensors, numbers, numbers),
    "clamp": (tensors, numbers, numbers),
    "maximum": (tensors, tensors),
    "minimum": (tensors, tensors),
    "where": (tensors, tensors, tensors),
}
