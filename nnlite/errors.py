"""The exceptions of nnlite, and the guards that raise most of them.

Each message says what was given, what was expected, and how to fix it.

A guard looks at the arguments of one function and explains a mistake. It has the function's name and lives in guards/,
apart from the formulas; `import nnlite` brings it along. Without it the function computes the same, and a mistake
surfaces as whatever NumPy says.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Call = TypeVar("Call", bound=Callable[..., Any])

NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}  # which PyTorch takes as well
guards: dict[str, Callable[..., None]] = {}  # name of a function, or Class.method -> its guard


def guard(name: str, *args: Any, **kwargs: Any) -> None:
    """Let the guard of this name look at the arguments, if there is one."""
    if name in guards:
        guards[name](*args, **kwargs)


def guarded(function: Call) -> Call:
    """The function, its guard called before it with the same arguments. NumPy's names for them are taken too."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if not kwargs.keys().isdisjoint(NUMPY_NAMES):
            kwargs = {NUMPY_NAMES.get(name, name): value for name, value in kwargs.items()}
        guard(function.__qualname__, *args, **kwargs)
        return function(*args, **kwargs)

    return call  # type: ignore[return-value]


class ShapeError(ValueError):
    """Array shapes do not fit the operation."""


class DeviceError(RuntimeError):
    """Arrays live on different devices, or the device asked for is not there."""


class GraphError(RuntimeError):
    """The computation graph cannot do what was asked: no gradient to give, already freed, or changed in place."""


class NonFiniteError(FloatingPointError):
    """An operation made a NaN or an infinity out of finite inputs (raised inside `detect_anomaly`)."""


class CheckpointError(ValueError):
    """A checkpoint file cannot be read or written, or does not fit the module it is loaded into."""


class DataError(OSError):
    """A data set is not there, is not the one published, or cannot be downloaded."""


class GradcheckError(AssertionError):
    """An analytic gradient disagrees with the numerical one."""
