"""The only folder that knows two kinds of array exist: NumPy's on the CPU, CuPy's on the GPU.

An operation asks `of(...)` for the backend of its inputs, and never which device that is, nor how fast. A backend has
the dozen primitives of plain.py, which is the one to read; cpu/ and gpu/ have the same, made fast.

    nnlite.backends.use("plain")        plain.py for everything, to read along or to look for an error
    nnlite.backends.use("fast")         cpu/ and gpu/ instead
    nnlite.backends.use("default")      cpu/, but plain.py on a GPU, where the kernels of gpu/ have yet to be proven
    nnlite.backends.without("blocks")   inside a `with`: one piece of cpu/ switched off (tricks.py lists them)

The environment variable NNLITE_BACKEND chooses at the start. precision.py has PyTorch's switches for TF32.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DeviceError
from .plain import Plain


class Device(str):
    """'cpu' or 'gpu'. As in PyTorch, `type` is 'cpu' or 'cuda', and `index` the GPU's number, 0, or None."""

    type = property(lambda self: "cuda" if self == "gpu" else "cpu")
    index = property(lambda self: 0 if self == "gpu" else None)


CPU, GPU = Device("cpu"), Device("gpu")
CHOICES = ("default", "plain", "fast")
_chosen = "default"
_made: dict[tuple[str, bool], Plain] = {}  # (device, plain) -> its backend


def use(name: str) -> None:
    """Run everything on the 'plain' backend, on the 'fast' ones, or on each device's 'default'."""
    global _chosen
    if name not in CHOICES:
        raise ValueError(f"no backend {name!r}; expected {', '.join(map(repr, CHOICES))}")
    _chosen = name


def of(*arrays: Any) -> Any:
    """The backend of these arrays (Python numbers go with either).

    Raises DeviceError when some lie on the CPU and some on the GPU.
    """
    kinds = {device_of(a) for a in arrays if hasattr(a, "dtype")}
    if len(kinds) > 1:
        places = ", ".join(f"{a.shape} on {device_of(a)}" for a in arrays if hasattr(a, "dtype"))
        raise DeviceError(f"inputs lie on different devices: {places}; move them together with .to('gpu')")
    return _backend("gpu" if kinds == {"gpu"} else "cpu")


def on(device: str) -> Any:
    """The backend of a device, given in any accepted spelling."""
    return _backend(canonical(device))


def _backend(device: str) -> Plain:
    plain = _chosen == "plain" or (_chosen == "default" and device == "gpu")
    if (device, plain) not in _made:
        _made[device, plain] = _make(device, plain)
    return _made[device, plain]


def _make(device: str, plain: bool) -> Plain:
    if device == "gpu":
        return Plain(_gpu().cupy) if plain else _gpu().Gpu()
    if plain:
        return Plain(np)
    from .cpu import Cpu

    return Cpu()


def is_array(value: Any) -> bool:
    """Whether this is an array of real numbers of NumPy or CuPy (and not, say, PyTorch's, whose dtypes are its own)."""
    return hasattr(value, "dtype") and getattr(value.dtype, "kind", None) in ("b", "i", "u", "f")


def device_of(array: Any) -> Device:
    """'cpu' or 'gpu'."""
    return CPU if isinstance(array, (np.ndarray, np.generic)) else GPU


def to_device(array: Any, device: str) -> Any:
    """The array on `device` ('cpu', 'gpu', or PyTorch's name 'cuda'); itself when it is there already."""
    target = canonical(device)
    if device_of(array) == target:
        return array
    return _gpu().asarray(array) if target == "gpu" else _gpu().to_numpy(array)


_NAMES: dict[Any, Device] = {"cpu": CPU, "gpu": GPU, "cuda": GPU, "cuda:0": GPU, 0: GPU}


def canonical(device: str) -> Device:
    """'cpu' or 'gpu' for any accepted spelling. Raises DeviceError for others."""
    if isinstance(device, bool) or device not in _NAMES:
        raise DeviceError(f"unknown device {device!r}; expected 'cpu' or 'gpu' ('cuda' is taken for 'gpu')")
    return _NAMES[device]


def gpu_available() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    try:
        import cupy
    except ImportError:
        return False
    return bool(cupy.is_available())


def _gpu() -> ModuleType:
    if not gpu_available():
        raise DeviceError(
            "no GPU here: CuPy is not installed or finds no device; "
            "use device 'cpu', or install the extra nnlite[gpu] (CUDA 12) or nnlite[gpu13] (CUDA 13)"
        )
    from . import gpu

    return gpu


use(os.environ.get("NNLITE_BACKEND", "default"))
