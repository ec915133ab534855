"""The only folder that knows two kinds of array exist: NumPy's on the CPU, CuPy's on the GPU.

`cpu.py` and `gpu.py` are modules with the same names and the same meaning:

    xp                                  the array library itself (numpy or cupy)
    windows, rows_matmul, rows_outer    what convolutions are made of
    matmul                              product of two matrices
    elementwise, update, column_sums    formulas over many arrays in one sweep
    asarray                             bring a NumPy array here

`layout.py` is about memory order and `random.py` about random numbers; both serve either kind. `precision.py` has the
switches for TF32; docs/gpu.md says what the other files are for.
An operation asks `of(...)` for the backend of its inputs and never which device that is.
"""

from collections.abc import Callable
from types import ModuleType

import numpy as np

from ..errors import DeviceError
from . import cpu


def of(*arrays) -> ModuleType:
    """The backend of these arrays (Python numbers go with either).

    Raises DeviceError when some lie on the CPU and some on the GPU.
    """
    kinds = {"cpu" if isinstance(a, np.ndarray) else "gpu" for a in arrays if hasattr(a, "dtype")}
    if len(kinds) > 1:
        places = ", ".join(f"{a.shape} on {device_of(a)}" for a in arrays if hasattr(a, "dtype"))
        raise DeviceError(f"inputs lie on different devices: {places}; move them together with .to('gpu')")
    return _gpu() if kinds == {"gpu"} else cpu


def on(device: str) -> ModuleType:
    """The backend of a device, given in any accepted spelling."""
    return _gpu() if canonical(device) == "gpu" else cpu


def in_one_launch(advance: Callable[[], None], *arrays) -> None:
    """advance(), which updates these arrays, each on its own; on the GPU all in as few launches as may be."""
    if any(device_of(a) == "gpu" for a in arrays):
        _gpu().in_one_launch(advance)
    else:
        advance()


def is_array(value) -> bool:
    """Whether this is an array of real numbers of NumPy or CuPy (and not, say, PyTorch's, whose dtypes are its own)."""
    return hasattr(value, "dtype") and getattr(value.dtype, "kind", None) in ("b", "i", "u", "f")


def device_of(array) -> str:
    """'cpu' or 'gpu'."""
    return "cpu" if isinstance(array, np.ndarray) else "gpu"


def to_device(array, device: str):
    """The array on `device` ('cpu', 'gpu', or PyTorch's name 'cuda'); itself when it is there already."""
    target = canonical(device)
    if device_of(array) == target:
        return array
    return _gpu().asarray(array) if target == "gpu" else _gpu().to_numpy(array)


_NAMES = {"cpu": "cpu", "gpu": "gpu", "cuda": "gpu", "cuda:0": "gpu"}


def canonical(device: str) -> str:
    """'cpu' or 'gpu' for any accepted spelling. Raises DeviceError for others."""
    if device not in _NAMES:
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
