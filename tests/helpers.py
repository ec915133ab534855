"""Arrays in all memory orders, values away from kinks, equality but for rounding, the form of tests/operations/."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import nnlite
from nnlite.backend.cpu import blocks, products, threads, winograd
from nnlite.backend.geometry import Geometry

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


def distinct(rng, shape):
    """Numbers that are nowhere near each other, so that no other becomes the largest."""
    size = math.prod(shape)
    return (rng.permutation(size) - size / 2).reshape(shape) / 10.0


def leaf(array, dtype=np.float64, order="C"):
    """A tensor over this memory order that wants its gradient."""
    return nnlite.Tensor(in_order(np.asarray(array, dtype), order), requires_grad=True)


def backward(output, seed=0):
    """Run backward with a random gradient (the sum alone would not see every error); return that gradient."""
    u = np.random.default_rng(seed).standard_normal(output.shape).astype(output.dtype)
    output.backward(nnlite.Tensor(u))
    return u


def assert_close(actual, expected, tolerance, terms=0.0):
    """Equal but for rounding: apart by at most `tolerance` of the size of what was summed, and of the same shape.

    A sum is as inexact as its terms are large, and which way it is rounded differs from processor to processor. So
    where terms cancel, neither their sum (it may be 0) nor a fixed number says what is rounding and what is wrong. The
    size is that of the largest sum in `expected`, whose terms are like the others'. Where all sums may cancel, as in
    the gradient of a bias, `terms` says how large the terms are: for a gradient, the norm of the one that backward
    began with, since every term is an element of that times a derivative.
    """
    actual, expected = (x.detach().numpy() if hasattr(x, "detach") else np.asarray(x) for x in (actual, expected))
    assert actual.shape == expected.shape
    size = max(np.abs(expected).max(initial=0.0), terms)
    assert np.isfinite(size)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * size)


class Operation(NamedTuple):
    """call(lib, F, *tensors) works with nnlite and with PyTorch; inputs are (values, shape)."""

    call: Callable[..., Any]
    inputs: tuple[tuple[Callable, tuple[int, ...]], ...]

    def arrays(self, seed=0, dtype=np.float64):
        rng = np.random.default_rng(seed)
        return [np.asarray(values(rng, shape), dtype) for values, shape in self.inputs]

    def nnlite(self, *tensors):
        return self.call(nnlite, nnlite.functional, *tensors)


def op(call, *shapes, values=signed):
    return Operation(call, tuple(s if s and callable(s[0]) else (values, s) for s in shapes))


IMAGE = (2, 3, 5, 4)


class LibraryOn:
    """nnlite for `Operation.call`, but constants that an operation makes for itself lie on this device."""

    def __init__(self, device):
        self.device = device

    def __getattr__(self, name):
        return getattr(nnlite, name)

    def tensor(self, data, dtype=None):
        return nnlite.tensor(data, dtype, device=self.device)


def gradients_at_steps(monkeypatch, model, parts):
    """{part: gradients} when the optimiser of "generator" or of "discriminator" steps; filled while it trains."""
    seen = {}

    def remember_then(step, name):
        def run():
            seen[name] = {
                part: [None if p.grad is None else p.grad.numpy().copy() for p in getattr(model, part).parameters()]
                for part in parts
            }
            step()

        return run

    for name in ("generator", "discriminator"):
        optimizer = getattr(model, f"{name}_optimizer")
        monkeypatch.setattr(optimizer, "step", remember_then(optimizer.step, name))
    return seen


def window_geometry(kernel, stride=(1, 1), dilation=(1, 1)):
    """Windows on an image without a border."""
    return Geometry(kernel, stride, dilation, (0, 0), (0, 0))


TINY = {
    blocks: {"ELEMENTWISE_BLOCK": 7, "ELEMENTWISE_THREADED": 0},
    products: {"WINDOWS_BLOCK": 50, "WINDOWS_LEAST": 2, "MATMUL_THREADED": 0},
    winograd: {"TILES_LEAST": 2, "CHANNELS_LEAST": 0, "BLOCK": 2, "BLOCK_OUTER": 3},
    threads: {"count": 3},
}


def make_blocks_tiny(patch):
    """The blocked and threaded paths for arrays of any size, on three threads, until pytest's `patch` is undone."""
    for module, values in TINY.items():
        for name, value in values.items():
            patch.setattr(module, name, value)
