"""Types of numbers under PyTorch's names, and the one that new tensors have unless another is asked for."""

import threading
from typing import Any

import numpy as np

from .errors import guarded

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
uint8, int8, int16, int32, int64 = (np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "int64"))
bool = np.dtype("bool")
half, float, double, int, long = float16, float32, float64, int32, int64


class _Default(threading.local):
    dtype = float32


_default = _Default()


@guarded
def set_default_dtype(d: Any) -> None:
    """Make `d` (float32 at first, or float64) the type of new tensors of Python floats and of new layers' weights.

    It holds for the thread that calls this. Raises TypeError for a type that is not floating-point.
    """
    _default.dtype = np.dtype(d)


def get_default_dtype() -> np.dtype:
    """The type of new tensors of Python floats and of new layers' weights."""
    return _default.dtype
