"""torch.nn.utils: nnlite's functions, vectors of parameters, and PyTorch's first spectral_norm."""

import warnings
from collections.abc import Iterable
from typing import Any

from ....functional import cat, getitem
from ....nn.utils import clip_grad_norm_, clip_grad_value_, parametrizations
from ....tensor import Tensor
from ...names import missing, offer
from .spectral_norm import remove_spectral_norm, spectral_norm


def clip_grad_norm(parameters: Any, max_norm: float, norm_type: float = 2.0) -> Tensor:
    """The old name of clip_grad_norm_."""
    message = "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`."
    warnings.warn(message, FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters as one vector, inside the graph."""
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Set the parameters, in place, to the numbers of such a vector."""
    place = 0
    for p in parameters:
        p.data.copy_(getitem(vec.detach(), slice(place, place + p.numel())).reshape(p.shape))
        place += p.numel()


offer(__name__, parametrizations=parametrizations)
__getattr__ = missing(__name__)
