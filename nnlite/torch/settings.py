"""Settings and queries of the namespace torch itself: defaults, threads, printing, limits of numbers."""

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..backend import CPU, Device
from ..backend.cpu import threads
from ..backend.precision import cuda
from ..dtype import get_default_dtype, set_default_dtype
from ..tensor import Tensor
from .names import refuse
from .tensor_types import dtype_and_device, name_of


def is_tensor(obj: Any) -> bool:
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def is_floating_point(input: Tensor) -> bool:
    return input.dtype.kind == "f"


def typename(obj: Any) -> str:
    """PyTorch's name for a tensor's type, or the full name of any other type."""
    return name_of(obj) if isinstance(obj, Tensor) else f"{type(obj).__module__}.{type(obj).__qualname__}"


def finfo(type: Any = None) -> SimpleNamespace:
    """The limits of a floating-point dtype, as Python numbers."""
    info = np.finfo(type or get_default_dtype())
    names = ("eps", "max", "min", "tiny", "smallest_normal", "resolution")
    limits = {name: float(getattr(info, name)) for name in names}
    return SimpleNamespace(bits=info.bits, dtype=str(info.dtype), **limits)


iinfo = np.iinfo


def set_default_tensor_type(t: Any) -> None:
    """set_default_dtype, by a type of tensors or its name; deprecated, as in PyTorch."""
    dtype, place = dtype_and_device(t)
    warnings.warn("set_default_tensor_type() is deprecated, please use torch.set_default_dtype()", stacklevel=2)
    if place == "gpu":
        raise TypeError("set_default_tensor_type: new tensors are on the CPU; pass device='cuda' where you make them")
    set_default_dtype(dtype)


def get_default_device() -> Device:
    return CPU


def set_default_device(device: Any) -> None:
    """Does nothing for 'cpu'. Raises TypeError for any other device."""
    refuse("torch.set_default_device", device=None if str(device) == "cpu" else device)


def get_num_threads() -> int:
    """How many threads the CPU's operations use."""
    return threads.count


def set_float32_matmul_precision(precision: str) -> None:
    """'highest': products in float32. 'high' or 'medium': the GPU may use TF32 (backends.cuda.matmul.allow_tf32)."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"precision must be 'highest', 'high' or 'medium', got {precision!r}")
    cuda.matmul.allow_tf32 = precision != "highest"


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Does nothing: one seed gives the same bits each time anyway."""


def set_printoptions(
    precision: int | None = None, threshold: int | None = None, edgeitems: int | None = None,
    linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None,
) -> None:  # fmt: skip
    """How tensors are printed, and NumPy's arrays with them."""
    profiles: dict[str | None, dict[str, Any]] = {
        None: {},
        "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
        "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
        "full": {"precision": 4, "threshold": 2**62, "edgeitems": 3, "linewidth": 80},
    }
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    suppress = None if sci_mode is None else not sci_mode
    options = {**profiles[profile], **{name: value for name, value in given.items() if value is not None}}
    np.set_printoptions(**options, suppress=suppress)


def compile(model: Any = None, **options: Any) -> Any:
    """The model or function itself, also as a decorator: there is nothing to compile (nnlite.capture does, on a GPU).

    Unlike PyTorch's result it has no `_orig_mod.` in the names of its state_dict.
    """
    return compile if model is None else model
