"""Normalisation of each image on its own: instance, group and layer norm. Batch norm is in batch_norm.py."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import ShapeError
from ..function import Function
from ..guards.common import check_norm, check_statistics
from ..tensor import Tensor
from .batch_norm import BatchNorm, batch_norm, track
from .shape import reshape


class InstanceNorm(Function):
    """y = the batch norm of each image on its own    dx = that of each image,  dweight, dbias = the sums over them"""

    def forward(self, x, weight, bias, *, eps):
        self.x, self.images = x, [BatchNorm() for _ in x]
        y = self.xp.empty_like(x)
        for i, image in enumerate(self.images):
            image.xp, image.backend = self.xp, self.backend
            y[i : i + 1] = image.forward(x[i : i + 1], weight, bias, None, None, training=True, momentum=0.0, eps=eps)
        return y

    def backward(self, dy):
        dx, sums = self.xp.empty_like(dy), []
        for i, image in enumerate(self.images):
            dx[i : i + 1], *others = image.backward(dy[i : i + 1])
            sums.append(others[:2])
        dweight, dbias = (sum(parts) for parts in zip(*sums, strict=True))
        return dx, dweight, dbias


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
    statistics = {"running_mean": running_mean, "running_var": running_var}
    check_norm("instance_norm", input, 3, eps, **statistics, weight=weight, bias=bias)
    check_statistics("instance_norm", input, *statistics.values(), use_input_stats, math.prod(input.shape[2:]))
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if running_mean is not None:
        _track_images(input.array, running_mean, running_var, momentum)
    images = input if input.ndim == 4 else reshape(input, (*input.shape[:2], -1, 1))
    y = InstanceNorm.apply(images, weight, bias, eps=eps)
    return y if input.ndim == 4 else reshape(y, input.shape)


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
    check_norm("layer_norm", input, 1, eps, shape, weight=weight, bias=bias)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm: an input of shape {input.shape} does not end in normalized_shape {shape}")
    y = NormalizeRows.apply(input, length=math.prod(shape), eps=eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Group normalisation (Wu & He 2018): y = (x - mean) / sqrt(var + eps) * weight + bias.

    input (N, C, ...), weight and bias (C,). Mean and var are over the C / num_groups channels of a group and all
    pixels, for each image on its own. Raises ShapeError if num_groups does not divide C.
    """
    check_norm("group_norm", input, 2, eps, weight=weight, bias=bias)
    channels = input.shape[1]
    if not isinstance(num_groups, int) or num_groups < 1 or channels % num_groups:
        raise ShapeError(f"group_norm: {channels} channels do not make {num_groups!r} groups (input {input.shape})")
    y = NormalizeRows.apply(input, length=math.prod(input.shape[1:]) // num_groups, eps=eps)
    per_channel = (-1, *(1,) * (input.ndim - 2))
    y = y if weight is None else y * reshape(weight, per_channel)
    return y if bias is None else y + reshape(bias, per_channel)


def _track_images(x, running_mean, running_var, momentum):
    """The running statistics follow the averages of the images' means and (unbiased) variances."""
    axes, n = tuple(range(2, x.ndim)), math.prod(x.shape[2:])
    track(running_mean.array, x.mean(axis=axes, dtype="float64").mean(axis=0), momentum)
    track(running_var.array, x.var(axis=axes, dtype="float64").mean(axis=0) * n / (n - 1), momentum)
    for moved in (running_mean, running_var):
        moved._version[0] += 1
