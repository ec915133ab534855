"""CuPy: the same names as cpu.py with the same meaning.

Whatever is plain here is left to CuPy. For the rest: formula.py makes one kernel of a formula, kernels.py copies
windows, cublas.py multiplies matrices, updates.py moves all parameters at once, philox.py draws random numbers, and
capture.py replays a whole step. docs/gpu.md tells how they go together.

CuPy's elementwise kernels return C order whatever they are given, so formulas run on the (rows, channels)
matrix of an image, which is C order already.
"""

import math

import cupy

from . import cublas, kernels, precision, updates
from . import formula as formulas
from .cpu import _windows
from .layout import from_rows, rows
from .philox import Generator

xp = cupy

# Elements of copied windows at a time: these 32 MB are still in a large GPU's cache when the product reads them, and a
# large batch does not fill the memory. (Not yet measured.)
WINDOWS_CHUNK = 2**23


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
    width = matrix.shape[1]
    if out is None:
        out = cupy.empty((*view.shape[:3], width), view.dtype)
    for part in _chunks(view):
        place = out[part]
        direct = place.flags.c_contiguous  # no second copy of the result then
        product = _product(_columns(view[part]), matrix, place.reshape(-1, width) if direct else None)
        if bias is not None:
            product += bias
        if not direct:
            place[...] = product.reshape(place.shape)
    return out


def rows_outer(view, y):
    """Sum over all positions of output times window: (N, Ho, Wo, kH, kW, C), (N, Ho, Wo, O) -> (O, kH*kW*C)."""
    total = None
    for part in _chunks(view):
        left, right = y[part].reshape(-1, y.shape[3]).T, _columns(view[part])
        total = _product(left, right, total, accumulate=total is not None)
    return total


def _columns(view):
    """(N, Ho, Wo, kH, kW, C) -> (N*Ho*Wo, kH*kW*C): each window's numbers side by side (im2col)."""
    single = view.shape[3:5] == (1, 1)  # is a matrix already, mostly
    copied = None if single else kernels.columns(view)
    return view.reshape(-1, math.prod(view.shape[3:])) if copied is None else copied


def _product(a, b, out=None, accumulate=False):
    """A product in a convolution."""
    return cublas.matmul(a, b, out, precision.cudnn.allow_tf32, accumulate)


def matmul(a, b):
    """Product of two matrices."""
    return cublas.matmul(a, b, tf32=precision.cuda.matmul.allow_tf32)


def elementwise(formula, *arrays, constants=()):
    """formula(*arrays, *constants) for arrays of one shape; `constants` are numbers or per-channel vectors."""
    matrices = [rows(a) for a in arrays]
    y = formulas.elementwise(formula, matrices, constants)
    return from_rows(formula(*matrices, *constants) if y is None else y, arrays[0].shape)


def column_sums(formula, *matrices, constants=()):
    """The sum over the rows of formula(*matrices, *constants): (R, C) arrays -> (C,), accumulated in float64."""
    sums = formulas.column_sums(formula, matrices, constants)
    return formula(*matrices, *constants).sum(axis=0, dtype=cupy.float64) if sums is None else sums


def update(formula, *arrays, constants=()):
    """Run formula(*arrays, *constants) for what it writes into the arrays; inside in_one_launch, with all others."""
    if not updates.wanted(formula, arrays, constants):
        _update_alone(formula, *arrays, constants=constants)


def _update_alone(formula, *arrays, constants=()):
    matrices = [rows(a) for a in arrays]
    formula(*matrices, *constants)
    for array, matrix in zip(arrays, matrices, strict=True):
        if not cupy.may_share_memory(array, matrix):
            array[...] = from_rows(matrix, array.shape)


def in_one_launch(advance):
    """Run advance(), and all updates in it, which must not need each other's results, in as few kernels as may be."""
    updates.in_one_launch(advance, _update_alone)


def generator(seed, place):
    """Random numbers made there: an object with uniform(shape, dtype), normal(shape, dtype), start and where."""
    return Generator(seed, place)


def _chunks(view):
    step = max(1, WINDOWS_CHUNK // max(1, math.prod(view.shape[1:])))
    return [slice(first, first + step) for first in range(0, len(view), step)]
