"""The primitives of plain.py on a GPU, as kernels of our own where CuPy's functions are slow.

formula.py makes one kernel of a formula, kernels.py copies windows, cublas.py multiplies matrices, updates.py updates
all parameters at once, philox.py draws random numbers, and capture.py replays a whole training step. What this class
does not define it inherits: convolutions as matrix products (im2col.py), the rest from plain.py, done by CuPy.
docs/gpu.md explains how it all works together.

CuPy's elementwise functions return C order whatever they are given, so formulas run on an image's matrix of
(pixels, channels), which lies in C order already.
"""

import itertools
import math

import cupy

from .. import precision
from ..im2col import Im2col
from ..layout import from_rows, rows
from ..two_parts import finished, split
from . import cublas, kernels, updates
from . import formula as formulas

# So many elements of windows are copied at a time: these 32 MB are still in a large GPU's cache when the product reads
# them, and a large batch does not fill the memory. (Not yet measured.)
WINDOWS_CHUNK = 2**23


def asarray(array):
    """A NumPy array, copied to the GPU in the memory order it has."""
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    there = cupy.asarray(array.transpose(order))
    return there.transpose([order.index(axis) for axis in range(array.ndim)])


def to_numpy(array):
    """A CuPy array, copied to the CPU (waits for the device)."""
    return cupy.asnumpy(array, order="A")


class Gpu(Im2col):
    """Plain (plain.py) made fast: every method means what its namesake there means."""

    def __init__(self):
        super().__init__(cupy)

    def rows_matmul(self, view, matrix, bias=None, out=None):
        width = matrix.shape[1]
        if out is None:
            out = cupy.empty((*view.shape[:3], width), view.dtype)
        for part in _chunks(view):
            place = out[part]
            direct = place.flags.c_contiguous  # the product can be written there at once
            product = _product(_columns(view[part]), matrix, place.reshape(-1, width) if direct else None)
            if bias is not None:
                product += bias
            if not direct:
                place[...] = product.reshape(place.shape)
        return out

    def rows_outer(self, view, y):
        total = None
        for part in _chunks(view):
            left, right = y[part].reshape(-1, y.shape[3]).T, _columns(view[part])
            total = _product(left, right, total, accumulate=total is not None)
        return total

    def matmul(self, a, b):
        return cublas.matmul(a, b, tf32=precision.cuda.matmul.allow_tf32)

    def elementwise(self, formula, *arrays, constants=()):
        matrices, constants = [rows(a) for a in arrays], split(arrays[0], constants)
        y = formulas.elementwise(formula, matrices, constants)
        if y is None:
            y = finished(formula(*matrices, *constants))
        return from_rows(y, arrays[0].shape)

    def column_sums(self, formula, *arrays, constants=()):
        matrices, constants = [rows(a) for a in arrays], split(arrays[0], constants)
        sums = formulas.column_sums(formula, matrices, constants)
        if sums is None:
            sums = finished(formula(*matrices, *constants)).sum(axis=0, dtype=cupy.float64)
        return sums

    def moments(self, x):
        count = x.size // x.shape[1]
        mean = self.column_sums(lambda x: x, x) / count
        centre = mean.astype(x.dtype)
        squares = self.column_sums(lambda x, centre: (x - centre) ** 2, x, constants=(centre,))
        return mean, squares / count - (mean - centre) ** 2

    def update(self, formula, *arrays, constants=()):
        """As in plain.py; inside update_all it only notes what to do."""
        if not updates.wanted(formula, arrays, constants):
            _update_alone(formula, *arrays, constants=constants)

    def update_all(self, advance):
        """As in plain.py, but with all of the updates in one kernel if possible: none may need another's result."""
        updates.in_one_launch(advance, _update_alone)

    def concatenate(self, arrays, axis=0):
        """As in plain.py. CuPy's own function copies a table of addresses from the CPU, which cannot be captured."""
        ends = list(itertools.accumulate(a.shape[axis] for a in arrays))
        shape = list(arrays[0].shape)
        shape[axis] = ends[-1]
        out = cupy.empty(tuple(shape), cupy.result_type(*arrays))
        before = (slice(None),) * axis
        for a, end in zip(arrays, ends, strict=True):
            out[(*before, slice(end - a.shape[axis], end))] = a
        return out


def _columns(view):
    """(N, Ho, Wo, kH, kW, C) -> (N*Ho*Wo, kH*kW*C): each window's numbers side by side (im2col)."""
    single = view.shape[3:5] == (1, 1)  # mostly a matrix already
    copied = None if single else kernels.columns(view)
    return view.reshape(-1, math.prod(view.shape[3:])) if copied is None else copied


def _product(a, b, out=None, accumulate=False):
    """A product that is part of a convolution: in TF32, unless that is switched off."""
    return cublas.matmul(a, b, out, precision.cudnn.allow_tf32, accumulate)


def _update_alone(formula, *arrays, constants=()):
    """One update by CuPy's own functions."""
    matrices = [rows(a) for a in arrays]
    formula(*matrices, *constants)
    for array, matrix in zip(arrays, matrices, strict=True):
        if not cupy.may_share_memory(array, matrix):
            array[...] = from_rows(matrix, array.shape)


def _chunks(view):
    """Slices of the batch, each with about WINDOWS_CHUNK elements of windows."""
    step = max(1, WINDOWS_CHUNK // max(1, math.prod(view.shape[1:])))
    return [slice(first, first + step) for first in range(0, len(view), step)]
