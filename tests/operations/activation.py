"""functional/activation.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

from hypothesis import strategies as st

from tests.helpers import IMAGE, distinct, op
from tests.operations.arguments import numbers, tensors, whole

OPERATIONS = {
    "relu": op(lambda lib, F, a: F.relu(a), IMAGE),
    "leaky_relu": op(lambda lib, F, a: F.leaky_relu(a, 0.2), IMAGE),
    "prelu": op(lambda lib, F, a, w: F.prelu(a, w), IMAGE, (1,)),
    "prelu number": op(lambda lib, F, a, w: F.prelu(a, w), (2, 3), ()),
    "prelu image": op(lambda lib, F, a, w: F.prelu(a, w), IMAGE, (3,)),
    "prelu matrix": op(lambda lib, F, a, w: F.prelu(a, w), (4, 3), (3,)),
    "prelu sequence": op(lambda lib, F, a, w: F.prelu(a, w), (2, 3, 4), (3,)),
    "prelu volume": op(lambda lib, F, a, w: F.prelu(a, w), (2, 3, 1, 2, 2), (3,)),
    "elu": op(lambda lib, F, a: F.elu(a), IMAGE),
    "elu 1.5": op(lambda lib, F, a: F.elu(a, 1.5), (2, 3)),
    "hardtanh": op(lambda lib, F, a: F.hardtanh(a, -0.73, 0.44), (distinct, IMAGE)),
    "relu6": op(lambda lib, F, a: F.relu6(a + 3.03), (distinct, IMAGE)),
    "gelu": op(lambda lib, F, a: F.gelu(a), IMAGE),
    "gelu tanh": op(lambda lib, F, a: F.gelu(a, approximate="tanh"), IMAGE),
    "silu": op(lambda lib, F, a: F.silu(a), IMAGE),
    "softplus": op(lambda lib, F, a: F.softplus(a), IMAGE),
    "softplus 2, 0.1": op(lambda lib, F, a: F.softplus(a, 2, 0.1), IMAGE),  # half of it beyond the threshold at 0.05
    "tanh": op(lambda lib, F, a: a.tanh(), IMAGE),
    "sigmoid": op(lambda lib, F, a: a.sigmoid(), IMAGE),
    "softmax 1": op(lambda lib, F, a: F.softmax(a, 1), IMAGE),
    "softmax -1": op(lambda lib, F, a: F.softmax(a, dim=-1), (4, 3)),
    "log_softmax 1": op(lambda lib, F, a: F.log_softmax(a, 1), IMAGE),
    "log_softmax 0": op(lambda lib, F, a: F.log_softmax(a, dim=0), (4, 3)),
}

MODULES = {
    "ReLU": (lambda nn: nn.ReLU(inplace=True), IMAGE),
    "LeakyReLU": (lambda nn: nn.LeakyReLU(0.2, inplace=True), IMAGE),
    "PReLU": (lambda nn: nn.PReLU(), IMAGE),
    "PReLU channels": (lambda nn: nn.PReLU(3, 0.5), IMAGE),
    "ELU": (lambda nn: nn.ELU(0.5), IMAGE),
    "Hardtanh": (lambda nn: nn.Hardtanh(-0.5, 0.25), IMAGE),
    "ReLU6": (lambda nn: nn.ReLU6(), IMAGE),
    "GELU": (lambda nn: nn.GELU(), IMAGE),
    "GELU tanh": (lambda nn: nn.GELU("tanh"), IMAGE),
    "SiLU": (lambda nn: nn.SiLU(), IMAGE),
    "Softplus": (lambda nn: nn.Softplus(2, 1), IMAGE),
    "Tanh": (lambda nn: nn.Tanh(), IMAGE),
    "Sigmoid": (lambda nn: nn.Sigmoid(), IMAGE),
    "Softmax": (lambda nn: nn.Softmax(1), IMAGE),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(dim=-1), IMAGE),
}

dims = st.one_of(whole, st.sampled_from([None, 0.5, "1", (0, 1)]))

ARGUMENTS = {
    "relu": (tensors,),
    "leaky_relu": (tensors, numbers),
    "prelu": (tensors, st.one_of(tensors, numbers)),
    "elu": (tensors, numbers),
    "hardtanh": (tensors, numbers, numbers),
    "relu6": (tensors,),
    "gelu": (tensors, st.sampled_from(["none", "tanh", "sigmoid", None, True])),
    "silu": (tensors,),
    "softplus": (tensors, numbers, numbers),
    "tanh": (tensors,),
    "sigmoid": (tensors,),
    "softmax": (tensors, dims),
    "log_softmax": (tensors, dims),
}
