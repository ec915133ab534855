"""functional/linear.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from collections import OrderedDict

from tests.helpers import IMAGE, op
from tests.operations.arguments import maybe, tensors, whole

OPERATIONS = {
    "matmul": op(lambda lib, F, a, b: a @ b, (2, 3), (3, 4)),
    "matmul vectors": op(lambda lib, F, a, b: lib.matmul(a, b), (3,), (3,)),
    "matmul vector first": op(lambda lib, F, a, b: a @ b, (3,), (2, 3, 4)),
    "matmul vector last": op(lambda lib, F, a, b: a @ b, (2, 4, 3), (3,)),
    "matmul broadcast": op(lambda lib, F, a, b: a.matmul(b), (2, 1, 4, 3), (5, 3, 2)),
    "linear": op(lambda lib, F, x, w, b: F.linear(x, w, b), (5, 3), (4, 3), (4,)),
    "linear without bias": op(lambda lib, F, x, w: F.linear(x, w), (5, 3), (4, 3)),
    "linear of one row": op(lambda lib, F, x, w, b: F.linear(x, w, b), (3,), (4, 3), (4,)),
    "linear of images": op(lambda lib, F, x, w, b: F.linear(x, w, b), IMAGE, (2, 4), (2,)),
    "embedding": op(lambda lib, F, w: F.embedding(lib.tensor([[2, 0, 2], [1, 2, 2]]), w), (4, 3)),
}

ARGUMENTS = {
    "matmul": (tensors, tensors),
    "linear": (tensors, tensors, maybe),
    "embedding": (tensors, tensors, whole),
}

MODULES = {
    "Linear": (lambda nn: nn.Linear(5, 4), (3, 5)),
    "Linear without bias": (lambda nn: nn.Linear(4, 2, bias=False), (2, 3, 5, 4)),
    "Flatten": (lambda nn: nn.Flatten(), IMAGE),
    "Flatten some": (lambda nn: nn.Flatten(0, -2), IMAGE),
    "Unflatten": (lambda nn: nn.Unflatten(1, (3, -1, 2)), (2, 12)),
    "Unflatten from the end": (lambda nn: nn.Unflatten(-2, (1, 3)), (2, 3, 4)),
    "Identity": (lambda nn: nn.Identity(7, unused=True), (2, 3)),
    "Sequential": (
        lambda nn: nn.Sequential(nn.Conv2d(3, 2, 3), nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), nn.Tanh()),
        IMAGE,
    ),
    "Sequential by names": (
        lambda nn: nn.Sequential(OrderedDict([("flat", nn.Flatten()), ("head", nn.Linear(60, 2))])),
        IMAGE,
    ),
}
