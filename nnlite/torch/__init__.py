"""What an unchanged PyTorch script needs: `import nnlite.torch as torch`.

    import nnlite.torch as torch
    import nnlite.torch.nn as nn
    import nnlite.torch.nn.functional as F
    import nnlite.torch.optim as optim
    from nnlite.torch.autograd import Variable
    from nnlite.torch.utils.data import DataLoader

The operations are nnlite's; here are PyTorch's names for them, its old arguments, and answers to what scripts ask.
nnlite does not load this package until a method of tensors is called that methods.py finds here. A name that is missing
raises AttributeError, and one that would mean something else than in PyTorch is refused. See docs/from-pytorch.md.

names.py            how these namespaces are made
differences.py      what differs from PyTorch, is refused or missing: a sentence for each name
coverage.py         the tables of docs/from-pytorch.md
tensor_types.py     Tensor FloatTensor LongTensor ...
tensor_methods.py   methods that only PyTorch's tensors have
creation.py         zeros, rand, ... with PyTorch's further arguments
seeds.py            manual_seed, the default generator
grad_mode.py        no_grad enable_grad set_grad_enabled inference_mode
elementary.py composites.py cumprod.py masks.py truth.py random_methods.py    operations made of nnlite's
settings.py         defaults, threads, printing
serialization.py    save load
autograd/ cuda/ amp.py accelerator.py backends/ nn/ optim/ distributions/ utils/ vision/    as in PyTorch
jit.py onnx.py distributed.py multiprocessing.py    what is not there
"""

import importlib
from math import e, inf, nan, pi
from types import SimpleNamespace
from typing import Any

import numpy as np

import nnlite

from ..views import Size
from . import (
    accelerator, amp, autograd, backends, cuda, distributed, jit, multiprocessing, names, nn, onnx, optim, tensor_types,
)  # fmt: skip
from .amp import autocast
from .composites import (
    addcdiv, addcmul, addmm, baddbmm, broadcast_to, diagonal, ger, lerp, meshgrid, moveaxis, movedim, mv, narrow, ravel,
    repeat_interleave, select, swapaxes, swapdims, tile, trace, triu, unbind, unflatten,
)  # fmt: skip
from .creation import (
    arange, as_tensor, contiguous_format, empty, empty_like, eye, full, full_like, linspace, ones, ones_like,
    preserve_format, rand, rand_like, randint, randint_like, randn, randn_like, randperm, strided, tensor, zeros,
    zeros_like,
)  # fmt: skip
from .cumprod import cumprod
from .device import device
from .elementary import (
    acos, asin, atan, ceil, cos, cosh, expm1, floor, fmod, log2, log10, reciprocal, rsqrt, sinh, tan, trunc,
)  # fmt: skip
from .grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from .masks import masked_fill, masked_select, scatter_add
from .seeds import Generator, default_generator, initial_seed, manual_seed, seed
from .serialization import load, save
from .settings import (
    compile, finfo, get_default_device, get_num_threads, iinfo, is_floating_point, is_tensor, numel,
    set_default_device, set_default_tensor_type, set_float32_matmul_precision, set_printoptions, typename,
    use_deterministic_algorithms,
)  # fmt: skip
from .tensor_types import Tensor
from .truth import (
    all, allclose, any, count_nonzero, equal, isclose, isfinite, isinf, isnan, logical_xor, nonzero,
    where,
)  # fmt: skip

# What nnlite has under its own names only.
_OURS = set("Function DataLoader capture detect_anomaly gpu_available gradcheck load_metadata unbroadcast".split())
globals().update({n: x for n, x in names.public(nnlite).items() if n not in _OURS and n not in globals()})
globals().update(tensor_types.make("cpu"))

dtype = np.dtype
version = SimpleNamespace(cuda=None, hip=None, debug=False)
__version__ = version.__version__ = "2.13.0+nnlite"  # the PyTorch that the tests compare with

_missing = names.missing(__name__)


def __getattr__(name: str) -> Any:
    if name in ("distributions", "utils", "vision"):  # imported when they are asked for
        return importlib.import_module(f".{name}", __name__)
    return _missing(name)
