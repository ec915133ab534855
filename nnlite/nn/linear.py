"""The fully connected layer."""

import math

from .. import functional as F
from ..errors import guard
from ..tensor import Tensor
from .module import Module, uniform_parameter


class Linear(Module):
    """y = input W^T + bias: (..., in_features) -> (..., out_features).

    weight (out_features, in_features); weight and bias start uniform within 1 / sqrt(in_features).
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        guard("settings", self)
        bound = 1.0 / math.sqrt(max(1, in_features))
        self.weight = uniform_parameter((out_features, in_features), bound)
        self.bias = uniform_parameter((out_features,), bound) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        plain = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{plain}, bias={self.bias is not None}"
