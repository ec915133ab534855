"""torch.backends.cudnn: switches that change nothing here, and allow_tf32, which does.

`benchmark` may be set: which algorithm runs follows fixed rules. `deterministic` too: everything always is.
"""

import sys
from types import ModuleType

from ...backends import cudnn as _precision
from ..names import missing

enabled = True
benchmark = False
deterministic = False


def is_available() -> bool:
    """False: convolutions on the GPU do not need cuDNN."""
    return False


def version() -> None:
    """None: there is no cuDNN here."""


class _Module(ModuleType):
    """The module itself, so that assigning allow_tf32 reaches nnlite.backends.cudnn."""

    @property
    def allow_tf32(self) -> bool:
        return _precision.allow_tf32

    @allow_tf32.setter
    def allow_tf32(self, value: bool) -> None:
        _precision.allow_tf32 = value


__getattr__ = missing(__name__)
sys.modules[__name__].__class__ = _Module
