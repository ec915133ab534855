"""Operations that draw random numbers, from the generator that `nnlite.manual_seed` starts."""

from __future__ import annotations

from .. import backend as backends
from ..backend import random
from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .arithmetic import add, exp, mul


class Dropout(Function):
    """y = x keep / (1 - p), keep = 1 with probability 1 - p, else 0    dx = dy keep / (1 - p)"""

    def forward(self, x, *, p):
        if x.ndim == 4:  # pixel by pixel, as images lie in memory
            n, c, h, w = x.shape
            self.factor = self.backend.channels_first(self.draw(x, (n, h, w, c), p))
        else:
            self.factor = self.draw(x, x.shape, p)
        return x * self.factor

    def backward(self, dy):
        return dy * self.factor

    def draw(self, x, shape, p):
        keep = random.uniform(shape, device=backends.device_of(x)) >= p
        return keep.astype(x.dtype) / (1.0 - p if p < 1 else 1.0)


class Dropout2d(Dropout):
    """Dropout with one keep for all pixels of a channel."""

    def forward(self, x, *, p):
        self.factor = self.draw(x, (*x.shape[:2], 1, 1), p)
        return x * self.factor


@guarded
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability p and scale the rest by 1 / (1 - p) (Srivastava et al. 2014).

    The identity unless `training`. `inplace`: the result replaces the input. Raises ValueError for p outside 0..1.
    """
    if not training or p == 0:
        return input
    return Tensor.replace_(input, lambda x: dropout(x, p)) if inplace else Dropout.apply(input, p=p)


@guarded
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of images (N, C, H, W), each with probability p, and scale the rest by 1 / (1 - p).

    Neighbouring pixels tell much the same, so that dropping one of them hides little (Tompson et al. 2015). The
    identity unless `training`. `inplace`: the result replaces the input. Raises ValueError for p outside 0..1.
    """
    if not training or p == 0:
        return input
    return Tensor.replace_(input, lambda x: dropout2d(x, p)) if inplace else Dropout2d.apply(input, p=p)


@guarded
def rsample(mu: Tensor, log_var: Tensor) -> Tensor:
    """A sample of N(mu, e^log_var), with gradients to both (Kingma & Welling 2014).

    mu + e^(log_var / 2) * eps with eps from N(0, 1): the randomness is an input of its own, and what depends on mu
    and log_var can be differentiated. Raises ShapeError for shapes that differ. PyTorch has it as
    `torch.distributions.Normal.rsample`.
    """
    eps = Tensor(random.normal(mu.shape, log_var.dtype, mu.device))
    return add(mu, mul(exp(0.5 * log_var), eps))
