"""functional/shape.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

import numpy as np
from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import axes, tensors, whole

OPERATIONS = {
    "reshape": op(lambda lib, F, a: a.reshape(4, -1), IMAGE),
    "view": op(lambda lib, F, a: a.view((2, 60)), IMAGE),
    "flatten": op(lambda lib, F, a: a.flatten(1, 2), IMAGE),
    "permute": op(lambda lib, F, a: a.permute(2, 0, -1, 1), IMAGE),
    "transpose": op(lambda lib, F, a: a.transpose(1, -1), IMAGE),
    "clone": op(lambda lib, F, a: a.clone(), IMAGE),
    "squeeze": op(lambda lib, F, a: a.squeeze(), (1, 2, 1, 3)),
    "squeeze 2": op(lambda lib, F, a: a.squeeze(2), (1, 2, 1, 3)),
    "squeeze tuple": op(lambda lib, F, a: a.squeeze((0, 1)), (1, 2, 1, 3)),
    "unsqueeze": op(lambda lib, F, a: a.unsqueeze(1).unsqueeze(-1), (2, 3)),
    "expand": op(lambda lib, F, a: a.expand(4, 2, -1, 3), (2, 1, 3)),
    "T": op(lambda lib, F, a: a.T, (2, 3)),
}

ARGUMENTS = {
    "reshape": (tensors, axes),
    "flatten": (tensors, whole, whole),
    "permute": (tensors, axes),
    "transpose": (tensors, whole, whole),
    "clone": (tensors,),
    "cast": (tensors, st.sampled_from([np.float32, "float64", "float17", np.int64])),
    "squeeze": (tensors, axes),
    "unsqueeze": (tensors, whole),
    "expand": (tensors, axes),
    "to_device": (tensors, st.sampled_from(["cpu", "gpu", "tpu"])),
}
