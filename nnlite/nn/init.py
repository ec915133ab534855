"""Initial values, written in place and drawn from the generator that `nnlite.manual_seed` seeds.

They depend only on the seed and the shape, not on the device or the order in memory. Every function returns its
tensor, and raises TypeError for anything but a floating-point Tensor.
"""

import math
from typing import Any, TypeVar

import numpy as np

from .. import backend as backends
from ..backend import random
from ..errors import ShapeError
from ..function import no_grad
from ..tensor import Tensor

T = TypeVar("T", bound=Tensor)

_GAINS = {
    **dict.fromkeys(["linear", "conv1d", "conv2d", "conv3d", "sigmoid"], 1.0),
    **dict.fromkeys(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], 1.0),
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0) -> T:
    """Fill with numbers from the uniform distribution over [a, b)."""
    return _fill(tensor, a + (b - a) * random.uniform(*_drawn("uniform_", tensor)))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0) -> T:
    """Fill with numbers from N(mean, std^2). Raises ValueError for a negative std."""
    if not std >= 0.0:
        raise ValueError(f"normal_: std must not be negative, got {std!r}")
    return _fill(tensor, mean + std * random.normal(*_drawn("normal_", tensor)))


def trunc_normal_(tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> T:
    """Fill with numbers from N(mean, std^2) that lie in [a, b].

    Raises ValueError unless std > 0 and a < b.
    """
    if not std > 0.0 or not a < b or not math.isfinite(mean + std):
        given = f"mean={mean!r}, std={std!r}, a={a!r}, b={b!r}"
        raise ValueError(f"trunc_normal_: expected finite mean and std, std > 0 and a < b, got {given}")
    shape, dtype = _drawn("trunc_normal_", tensor)
    values = np.empty(math.prod(shape), dtype)
    missing = np.arange(values.size)
    while missing.size:
        values[missing], accepted = _candidates(missing.size, dtype, mean, std, a, b)
        missing = missing[~accepted]
    return _fill(tensor, values.reshape(shape))


def constant_(tensor: T, val: float) -> T:
    """Fill with one value."""
    _check("constant_", tensor)
    return _fill(tensor, val)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: T) -> T:
    """Fill with 0."""
    return constant_(tensor, 0.0)


def eye_(tensor: T) -> T:
    """Fill with the identity matrix: a linear layer then hands its input on. Raises ShapeError unless it has 2 axes."""
    shape = _check("eye_", tensor)
    if len(shape) != 2:
        raise ShapeError(f"eye_: expected a matrix, got shape {shape}")
    return _fill(tensor, np.eye(shape[0], shape[1]))


def xavier_uniform_(tensor: T, gain: float = 1.0) -> T:
    """Fill uniformly within gain sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010).

    The variance of a linear layer's values, and that of its gradients, then stay about as they are.
    Raises ShapeError for fewer than 2 axes.
    """
    bound = math.sqrt(3.0) * _std(gain, sum(fan_in_and_fan_out(tensor)) / 2.0)
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: T, gain: float = 1.0) -> T:
    """Fill from N(0, std^2) with std = gain sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio 2010).

    Raises ShapeError for fewer than 2 axes.
    """
    return normal_(tensor, 0.0, _std(gain, sum(fan_in_and_fan_out(tensor)) / 2.0))


