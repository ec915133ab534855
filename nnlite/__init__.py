"""nnlite: a deep-learning library small enough to read.

    import nnlite
    from nnlite import nn, optim
    import nnlite.nn.functional as F

Names, arguments and defaults are PyTorch's. docs/read-the-core.md leads through the files that a trained convolutional
network needs, beginning with function.py. functional/ has the operations with their gradients, nn/ the layers, optim/
the optimisers, backend/ what they run on, and guards/ the checks of their arguments. torch/ has what else scripts
for PyTorch need; nothing here depends on it.
"""

from . import backends, cuda, functional, graph, guards, methods, nn, optim, views
from .backend import canonical as device
from .backend import gpu_available
from .backend.cpu.threads import set_num_threads
from .backend.random import get_rng_state, manual_seed, set_rng_state
from .capture import capture
from .checkpoint import load, load_metadata, save
from .creation import (
    arange, as_tensor, empty, empty_like, eye, from_numpy, full, full_like, linspace, ones, ones_like, rand, rand_like,
    randint, randint_like, randn, randn_like, randperm, tensor, zeros, zeros_like,
)  # fmt: skip
from .data import DataLoader
from .dtype import (
    bool, double, float, float16, float32, float64, get_default_dtype, half, int, int8, int16, int32, int64, long,
    set_default_dtype, uint8,
)  # fmt: skip
from .errors import CheckpointError, DataError, DeviceError, GradcheckError, GraphError, NonFiniteError, ShapeError
from .anomaly import detect_anomaly
from .function import Function, enable_grad, is_grad_enabled, no_grad, unbroadcast
from .functional import (
    abs, add, amax, amin, argmax, argmin, argsort, bernoulli, bmm, cat, chunk, clamp, clip, clone, cumsum, diag, div,
    dot, einsum, eq, exp, flatten, flip, floor_divide, gather, ge, gt, index_select, le, log, log1p, log_softmax,
    logical_and, logical_not, logical_or, logsumexp, lt, matmul, max, maximum, mean, min, minimum, mm, mul,
    multinomial, ne, neg, norm, normal, outer, permute, pow, prod, relu, remainder, reshape, roll, round, scatter,
    sigmoid, sign, sin, softmax, sort, split, sqrt, square, squeeze, stack, std, sub, sum, tanh, to_device, topk,
    transpose, tril, unique, unsqueeze, var, where,
)  # fmt: skip
from .gradcheck import gradcheck
from .tensor import Tensor

__version__ = "0.1.0"
