"""Nonlinearities as layers. Sources are with the functions of the same names in functional/activation.py."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..creation import full
from ..dtype import get_default_dtype
from ..guards.common import check_choice, check_number, check_whole, require_tensors
from ..tensor import Tensor
from .module import Module, Parameter


class _Activation(Module):
    """Prints its settings, which are its plain attributes."""

    def extra_repr(self) -> str:
        settings = {name: value for name, value in vars(self).items() if isinstance(value, (int, float, str))}
        return ", ".join(f"{name}={value!r}" for name, value in settings.items() if name != "training")


class ReLU(_Activation):
    """max(x, 0)"""

    def __init__(self, inplace: bool = False):
        pass

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class LeakyReLU(_Activation):
    """x where x > 0, negative_slope * x elsewhere"""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        check_number("LeakyReLU", negative_slope=negative_slope)
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.negative_slope)


class PReLU(_Activation):
    """x where x > 0, weight * x elsewhere, with learnt weights (num_parameters,): one, or one for each channel"""

    def __init__(self, num_parameters: int = 1, init: float = 0.25):
        check_whole("PReLU", 1, num_parameters=num_parameters)
        check_number("PReLU", init=init)
        self.num_parameters = num_parameters
        self.weight = Parameter(full((num_parameters,), init, dtype=get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        require_tensors("PReLU", x)
        return F.prelu(x, self.weight)


class ELU(_Activation):
    """x where x > 0, alpha * (e^x - 1) elsewhere"""

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        check_number("ELU", alpha=alpha)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return F.elu(x, self.alpha)


class GELU(_Activation):
    """x times the share of N(0, 1) below x, exactly or by approximate='tanh'"""

    def __init__(self, approximate: str = "none"):
        check_choice("GELU", "approximate", approximate, ("none", "tanh"))
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, self.approximate)


class SiLU(_Activation):
    """x * sigmoid(x)"""

    def __init__(self, inplace: bool = False):
        pass

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x)


class Softplus(_Activation):
    """ln(1 + e^(beta x)) / beta, x itself where beta x > threshold"""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        check_number("Softplus", beta=beta, threshold=threshold)
        if beta == 0:
            raise ValueError("Softplus: beta must not be 0, the result is divided by it")
        self.beta, self.threshold = beta, threshold

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(x, self.beta, self.threshold)


class Tanh(_Activation):
    """tanh x, in (-1, 1)"""

    def forward(self, x: Tensor) -> Tensor:
        return F.tanh(x)


class Sigmoid(_Activation):
    """1 / (1 + e^-x), in (0, 1)"""

    def forward(self, x: Tensor) -> Tensor:
        return F.sigmoid(x)


class _Shares(_Activation):
    """PyTorch lets `dim` be left out as well, and then picks one by the input; here forward asks for it."""

    def __init__(self, dim: int | None = None):
        if dim is not None:
            check_whole(type(self).__name__, dim=dim)
        self.dim: Any = dim


class Softmax(_Shares):
    """e^x / sum of e^x along `dim`"""

    def forward(self, x: Tensor) -> Tensor:
        return F.softmax(x, self.dim)


class LogSoftmax(_Shares):
    """The logarithm of softmax along `dim`"""

    def forward(self, x: Tensor) -> Tensor:
        return F.log_softmax(x, self.dim)