def kaiming_uniform_(tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> T:
    """Fill uniformly within gain sqrt(3 / fan), with the gain of the nonlinearity that follows (He et al. 2015).

    mode 'fan_in' keeps the variance of the values from layer to layer, 'fan_out' that of the gradients; `a` is the
    slope of 'leaky_relu'. Raises ShapeError for fewer than 2 axes, ValueError for an unknown mode or nonlinearity.
    """
    bound = math.sqrt(3.0) * _std(calculate_gain(nonlinearity, a), _fan(tensor, mode))
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> T:
    """Fill from N(0, std^2) with std = gain / sqrt(fan) (He et al. 2015); arguments as in `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _std(calculate_gain(nonlinearity, a), _fan(tensor, mode)))


def orthogonal_(tensor: T, gain: float = 1.0) -> T:
    """Fill with a random orthogonal matrix times gain, of shape (d0, d1 * d2 * ...) (Saxe et al. 2014).

    W W^T = gain^2 I for a wide W, W^T W = gain^2 I for a high one. Raises ShapeError for fewer than 2 axes.
    """
    shape, dtype = _drawn("orthogonal_", tensor)
    if len(shape) < 2:
        raise ShapeError(f"orthogonal_: expected at least 2 axes, got shape {shape}")
    w = random.normal(shape, dtype).reshape(shape[0], math.prod(shape[1:])).astype(np.float64)
    wide = w.shape[0] < w.shape[1]
    q, r = np.linalg.qr(w.T if wide else w)
    q = q * np.where(np.diag(r) < 0.0, -1.0, 1.0)  # with these signs every orthogonal matrix is equally likely
    return _fill(tensor, gain * (q.T if wide else q).reshape(shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What weights are multiplied by to make up for what a nonlinearity takes from the variance.

    1 for 'linear', convolutions and 'sigmoid', 5/3 for 'tanh', sqrt(2) for 'relu', 3/4 for 'selu', and
    sqrt(2 / (1 + slope^2)) for 'leaky_relu' with slope `param` (0.01 unless given). Raises ValueError for others.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"calculate_gain: the slope of leaky_relu is a number, got {slope!r}")
        return math.sqrt(2.0 / (1.0 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"calculate_gain: unknown nonlinearity {nonlinearity!r}; expected one of {sorted(_GAINS)}")
    return _GAINS[nonlinearity]


def fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output is made of, and how many outputs an input goes to: d1 and d0, times the kernel's size.

    This is for linear (out, in) and conv (out, in, kH, kW) weights; those of a conv_transpose begin with `in`, and
    count the other way round, as in PyTorch. Raises ShapeError for fewer than 2 axes.
    """
    shape = _check("fan_in_and_fan_out", tensor)
    if len(shape) < 2:
        raise ShapeError(f"fan_in_and_fan_out: expected a weight of at least 2 axes, got shape {shape}")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return fan_in_and_fan_out(tensor)[mode == "fan_out"]


def _std(gain: float, fan: float) -> float:
    return gain / math.sqrt(fan or 1.0)  # a fan of 0 is an empty weight's


def _candidates(count: int, dtype: Any, mean: float, std: float, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and which of them may be kept so that those are from N(mean, std^2) within [a, b]."""

    def below(x):
        return (1.0 + math.erf((x - mean) / (std * math.sqrt(2.0)))) / 2.0

    if below(b) - below(a) > 0.3:  # many of the normal distribution's own numbers lie inside
        x = mean + std * random.normal(count, dtype)
        return x, (a <= x) & (x <= b)
    peak = min(max(mean, a), b)
    a, b = max(a, peak - 8.0 * std), min(b, peak + 8.0 * std)  # farther off no number would ever be kept
    x = a + (b - a) * random.uniform(count, dtype)
    density = np.exp(((peak - mean) ** 2 - (x - mean) ** 2) / (2.0 * std**2))  # relative to the highest in [a, b]
    return x, random.uniform(count, dtype) < density


def _check(name: str, tensor: Any) -> tuple[int, ...]:
    """The shape. Raises TypeError for anything but a Tensor."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(tensor).__name__}; pass module.weight")
    return tensor.shape


def _drawn(name: str, tensor: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the numbers to draw."""
    shape = _check(name, tensor)
    if tensor.dtype.kind != "f":
        raise TypeError(f"{name}: expected a floating-point Tensor, got {tensor.dtype}; use .float()")
    return shape, np.dtype(np.float64 if tensor.dtype == np.float64 else np.float32)


def _fill(tensor: T, values: Any) -> T:
    with no_grad():
        tensor.copy_(backends.to_device(np.asarray(values), tensor.device))
    return tensor
