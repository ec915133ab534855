"""Nonlinearities as layers. Sources are with the functions of the same names in functional/activation.py."""

from .. import functional as F
from ..creation import full
from ..errors import guard
from ..tensor import Tensor
from .layer import Layer
from .module import Module, Parameter


class ReLU(Layer):
    """max(x, 0)"""

    function = F.relu


class ReLU6(Layer):
    """x cut to 0..6"""

    function = F.relu6


class Hardtanh(Layer):
    """x cut to min_val..max_val"""

    function = F.hardtanh


class LeakyReLU(Layer):
    """x where x > 0, negative_slope * x elsewhere"""

    function = F.leaky_relu


class PReLU(Module):
    """x where x > 0, weight * x elsewhere, with learnt weights (num_parameters,): one, or one for each channel"""

    def __init__(self, num_parameters: int = 1, init: float = 0.25):
        super().__init__()
        self.num_parameters = num_parameters
        guard("PReLU", self, init)
        self.weight = Parameter(full((num_parameters,), float(init)))

    def forward(self, x: Tensor) -> Tensor:
        guard("require_tensors", "PReLU", x)
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Layer):
    """x where x > 0, alpha * (e^x - 1) elsewhere"""

    function = F.elu


class GELU(Layer):
    """x times the share of N(0, 1) below x, exactly or by approximate='tanh'"""

    function = F.gelu


class SiLU(Layer):
    """x * sigmoid(x)"""

    function = F.silu


class Softplus(Layer):
    """ln(1 + e^(beta x)) / beta, x itself where beta x > threshold"""

    function = F.softplus


class Tanh(Layer):
    """tanh x, in (-1, 1)"""

    function = F.tanh


class Sigmoid(Layer):
    """1 / (1 + e^-x), in (0, 1)"""

    function = F.sigmoid


class Softmax(Layer):
    """e^x / sum of e^x along `dim`"""

    function = F.softmax


class LogSoftmax(Layer):
    """The logarithm of softmax along `dim`"""

    function = F.log_softmax
