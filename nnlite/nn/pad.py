"""Borders around tensors, as layers. `padding` is one width for all sides, or (left, right), then (top, bottom)."""

from .. import functional as F
from ..errors import guarded
from ..tensor import Tensor
from .module import Module


class _Pad(Module):
    mode = "constant"
    sides = 4
    value: float | None = None

    @guarded
    def __init__(self, padding: int | tuple[int, ...]):
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * self.sides

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return str(self.padding)


class ZeroPad2d(_Pad):
    """Zeros around the image; negative numbers cut it."""


class ReflectionPad2d(_Pad):
    """The image mirrored about its outermost pixels, which are not repeated."""

    mode = "reflect"


class ReplicationPad2d(_Pad):
    """The outermost pixels repeated."""

    mode = "replicate"
