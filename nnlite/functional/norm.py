"""Normalisation: batch norm and instance norm are one formula over different sets of pixels."""

from __future__ import annotations

from ..backend.layout import from_rows, rows
from ..errors import ShapeError
from ..function import Function, shape_of
from ..tensor import Tensor


class Normalize(Function):
    """y = (x - mean) / std * weight + bias, a channel at a time, for each of `groups` stretches of the batch.

    x (N, C, H, W); with groups = 1 mean and variance are over (N, H, W): batch norm; with groups = N over (H, W)
    of each image: instance norm. With xhat = (x - mean) / std over R pixels, the mean and std themselves move
    with x, which takes the parts of dy along 1 and along xhat away again:

    dx = weight / std * (dy - mean(dy) - xhat mean(dy xhat)),  dweight = sum of dy xhat,  dbias = sum of dy

    With statistics given (`fixed`), they do not move: dx = weight / std * dy.
    """

    def forward(self, x, weight, bias, *, groups, eps, fixed=None, observe=None):
        xp, b = self.xp, self.backend
        self.x, self.groups, self.fixed = x, groups, fixed is not None
        self.mean, self.inv_std, self.weight = [], [], weight
        y = xp.empty(rows(x).shape, x.dtype)
        for part, out in zip(self._split(x), y.reshape(groups, -1, x.shape[1]), strict=True):
            mean, var = fixed or _moments(b, part)
            if observe:
                observe(mean, var, len(part))
            inv_std = (1.0 / xp.sqrt(var + eps)).astype(x.dtype)
            mean = mean.astype(x.dtype)
            scale = inv_std if weight is None else inv_std * weight
            constants = (mean, scale) if bias is None else (mean, scale, bias)
            out[...] = b.elementwise(_affine, part, constants=constants)
            self.mean.append(mean)
            self.inv_std.append(inv_std)
        return from_rows(y, x.shape)

    def backward(self, dy):
        b, xp = self.backend, self.xp
        to_x, to_weight, to_bias = self.needs_input_grad
        dx = xp.empty(rows(dy).shape, dy.dtype) if to_x else None
        dweight = dbias = 0.0
        groups = zip(self._split(self.x), self._split(dy), self.mean, self.inv_std, strict=True)
        for i, (x, d, mean, inv_std) in enumerate(groups):
            along_one = b.column_sums(lambda d: d, d)
            along_xhat = b.column_sums(_times_xhat, d, x, constants=(mean, inv_std))
            dweight, dbias = dweight + along_xhat, dbias + along_one
            if to_x:
                scale = inv_std if self.weight is None else inv_std * self.weight
                out = dx.reshape(self.groups, -1, x.shape[1])[i]
                if self.fixed:
                    out[...] = d * scale
                else:
                    means = [(s / len(x)).astype(dy.dtype) for s in (along_one, along_xhat)]
                    out[...] = b.elementwise(_input_grad, d, x, constants=(mean, inv_std, scale, *means))
        return (
            from_rows(dx, dy.shape) if to_x else None,
            dweight if to_weight else None,
            dbias if to_bias else None,
        )

    def _split(self, x):
        return rows(x).reshape(self.groups, -1, x.shape[1])


def _moments(backend, x):
    """Mean and (biased) variance of each column, in two passes: the second sees centred values and loses no digits."""
    mean = backend.column_sums(lambda x: x, x) / len(x)
    var = backend.column_sums(lambda x, m: (x - m) ** 2, x, constants=(mean.astype(x.dtype),)) / len(x)
    return mean, var


def _affine(x, mean, scale, bias=0.0):
    return (x - mean) * scale + bias


def _times_xhat(d, x, mean, inv_std):
    return d * ((x - mean) * inv_std)


def _input_grad(d, x, mean, inv_std, scale, mean_d, mean_d_xhat):
    return (d - mean_d - (x - mean) * (inv_std * mean_d_xhat)) * scale


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

    input (N, C, H, W) or (N, C). In training, mean and var are the batch's over all axes but C, and the running
    statistics move in place: running = (1 - momentum) running + momentum batch, with the unbiased variance.
    Otherwise the running statistics are used, and one image does not see its neighbours in the batch.
    Raises ShapeError for a channel count that does not fit, or one value per channel in training.
    """
    _check("batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    values = input.numel() // max(1, input.shape[1])
    if not training and (running_mean is None or running_var is None):
        raise ValueError("batch_norm: training=False needs running_mean and running_var")
    if training and values < 2:
        raise ShapeError(f"batch_norm: {values} value per channel in training, at least 2 needed (input {input.shape})")

    if running_mean is None or running_var is None:
        return Normalize.apply(input, weight, bias, groups=1, eps=eps)
    if not training:
        return Normalize.apply(input, weight, bias, groups=1, eps=eps, fixed=(running_mean.data, running_var.data))

    def observe(mean, var, count):
        for running, batch in ((running_mean, mean), (running_var, var * (count / (count - 1)))):
            running.data[...] = (1.0 - momentum) * running.data + momentum * batch.astype(running.dtype)

    return Normalize.apply(input, weight, bias, groups=1, eps=eps, observe=observe)


def instance_norm(
    input: Tensor, *, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Instance normalisation (Ulyanov et al. 2016): each channel of each image by its own mean and variance.

    input (N, C, H, W). No running statistics. Raises ShapeError when C does not fit or an image is one pixel.
    """
    if len(shape_of(input)) != 4:
        raise ShapeError(f"instance_norm: expected images (N, C, H, W), got shape {shape_of(input)}")
    _check("instance_norm", input, weight=weight, bias=bias)
    if input.shape[2] * input.shape[3] < 2:
        raise ShapeError(f"instance_norm: images of one pixel have no variance (input {input.shape})")
    return Normalize.apply(input, weight, bias, groups=len(input), eps=eps)


def _check(name, input, **per_channel):
    if len(shape_of(input)) not in (2, 4):
        raise ShapeError(f"{name}: expected shape (N, C, H, W) or (N, C), got {shape_of(input)}")
    if 0 in input.shape:
        raise ShapeError(f"{name}: an input of shape {input.shape} holds no values")
    for what, value in per_channel.items():
        expected = (input.shape[1],)
        if value is not None and shape_of(value) != expected:
            raise ShapeError(f"{name}: {what} has shape {shape_of(value)}, expected {expected} (input {input.shape})")
