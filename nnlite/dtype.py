"""Types of numbers under PyTorch's names, and the one that new tensors have unless another is asked for."""

from typing import Any

import numpy as np

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
uint8, int8, int16, int32, int64 = (np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "int64"))
bool = np.dtype("bool")
half, float, double, int, long = float16, float32, float64, int32, int64

_default = float32


def set_default_dtype(d: Any) -> None:
    """Make `d` (float32 at first, or float64) the type of new tensors of Python floats and of new layers' weights.

    Raises TypeError for a type that is not floating-point.
    """
    global _default
    if np.dtype(d).kind != "f":
        raise TypeError(f"set_default_dtype: expected a floating-point type such as nnlite.float64, got {d}")
    _default = np.dtype(d)


def get_default_dtype() -> np.dtype:
    """The type of new tensors of Python floats and of new layers' weights."""
    return _default
