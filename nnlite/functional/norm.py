"""Normalisation of each image on its own: instance, group and layer norm. Batch norm is in batch_norm.py."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .batch_norm import BatchNorm, batch_norm, count_change, track
from .shape import reshape


class InstanceNorm(Function):
    """y = the batch norm of each image on its own    dx = that of each image,  dweight, dbias = the sums over them"""

    def forward(self, x, weight, bias, running_mean, running_var, *, momentum, eps):
        self.x, self.weight, self.images = x, weight, [BatchNorm() for _ in x]
        y, (means, variances) = self.xp.empty_like(x), self.xp.zeros((2, *x.shape[:2]), "float64")
        for i, image in enumerate(self.images):
            image.xp, image.backend = self.xp, self.backend
            statistics = {"training": True, "momentum": 1.0, "eps": eps}  # the running ones become this image's
            y[i : i + 1] = image.forward(x[i : i + 1], weight, bias, means[i], variances[i], **statistics)
        if running_mean is not None:
            track(running_mean, means.mean(axis=0), momentum)
            track(running_var, variances.mean(axis=0), momentum)
        return y

    def backward(self, dy):
        dx, sums = self.xp.empty_like(dy), []
        for i, image in enumerate(self.images):
            dx[i : i + 1], *others = image.backward(dy[i : i + 1])
            sums.append(others[:2])
        dweight, dbias = (sum(parts) for parts in zip(*sums, strict=True))
        return dx, dweight, dbias, None, None


class NormalizeRows(Function):
    """y = (x - mean) / sqrt(var + eps), each run of `length` values of x that follow each other on its own

    dx = (dy - average(dy) - y average(dy y)) / std: batch norm's, along the other axis
    """

    def forward(self, x, *, length, eps):
        rows = x.reshape(-1, length)
        centred = rows - rows.mean(axis=1, keepdims=True)
        centred = centred - centred.mean(axis=1, keepdims=True)  # again, for what the rounding of a large mean left
        self.inv_std = 1.0 / self.xp.sqrt((centred * centred).mean(axis=1, keepdims=True) + eps)
        self.y = centred * self.inv_std
        return self.backend.arrange(self.y.reshape(x.shape))

    def backward(self, dy):
        rows = dy.reshape(self.y.shape)
        average = rows.mean(axis=1, keepdims=True)
        average_y = (rows * self.y).mean(axis=1, keepdims=True)
        return self.backend.arrange(((rows - average - self.y * average_y) * self.inv_std).reshape(dy.shape))


@guarded
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Instance normalisation (Ulyanov et al. 2016): each channel of each image by its own mean and variance.

    y = (x - mean) / sqrt(var + eps) * weight + bias for input (N, C, L, ...), the rest (C,). Running statistics, if
    given, follow the average over the images as in batch_norm; use_input_stats=False takes them instead.
    Raises ShapeError for a channel count that does not fit, or images of one pixel.
    """
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    images = input if input.ndim == 4 else reshape(input, (*input.shape[:2], -1, 1))
    y = InstanceNorm.apply(images, weight, bias, running_mean, running_var, momentum=momentum, eps=eps)
    if running_mean is not None:
        count_change(running_mean, running_var)
    return y if input.ndim == 4 else reshape(y, input.shape)


@guarded
def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Layer normalisation (Ba, Kiros & Hinton 2016): y = (x - mean) / sqrt(var + eps) * weight + bias.

    input (..., *normalized_shape); mean and var are over the axes of normalized_shape, for each place in the axes
    before on its own; weight and bias have normalized_shape. Raises ShapeError if the input does not end in it.
    """
    shape = tuple(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    y = NormalizeRows.apply(input, length=math.prod(shape), eps=eps)
    return _scale(y, weight, bias)


@guarded
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Group normalisation (Wu & He 2018): y = (x - mean) / sqrt(var + eps) * weight + bias.

    input (N, C, ...), weight and bias (C,). Mean and var are over the C / num_groups channels of a group and all
    pixels, for each image on its own. Raises ShapeError if num_groups does not divide C.
    """
    y = NormalizeRows.apply(input, length=math.prod(input.shape[1:]) // num_groups, eps=eps)
    per_channel = (-1, *(1,) * (input.ndim - 2))
    return _scale(y, *(p if p is None else reshape(p, per_channel) for p in (weight, bias)))


def _scale(y, weight, bias):
    y = y if weight is None else y * weight
    return y if bias is None else y + bias
