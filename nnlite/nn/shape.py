"""Changes of shape as layers."""

from .. import functional as F
from ..errors import guard, guarded
from ..function import axis_of
from ..tensor import Tensor
from .layer import Layer
from .module import Module


class Flatten(Layer):
    """Merge the axes start_dim .. end_dim into one: (N, C, H, W) -> (N, C H W)."""

    function = F.flatten

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__(start_dim, end_dim)


class Unflatten(Module):
    """Split the axis `dim` into axes of these sizes, one of which may be -1: (N, C H W) -> (N, C, H, W)."""

    @guarded
    def __init__(self, dim: int, unflattened_size: tuple[int, ...]):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        guard("require_tensors", "Unflatten", input)
        axis = axis_of(self.dim, input.shape)
        return F.reshape(input, (*input.shape[:axis], *self.unflattened_size, *input.shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
