"""Random numbers that depend on tensors.

They come from the generator of the tensors' device, which `nnlite.manual_seed` seeds. They are not PyTorch's numbers,
but have the same distribution. As there, gradients of what they depend on are zero (`rsample` has others).
"""

from __future__ import annotations

from typing import Any

from .. import backend as backends
from ..backend import random
from ..creation import full, randn
from ..errors import guarded
from ..function import Function, no_grad, shape_of
from ..tensor import Tensor


class Draw(Function):
    """y = draw(*inputs), random numbers    dx = 0"""

    def forward(self, *arrays, draw):
        self.shapes = [shape_of(x) for x in arrays]
        return draw(*arrays)

    def backward(self, dy):
        return [self.xp.zeros(shape, dy.dtype) for shape in self.shapes]


@guarded
def bernoulli(input: Tensor, p: float | None = None) -> Tensor:
    """1 with probability `input`, else 0, for each element; or with one probability p for all.

    Raises TypeError for probabilities that are whole numbers, ValueError outside 0..1 (on the CPU).
    """
    if p is not None:
        return bernoulli(full(input.shape, float(p), device=input.device)).to(input.dtype)
    return Draw.apply(input, draw=lambda x: (random.uniform(x.shape, device=input.device) < x).astype(x.dtype))


@guarded
def normal(mean: Any, std: Any = 1.0, size: Any = None, **kind: Any) -> Tensor:
    """Numbers from N(mean, std^2): mean, std or both are tensors that broadcast; or both numbers, and size a shape.

    With a size, dtype=, device= and requires_grad= are those of `randn`. Raises ValueError for a negative std.
    """
    if size is not None:
        with no_grad():
            return randn(size, **kind).mul_(std).add_(mean)

    def draw(mean, std):
        like = mean + std
        return mean + std * random.normal(like.shape, like.dtype, backends.device_of(like))

    return Draw.apply(mean, std, draw=draw, **kind).to((mean if hasattr(mean, "dtype") else std).dtype)


@guarded
def multinomial(input: Tensor, num_samples: int, replacement: bool = False) -> Tensor:
    """Indices drawn with probabilities proportional to the weights (n,), or to those of each row of (m, n).

    With replacement each draw is a point on the line of all weights laid end to end. Without, each index gets a
    random time, exponentially distributed with its weight as the rate, and the first `num_samples` are taken.
    Raises TypeError unless the weights are floating-point, ShapeError for other shapes or too few weights, and on the
    CPU ValueError for weights that are negative, not finite, or all 0.
    """
    weights, xp = input.array.astype("float64"), backends.of(input.array).xp
    if replacement:
        ends = weights.reshape(-1, weights.shape[-1]).cumsum(1)
        points = random.uniform((len(ends), num_samples), "float64", input.device) * ends[:, -1:]
        index = xp.empty(points.shape, "int64")
        for i in range(len(ends)):
            index[i] = xp.searchsorted(ends[i], points[i], side="right")
    else:
        times = -xp.log1p(-random.uniform(weights.shape, "float64", input.device))
        index = xp.argsort(-weights / xp.maximum(times, 1e-100), -1, kind="stable")[..., :num_samples]
    return Tensor(index.reshape(*input.shape[:-1], num_samples).copy())
