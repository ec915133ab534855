"""CuPy: the same names as cpu.py with the same meaning, in their plainest form. Tested on a stand-in for CuPy only.

CuPy's elementwise kernels return C order whatever they are given, so formulas run on the (rows, channels)
matrix of an image, which is C order already.
"""

import math

import cupy

from .cpu import _windows
from .layout import from_rows, rows

xp = cupy

# Elements of copied windows at a time, so that the copies of a large batch do not fill the memory.
WINDOWS_CHUNK = 2**26


def asarray(array):
    """A NumPy array, copied to the GPU in the memory order it has."""
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    there = cupy.asarray(array.transpose(order))
    return there.transpose([order.index(axis) for axis in range(array.ndim)])


def to_numpy(array):
    """A CuPy array, copied to the CPU (waits for the device)."""
    return cupy.asnumpy(array, order="A")


def windows(x, kernel, stride, dilation=(1, 1)):
    """Every window that a kernel sees, as a view: (N, H, W, C) -> (N, Ho, Wo, kH, kW, C), nothing copied."""
    return _windows(cupy.lib.stride_tricks.as_strided, x, kernel, stride, dilation)


def rows_matmul(view, matrix, bias=None, out=None):
    """Each window times a matrix: (N, Ho, Wo, kH, kW, C) by (kH*kW*C, O) [+ (O,)] -> (N, Ho, Wo, O)."""
    if out is None:
        out = cupy.empty((*view.shape[:3], matrix.shape[1]), view.dtype)
    for part in _chunks(view):
        product = view[part].reshape(-1, len(matrix)) @ matrix
        if bias is not None:
            product += bias
        out[part] = product.reshape(-1, *out.shape[1:])
    return out


def rows_outer(view, y):
    """Sum over all positions of output times window: (N, Ho, Wo, kH, kW, C), (N, Ho, Wo, O) -> (O, kH*kW*C)."""
    depth = math.prod(view.shape[3:])
    parts = [y[part].reshape(-1, y.shape[3]).T @ view[part].reshape(-1, depth) for part in _chunks(view)]
    return sum(parts[1:], parts[0])


def matmul(a, b):
    """Product of two matrices."""
    return a @ b


def elementwise(formula, *arrays, constants=()):
    """formula(*arrays, *constants) for arrays of one shape; `constants` are numbers or per-channel vectors."""
    return from_rows(formula(*(rows(a) for a in arrays), *constants), arrays[0].shape)


def update(formula, *arrays, constants=()):
    """Run formula(*arrays, *constants) for what it writes into the arrays."""
    matrices = [rows(a) for a in arrays]
    formula(*matrices, *constants)
    for array, matrix in zip(arrays, matrices, strict=True):
        if not cupy.may_share_memory(array, matrix):
            array[...] = from_rows(matrix, array.shape)


def column_sums(formula, *matrices, constants=()):
    """The sum over the rows of formula(*matrices, *constants): (R, C) arrays -> (C,), accumulated in float64."""
    return formula(*matrices, *constants).sum(axis=0, dtype=cupy.float64)


def _chunks(view):
    step = max(1, WINDOWS_CHUNK // max(1, math.prod(view.shape[1:])))
    return [slice(first, first + step) for first in range(0, len(view), step)]
