"""Batch normalisation."""

from __future__ import annotations

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .shape import reshape


class BatchNorm(Function):
    """y = xhat weight + bias,  xhat = (x - mean) / std,  std = sqrt(var + eps), for each channel (axis 1) of x

    In training, mean and var are those of the n values of a channel. They move with x, and that takes the parts of dy
    along 1 and along xhat away again (docs/batch-norm.md derives it step by step):

    dx = (dy - dbias / n - xhat dweight / n) weight / std,  dweight = sum of dy xhat,  dbias = sum of dy

    Otherwise they are the running statistics, which do not move: dx = dy weight / std.
    """

    def forward(self, x, weight, bias, running_mean, running_var, *, training, momentum, eps):
        self.x, self.training = x, training
        self.weight, bias = 1.0 if weight is None else weight, 0.0 if bias is None else bias
        self.mean, var = self.backend.moments(x) if training else (running_mean.copy(), running_var)
        if training and running_mean is not None:
            n = x.size // x.shape[1]
            track(running_mean, self.mean, momentum)
            track(running_var, var * n / (n - 1), momentum)  # the unbiased variance
        self.inv_std = 1.0 / self.xp.sqrt(var + eps)
        constants = self.mean, self.inv_std * self.weight, bias
        return self.backend.elementwise(lambda x, mean, scale, bias: (x - mean) * scale + bias, x, constants=constants)

    def backward(self, dy):
        x, n, scale = self.x, dy.size // dy.shape[1], self.inv_std * self.weight
        dbias = self.backend.column_sums(lambda dy: dy, dy)
        centred = self.backend.column_sums(lambda dy, x, mean: dy * (x - mean), dy, x, constants=(self.mean,))
        dweight = centred * self.inv_std
        if self.training:
            constants = self.mean, self.inv_std * dweight / n, dbias / n, scale
            dx = self.backend.elementwise(input_gradient, dy, x, constants=constants)
        else:
            dx = self.backend.elementwise(lambda dy, scale: dy * scale, dy, constants=(scale,))
        return dx, dweight, dbias, None, None


def input_gradient(dy, x, mean, slope, average, scale):
    """(dy - xhat dweight / n - dbias / n) scale, with slope = dweight / (n std) and average = dbias / n"""
    return (dy - (x - mean) * slope - average) * scale


def track(running, batch, momentum):
    """running = (1 - momentum) running + momentum batch, in place"""
    running[...] = (1.0 - momentum) * running + momentum * batch.astype(running.dtype)


def count_change(*tensors):
    """Count the change in place, so that a backward pass that needs the old values raises."""
    for tensor in tensors:
        tensor._version[0] += 1


@guarded
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
    x = input if input.ndim in (2, 4) else reshape(input, (*input.shape[:2], -1, 1))
    options = {"training": training, "momentum": momentum, "eps": eps}
    y = BatchNorm.apply(x, weight, bias, running_mean, running_var, **options)
    if training and running_mean is not None:
        count_change(running_mean, running_var)
    return y if input.ndim in (2, 4) else reshape(y, input.shape)
