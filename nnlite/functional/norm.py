"""Normalisation: batch, instance and group norm are one formula over different sets of values, layer norm another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..backend.layout import concatenate, from_rows, rows
from ..errors import ShapeError
from ..function import Function
from ..tensor import Tensor
from ._checks import check_dtypes
from .shape import reshape


class Normalize(Function):
    """y = (x - mean) / std * weight + bias, std = sqrt(var + eps); weight and bias have one value a channel.

    x (N, C, H, W) or (N, C). Mean and variance are taken over `width` neighbouring channels in each of `parts`
    equal stretches of the batch:

        batch norm       parts 1, width 1        each channel, over all pixels of all images
        instance norm    parts N, width 1        each channel of each image
        group norm       parts N, width C / G    each group of channels of each image

    With xhat = (x - mean) / std and g = dy weight: mean and std move with x, and that takes the parts of g along 1
    and along xhat away again. The averages are over the values that were normalised together.

    dx = (g - average(g) - xhat average(g xhat)) / std,  dweight = sum of dy xhat,  dbias = sum of dy

    With training=False the running statistics stand for mean and var and do not move: dx = g / std.
    """

    def forward(self, x, weight, bias, running_mean, running_var, *, parts, width, training, momentum, eps):
        self.x, self.parts, self.width, self.training = x, parts, width, training
        self.weight, bias = 1.0 if weight is None else weight, 0.0 if bias is None else bias
        self.statistics, moments, y = [], [], []
        for part in self._split(x):
            mean, var = self._moments(part) if training else (running_mean, running_var)
            moments.append((mean, var))
            mean, rest = _two_parts(mean, x.dtype)
            inv_std = 1.0 / self.xp.sqrt(var + eps)
            self.statistics.append((mean, rest, inv_std))
            scale = inv_std * self.weight
            constants = _cast(x.dtype, mean, scale, bias - rest * scale)  # whatever is per channel costs nothing
            y.append(self.backend.elementwise(_affine, part, constants=constants))
        if training and running_mean is not None:
            _track(running_mean, running_var, moments, momentum, x.size // (parts * x.shape[1]))
        return from_rows(self._join(y), x.shape)

    def backward(self, dy):
        column_sums, elementwise = self.backend.column_sums, self.backend.elementwise
        to_x, to_weight, to_bias = self.needs_input_grad[:3]
        dx, dweight, dbias = [], 0.0, 0.0
        for x, d, (mean, rest, inv_std) in zip(self._split(self.x), self._split(dy), self.statistics, strict=True):
            along_one = column_sums(lambda d: d, d)
            along_xhat = inv_std * (column_sums(_times_centred, d, x, constants=(mean,)) - rest * along_one)
            dweight, dbias = dweight + along_xhat, dbias + along_one
            scale = inv_std * self.weight
            if to_x and not self.training:
                dx.append(elementwise(lambda d, scale: d * scale, d, constants=_cast(d.dtype, scale)))
            elif to_x:
                average_g, average_g_xhat = (self._pool(self.weight * s / len(x)) for s in (along_one, along_xhat))
                slope = inv_std * inv_std * average_g_xhat
                constants = _cast(d.dtype, mean, scale, slope, inv_std * average_g - rest * slope)
                dx.append(elementwise(_input_grad, d, x, constants=constants))
        dx = from_rows(self._join(dx), dy.shape) if to_x else None
        return dx, dweight if to_weight else None, dbias if to_bias else None, None, None

    def _split(self, x):
        return rows(x).reshape(self.parts, -1, x.shape[1])

    def _join(self, parts):
        return parts[0] if len(parts) == 1 else concatenate(self.xp, parts)

    def _pool(self, channels):
        """Averages of `width` neighbouring channels, each put in the place of all of them."""
        return channels.reshape(-1, self.width).mean(axis=1).repeat(self.width)

    def _moments(self, x):
        """Mean and (biased) variance of the rows of x.

        A float32 sum of large numbers loses the digits in which a small spread shows. So the first pass sums
        differences from the first row, and the second squares of differences from the mean.
        """
        sums = self.backend.column_sums
        mean = self._pool(x[0] + sums(lambda x, first: x - first, x, constants=(x[0],)) / len(x))
        centre, rest = _two_parts(mean, x.dtype)
        var = self._pool(sums(lambda x, centre: (x - centre) ** 2, x, constants=(centre,)) / len(x)) - rest**2
        return mean, var


def _two_parts(mean, dtype):
    """The mean in x's own dtype, and what this rounding took away: of 10,000 in float32, up to 0.0005."""
    rounded = mean.astype(dtype)
    return rounded, mean - rounded


def _cast(dtype, *vectors):
    return [v.astype(dtype) for v in vectors]


def _track(running_mean, running_var, moments, momentum, count):
    """running = (1 - momentum) running + momentum batch, in place; var unbiased, and averaged over the parts."""
    means, variances = zip(*moments, strict=True)
    for running, parts, unbias in ((running_mean, means, 1.0), (running_var, variances, count / (count - 1))):
        batch = sum(parts[1:], parts[0]) * (unbias / len(parts))
        running[...] = (1.0 - momentum) * running + momentum * batch.astype(running.dtype)


def _affine(x, mean, scale, shift):
    return (x - mean) * scale + shift


def _times_centred(d, x, mean):
    return d * (x - mean)


