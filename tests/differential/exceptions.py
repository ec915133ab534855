"""Where nnlite does not do as PyTorch, on purpose. Whatever is not listed here must be the same.

REFUSALS    PyTorch computes it, nnlite refuses it by name
EXTENSIONS  PyTorch refuses it, nnlite computes it
OURS        public names that PyTorch has not, or has with another meaning
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Known(NamedTuple):
    """A call (its name, a pattern), the message of the one that raises (a pattern), why, and an example."""

    name: str
    message: str
    reason: str
    example: Callable[[Any], Any]


REFUSALS: list[Known] = []
EXTENSIONS: list[Known] = []
OURS = {
    "nnlite": {
        "CheckpointError DataError DeviceError GradcheckError GraphError NonFiniteError ShapeError": "errors of ours",
        "Function": "PyTorch's has static methods and a context; docs/write-your-own-layer.md",
        "capture gpu_available set_num_threads": "how nnlite runs, not what it computes",
        "gradcheck detect_anomaly no_grad enable_grad is_grad_enabled": "tools, tested in tests/nnlite",
        "load load_metadata save": "safetensors, no pickles",
        "manual_seed get_rng_state set_rng_state": "random numbers of ours",
        "get_default_dtype set_default_dtype device": "settings, tested in tests/nnlite/test_creation.py",
        "DataLoader": "tested in tests/nnlite/test_data.py",
        "Tensor": "its methods have entries of their own",
        "to_device unbroadcast": "functions of the engine",
    },
    "nnlite.functional": {
        "cast to_device getitem": "functions behind the methods `to` and x[...]",
        "gaussian_kl hinge_loss rsample": "of models/; PyTorch has no functions of these names",
    },
    "nnlite.nn": {
        "Module ModuleList ModuleDict Parameter": "tested in tests/nnlite/test_nn_module.py and test_nn_container.py",
    },
    "nnlite.Tensor": {
        "array": "the NumPy or CuPy array, which PyTorch does not have",
        "accumulate_grad": "of the engine",
        "astype": "NumPy's name of `to`",
        "gpu cuda": "need a GPU",
        "device grad grad_fn backward retain_grad": "tested in tests/nnlite/test_autograd.py and test_tensor.py",
        "__array_ufunc__ __slots__ __weakref__ __module__": "of Python and NumPy",
    },
}
