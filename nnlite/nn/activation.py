"""Nonlinearities as layers. Sources are with the functions of the same names in functional/activation.py."""

from typing import Any

from .. import functional as F
from ..creation import full
from ..errors import guard
from ..tensor import Tensor
from .layer import Layer
from .module import Parameter


class ReLU(Layer):
    """max(x, 0)"""

    def __init__(self, inplace: bool = False):
        pass

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class LeakyReLU(Layer):
    """x where x > 0, negative_slope * x elsewhere"""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        self.negative_slope = negative_slope
        guard("settings", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.negative_slope)


class PReLU(Layer):
    """x where x > 0, weight * x elsewhere, with learnt weights (num_parameters,): one, or one for each channel"""

    def __init__(self, num_parameters: int = 1, init: float = 0.25):
        self.num_parameters = num_parameters
        guard("PReLU", self, init)
        self.weight = Parameter(full((num_parameters,), float(init)))

    def forward(self, x: Tensor) -> Tensor:
        guard("require_tensors", "PReLU", x)
        return F.prelu(x, self.weight)


class ELU(Layer):
    """x where x > 0, alpha * (e^x - 1) elsewhere"""

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        self.alpha = alpha
        guard("settings", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.elu(x, self.alpha)


class GELU(Layer):
    """x times the share of N(0, 1) below x, exactly or by approximate='tanh'"""

    def __init__(self, approximate: str = "none"):
        self.approximate = approximate
        guard("settings", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, self.approximate)


class SiLU(Layer):
    """x * sigmoid(x)"""

    def __init__(self, inplace: bool = False):
        pass

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x)


class Softplus(Layer):
    """ln(1 + e^(beta x)) / beta, x itself where beta x > threshold"""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        self.beta, self.threshold = beta, threshold
        guard("Softplus", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(x, self.beta, self.threshold)


class Tanh(Layer):
    """tanh x, in (-1, 1)"""

    def forward(self, x: Tensor) -> Tensor:
        return F.tanh(x)


class Sigmoid(Layer):
    """1 / (1 + e^-x), in (0, 1)"""

    def forward(self, x: Tensor) -> Tensor:
        return F.sigmoid(x)


class Softmax(Layer):
    """e^x / sum of e^x along `dim`. As in PyTorch `dim` may be left out here, but forward needs it."""

    def __init__(self, dim: int | None = None):
        self.dim: Any = dim
        if dim is not None:
            guard("settings", self)

    def forward(self, x: Tensor) -> Tensor:
        return F.softmax(x, self.dim)


class LogSoftmax(Softmax):
    """The logarithm of softmax along `dim`"""

    def forward(self, x: Tensor) -> Tensor:
        return F.log_softmax(x, self.dim)