def _input_grad(d, x, mean, scale, slope, offset):
    return d * scale - (x - mean) * slope - offset


class NormalizeRows(Function):
    """y = (x - mean) / sqrt(var + eps), each row of x (R, M) on its own

    dx = (dy - average(dy) - y average(dy y)) / std: as above, along the other axis
    """

    def forward(self, x, *, eps):
        centred = x - x.mean(axis=1, keepdims=True)
        centred = centred - centred.mean(axis=1, keepdims=True)  # again, for what the rounding of a large mean left
        self.inv_std = 1.0 / self.xp.sqrt((centred * centred).mean(axis=1, keepdims=True) + eps)
        self.y = centred * self.inv_std
        return self.y

    def backward(self, dy):
        average = dy.mean(axis=1, keepdims=True)
        average_y = (dy * self.y).mean(axis=1, keepdims=True)
        return (dy - average - self.y * average_y) * self.inv_std


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Batch normalisation (Ioffe & Szegedy 2015): y = (x - mean) / sqrt(var + eps) * weight + bias per channel.

    input (N, C, ...), the rest (C,). In training, mean and var are the batch's over all axes but C, and the running
    statistics move in place: running = (1 - momentum) running + momentum batch, with the unbiased variance.
    Otherwise the running statistics are used, and one image does not see its neighbours in the batch.
    Raises ShapeError for a channel count that does not fit, or one value per channel in training.
    """
    return _per_channel("batch_norm", False, input, running_mean, running_var, weight, bias, training, momentum, eps)


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
    running = running_mean, running_var
    return _per_channel("instance_norm", True, input, *running, weight, bias, use_input_stats, momentum, eps)


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
    _check("layer_norm", input, 1, eps, shape, weight=weight, bias=bias)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm: an input of shape {input.shape} does not end in normalized_shape {shape}")
    y = reshape(NormalizeRows.apply(reshape(input, (-1, math.prod(shape))), eps=eps), input.shape)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Group normalisation (Wu & He 2018): y = (x - mean) / sqrt(var + eps) * weight + bias.

    input (N, C, ...), weight and bias (C,). Mean and var are over the C / num_groups channels of a group and all
    pixels, for each image on its own. Raises ShapeError if num_groups does not divide C.
    """
    _check("group_norm", input, 2, eps, weight=weight, bias=bias)
    channels = input.shape[1]
    if not isinstance(num_groups, int) or num_groups < 1 or channels % num_groups:
        raise ShapeError(f"group_norm: {channels} channels do not make {num_groups!r} groups (input {input.shape})")
    options = {"parts": len(input), "width": channels // num_groups, "training": True, "momentum": 0.0, "eps": eps}
    return _normalize(input, weight, bias, None, None, **options)


def _check(name, input, rank, eps, expected=None, **others):
    """Refuse an input with fewer axes than `rank`, and others of another shape than `expected`: (C,) unless given."""
    for what, value in {"input": input, **others}.items():
        if value is not None or what == "input":
            if not isinstance(value, Tensor):
                raise TypeError(f"{name}: {what} is a Tensor, not {type(value).__name__}; use nnlite.tensor(...)")
            if value.dtype.kind != "f":
                raise TypeError(f"{name}: {what} holds floating-point numbers, not {value.dtype}; use .float()")
    if input.ndim < rank:
        axes = ("..., D", "N, C, ...", "N, C, L, ...")[rank - 1]
        raise ShapeError(f"{name}: expected an input of shape ({axes}), got {input.shape}")
    if 0 in input.shape:
        raise ShapeError(f"{name}: an input of shape {input.shape} holds no values")
    expected = (input.shape[1],) if expected is None else expected
    for what, value in others.items():
        if value is not None and value.shape != expected:
            raise ShapeError(f"{name}: {what} has shape {value.shape}, expected {expected} (input {input.shape})")
    check_dtypes(name, input, **others)
    if not eps > 0:
        raise ValueError(f"{name}: eps is a small number above 0, not {eps}: it keeps equal values from dividing by 0")


def _per_channel(name, each_image, input, running_mean, running_var, weight, bias, training, momentum, eps):
    rank = 3 if each_image else 2
    _check(name, input, rank, eps, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if (running_mean is None) != (running_var is None):
        raise ValueError(f"{name}: give running_mean and running_var, or neither")
    if not training and running_mean is None:
        raise ValueError(f"{name}: without the batch's own statistics it needs running_mean and running_var")
    parts = len(input) if each_image and training else 1
    values = input.numel() // (parts * input.shape[1])
    if training and values < 2:
        raise ShapeError(f"{name}: {values} value per channel has no variance, at least 2 needed (input {input.shape})")
    options = {"parts": parts, "width": 1, "training": training, "momentum": momentum, "eps": eps}
    result = _normalize(input, weight, bias, running_mean, running_var, **options)
    if training and running_mean is not None:
        for moved in (running_mean, running_var):
            moved._version[0] += 1
    return result


def _normalize(input, *per_channel, **options):
    """Normalize for any rank; (N, C, L, ...) as images (N, C, L..., 1)."""
    if input.ndim in (2, 4):
        return Normalize.apply(input, *per_channel, **options)
    images = reshape(input, (*input.shape[:2], -1, 1))
    return reshape(Normalize.apply(images, *per_channel, **options), input.shape)
