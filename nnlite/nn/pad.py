"""Borders around images, as layers. `padding` is one width for all sides, or (left, right, top, bottom)."""

from .. import functional as F
from ..errors import guarded
from ..tensor import Tensor
from .module import Module


class _Pad(Module):
    mode: str

    @guarded
    def __init__(self, padding: int | tuple[int, int, int, int]):
        self.padding = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * 4

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding, self.mode)

    def extra_repr(self) -> str:
        return str(self.padding)


class ZeroPad2d(_Pad):
    """Zeros around the image."""

    mode = "constant"


class ReflectionPad2d(_Pad):
    """The image mirrored about its outermost pixels, which are not repeated."""

    mode = "reflect"


class ReplicationPad2d(_Pad):
    """The outermost pixels repeated."""

    mode = "replicate"
