"""Variable: what tensors with a gradient were called before PyTorch 0.4."""

import warnings
from typing import Any

from ...tensor import Tensor
from ..names import StandIn


class Variable(metaclass=StandIn):
    """Variable(tensor) is a tensor over the same memory, outside the graph; every tensor is a Variable."""

    kind = Tensor

    @staticmethod
    def make(data: Any, requires_grad: bool = False, volatile: bool | None = None) -> Tensor:
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}; use torch.tensor(data)")
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=3
            )
        return data.detach().requires_grad_(requires_grad)
