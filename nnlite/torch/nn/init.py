"""torch.nn.init: nnlite's functions, and their old names without the underscore."""

import functools
import inspect
import warnings
from collections.abc import Callable

from ...nn import init as _init
from ..names import missing, public

_OLD = (
    "uniform", "normal", "constant", "eye", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal",
    "orthogonal",
)  # fmt: skip


def _deprecated(name: str, function: Callable) -> Callable:
    @functools.wraps(function)
    def call(*args, **kwargs):
        message = f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`."
        warnings.warn(message, FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    return call


_functions = {name: function for name, function in public(_init).items() if inspect.isfunction(function)}
globals().update({name: x for name, x in _functions.items() if x.__module__ == _init.__name__})
globals().update({name: _deprecated(name, getattr(_init, f"{name}_")) for name in _OLD})
_calculate_fan_in_and_fan_out = _init.fan_in_and_fan_out  # PyTorch's name, which scripts call in spite of the _

__getattr__ = missing(__name__)
