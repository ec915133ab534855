"""torch.nn.functional: nnlite's operations, with old arguments and old names."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

from ... import functional as _F
from ...tensor import Tensor
from ..names import missing, public
from . import composites, reduction


def _with_old_arguments(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    signature = reduction.old_signature(loss)

    @functools.wraps(loss)
    def call(*args, **kwargs):
        return loss(**reduction.translated(signature, args, kwargs))

    return call


_functions = {**public(_F), **{name: x for name, x in public(composites).items() if name[0].islower()}}
globals().update({name: _with_old_arguments(x) if reduction.is_loss(x) else x for name, x in _functions.items()})


def _implicit_dim(name: str, input: Tensor) -> int:
    """The axis that PyTorch takes for softmax if none is given: 0 for 0, 1 and 3 axes, else 1. Warns, as there."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


def _along(name: str, function: Callable[..., Tensor], input: Tensor, dim: int | None, dtype: Any) -> Tensor:
    given = _implicit_dim(name, input) if dim is None else dim
    return function(input if dtype is None else input.to(dtype), given)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """nnlite.functional.softmax, along PyTorch's default axis if none is given."""
    return _along("softmax", _F.softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """nnlite.functional.log_softmax, along PyTorch's usual axis if none is given."""
    return _along("log_softmax", _F.log_softmax, input, dim, dtype)


def relu_(input: Tensor) -> Tensor:
    """relu, in place."""
    return _F.relu(input, inplace=True)


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The old name of interpolate."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return _F.interpolate(input, size, scale_factor, mode, align_corners)


__getattr__ = missing(__name__)
