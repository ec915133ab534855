"""Changes of shape as layers."""

from __future__ import annotations

from .. import functional as F
from ..function import axis_of
from ..guards.common import check_whole, require_tensors
from ..tensor import Tensor
from .module import Module


class Flatten(Module):
    """Merge the axes start_dim .. end_dim into one: (N, C, H, W) -> (N, C H W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        check_whole("Flatten", start_dim=start_dim, end_dim=end_dim)
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return F.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split the axis `dim` into axes of these sizes, one of which may be -1: (N, C H W) -> (N, C, H, W)."""

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]):
        check_whole("Unflatten", dim=dim)
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of sizes, got {unflattened_size!r}")
        for size in unflattened_size:
            check_whole("Unflatten", -1, unflattened_size=size)
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        require_tensors("Unflatten", input)
        axis = axis_of(self.dim, input.shape)
        return F.reshape(input, (*input.shape[:axis], *self.unflattened_size, *input.shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
