"""Arrays in all memory orders, values away from kinks, and a table of every operation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import nnlite

seeds = st.integers(0, 2**32 - 1)

ORDERS = ("C", "Fortran", "channels last", "longer rows", "every second", "flipped")
orders = st.sampled_from(ORDERS)


def in_order(array: np.ndarray, order: str) -> np.ndarray:
    """The same shape and values, laid out in memory in another way."""
    if order == "Fortran":
        return array.copy(order="F")
    if order == "channels last" and array.ndim == 4:
        return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    if order == "longer rows" and array.ndim == 4:  # some channels of more, as `cat` hands its gradient out
        n, c, h, w = array.shape
        view = np.full((n, h, w, c + 3), 7, array.dtype)[..., 2 : c + 2].transpose(0, 3, 1, 2)
    elif order == "every second":
        view = np.full([2 * n + 1 for n in array.shape], 7, array.dtype)[(*[slice(1, None, 2)] * array.ndim, ...)]
    elif order == "flipped":
        view = np.empty(array.shape, array.dtype)[(*[slice(None, None, -1)] * array.ndim, ...)]
    else:
        return array.copy(order="C")
    view[...] = array
    return view


# Values: functions of (rng, shape). None comes near a kink or a pole of an operation.


def signed(rng, shape):
    return rng.uniform(0.2, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def positive(rng, shape):
    return rng.uniform(0.3, 2.0, shape)


def probability(rng, shape):
    return rng.uniform(0.1, 0.9, shape)


def far(rng, shape):
    """Larger than any `signed`, so that the two never meet."""
    return 12.0 * signed(rng, shape)


def leaf(array, dtype=np.float64, order="C"):
    """A tensor over this memory order that wants its gradient."""
    return nnlite.Tensor(in_order(np.asarray(array, dtype), order), requires_grad=True)


def backward(output, seed=0):
    """Run backward with a random gradient (the sum alone would not see every error); return that gradient."""
    u = np.random.default_rng(seed).standard_normal(output.shape).astype(output.dtype)
    output.backward(nnlite.Tensor(u))
    return u


class Operation(NamedTuple):
    """call(lib, F, *tensors) works with nnlite and with PyTorch; inputs are (values, shape)."""

    call: Callable[..., Any]
    inputs: tuple[tuple[Callable, tuple[int, ...]], ...]

    def arrays(self, seed=0, dtype=np.float64):
        rng = np.random.default_rng(seed)
        return [np.asarray(values(rng, shape), dtype) for values, shape in self.inputs]

    def nnlite(self, *tensors):
        return self.call(nnlite, nnlite.functional, *tensors)


def _op(call, *shapes, values=signed):
    return Operation(call, tuple(s if callable(s[0]) else (values, s) for s in shapes))


IMAGE = (2, 3, 5, 4)

OPERATIONS = {
    "add": _op(lambda lib, F, a, b: a + b, IMAGE, IMAGE),
    "add broadcast": _op(lambda lib, F, a, b: a + b, (3, 1), (2, 1, 4)),
    "add number": _op(lambda lib, F, a: 1.5 + a + 2, (2, 3)),
    "sub": _op(lambda lib, F, a, b: a - b, (2, 3), (3,)),
    "sub from number": _op(lambda lib, F, a: 1 - (a - 0.5), (2, 3)),
    "mul": _op(lambda lib, F, a, b: a * b, IMAGE, (3, 1, 1)),
    "mul number": _op(lambda lib, F, a: 3 * a * 0.5, (2, 3)),
    "square by mul": _op(lambda lib, F, a: a * a, (2, 3)),
    "div": _op(lambda lib, F, a, b: a / b, (2, 3), (2, 1)),
    "div number": _op(lambda lib, F, a: 1 / (a / 3), (2, 3)),
    "neg": _op(lambda lib, F, a: -a, IMAGE),
    "pow 2": _op(lambda lib, F, a: a**2, IMAGE),
    "pow 1": _op(lambda lib, F, a: a**1, (2, 3)),
    "pow 0": _op(lambda lib, F, a: a**0, (2, 3)),
    "pow -1.5": _op(lambda lib, F, a: a**-1.5, (2, 3), values=positive),
    "exp": _op(lambda lib, F, a: a.exp(), IMAGE),
    "log": _op(lambda lib, F, a: a.log(), IMAGE, values=positive),
    "sqrt": _op(lambda lib, F, a: a.sqrt(), IMAGE, values=positive),
    "abs": _op(lambda lib, F, a: a.abs(), IMAGE),
    "sum": _op(lambda lib, F, a: a.sum(), IMAGE),
    "sum 1": _op(lambda lib, F, a: a.sum(1), IMAGE),
    "sum -1, 0 kept": _op(lambda lib, F, a: a.sum((-1, 0), True), IMAGE),
    "mean": _op(lambda lib, F, a: a.mean(), IMAGE),
    "mean 2, 3": _op(lambda lib, F, a: a.mean((2, 3)), IMAGE),
    "mean 0 kept": _op(lambda lib, F, a: a.mean(dim=0, keepdim=True), (3, 2)),
    "reshape": _op(lambda lib, F, a: a.reshape(4, -1), IMAGE),
    "view": _op(lambda lib, F, a: a.view((2, 60)), IMAGE),
    "flatten": _op(lambda lib, F, a: a.flatten(1, 2), IMAGE),
    "permute": _op(lambda lib, F, a: a.permute(2, 0, -1, 1), IMAGE),
    "transpose": _op(lambda lib, F, a: a.transpose(1, -1), IMAGE),
    "clone": _op(lambda lib, F, a: a.clone(), IMAGE),
    "getitem": _op(lambda lib, F, a: a[1, ..., 1:4:2, None], IMAGE),
    "getitem twice": _op(lambda lib, F, a: a[[0, 2, 0, 0]], (3, 2)),
    "cat channels": _op(lambda lib, F, a, b: lib.cat([a, b], 1), IMAGE, (2, 1, 5, 4)),
    "cat -1": _op(lambda lib, F, a, b: lib.cat((a, b, a), dim=-1), (2, 3), (2, 1)),
    "interpolate": _op(lambda lib, F, a: F.interpolate(a, scale_factor=3), IMAGE),
    "relu": _op(lambda lib, F, a: F.relu(a), IMAGE),
    "leaky_relu": _op(lambda lib, F, a: F.leaky_relu(a, 0.2), IMAGE),
    "tanh": _op(lambda lib, F, a: a.tanh(), IMAGE),
    "sigmoid": _op(lambda lib, F, a: a.sigmoid(), IMAGE),
    "conv2d": _op(lambda lib, F, x, w, b: F.conv2d(x, w, b, 2, 1), IMAGE, (4, 3, 3, 2), (4,)),
    "conv2d pairs": _op(lambda lib, F, x, w: F.conv2d(x, w, None, (1, 2), (0, 2)), IMAGE, (2, 3, 2, 3)),
    "conv2d 1x1": _op(lambda lib, F, x, w, b: F.conv2d(x, w, b), IMAGE, (4, 3, 1, 1), (4,)),
    "conv_transpose2d": _op(lambda lib, F, x, w, b: F.conv_transpose2d(x, w, b, 2, 1), IMAGE, (3, 2, 4, 4), (2,)),
    "conv_transpose2d pairs": _op(
        lambda lib, F, x, w: F.conv_transpose2d(x, w, None, (3, 2), (0, 1), (2, 0)), IMAGE, (3, 2, 2, 3)
    ),
    "batch_norm": _op(lambda lib, F, x, w, b: F.batch_norm(x, None, None, w, b, training=True), IMAGE, (3,), (3,)),
    "batch_norm plain": _op(lambda lib, F, x: F.batch_norm(x, None, None, training=True, eps=1e-3), (6, 3)),
    "batch_norm fixed": _op(
        lambda lib, F, x, w, b: F.batch_norm(
            x, lib.tensor([0.5, -1, 0], dtype=x.dtype), lib.tensor([0.5, 2, 3], dtype=x.dtype), w, b
        ),
        IMAGE,
        (3,),
        (3,),
    ),
    "instance_norm": _op(lambda lib, F, x, w, b: F.instance_norm(x, weight=w, bias=b), IMAGE, (3,), (3,)),
    "instance_norm plain": _op(lambda lib, F, x: F.instance_norm(x, eps=1e-3), IMAGE),
    "l1_loss": _op(lambda lib, F, a, b: F.l1_loss(a, b), (2, 3), (far, (2, 3))),
    "mse_loss": _op(lambda lib, F, a, b: F.mse_loss(a, b, reduction="sum"), IMAGE, IMAGE),
    "mse_loss none": _op(lambda lib, F, a, b: F.mse_loss(a, b, reduction="none"), (2, 3), (2, 3)),
    "binary_cross_entropy": _op(lambda lib, F, p, t: F.binary_cross_entropy(p, t), (2, 3), (2, 3), values=probability),
    "binary_cross_entropy_with_logits": _op(
        lambda lib, F, z, t: F.binary_cross_entropy_with_logits(z, t), IMAGE, (probability, IMAGE)
    ),
}

# Random, so it has no counterpart in PyTorch; the same numbers are drawn each time gradcheck calls it.
DROPOUT = {"dropout": _op(lambda lib, F, a: F.dropout(a, 0.4), IMAGE)}
