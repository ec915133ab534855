"""functional/triangle.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from tests.helpers import IMAGE, op
from tests.operations.arguments import tensors, whole

OPERATIONS = {
    "tril": op(lambda lib, F, a: a.tril(), IMAGE),
    "tril -1": op(lambda lib, F, a: lib.tril(a, -1), (4, 3)),
    "triu": op(lambda lib, F, a: a.triu(diagonal=1), (3, 4)),
    "triu -1": op(lambda lib, F, a: a.triu(-1), IMAGE),
    "diag of a matrix": op(lambda lib, F, a: a.diag(), (4, 3)),
    "diag of a matrix, above": op(lambda lib, F, a: lib.diag(a, 1), (3, 5)),
    "diag of a vector": op(lambda lib, F, a: lib.diag(a), (3,)),
    "diag of a vector, below": op(lambda lib, F, a: a.diag(-2), (3,)),
    "diag of a vector, above": op(lambda lib, F, a: a.diag(1), (2,)),
    "diagonal": op(lambda lib, F, a: a.diagonal(), IMAGE),
    "diagonal -1": op(lambda lib, F, a: a.diagonal(-1, 1, -1), IMAGE),
    "diagonal 1": op(lambda lib, F, a: a.diagonal(offset=1, dim1=-1, dim2=0), (2, 3, 4)),
}

ARGUMENTS = {
    "tril": (tensors, whole),
    "diag": (tensors, whole),
}
