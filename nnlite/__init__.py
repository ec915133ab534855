"""nnlite: a deep-learning library small enough to read.

    import nnlite
    from nnlite import nn, optim
    import nnlite.nn.functional as F

Names, arguments and defaults are PyTorch's. Start reading at tensor.py and function.py; functional/ has the
operations with their gradients, nn/ the layers, optim/ the optimisers, backend/ what runs on which device.
"""

from . import functional, nn, optim
from .backend import gpu_available
from .backend.cpu import set_num_threads
from .backend.random import get_rng_state, manual_seed, set_rng_state
from .checkpoint import load, load_metadata, save
from .data import DataLoader
from .errors import CheckpointError, DeviceError, GradcheckError, GraphError, NonFiniteError, ShapeError
from .function import Function, detect_anomaly, is_grad_enabled, no_grad, unbroadcast
from .functional import cat
from .gradcheck import gradcheck
from .tensor import Tensor, full_like, tensor

__version__ = "0.1.0"
