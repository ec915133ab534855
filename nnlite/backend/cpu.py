"""NumPy on all cores.

Threads work on blocks of one array at the same time. A block is small enough to stay in a core's cache: what
the first step of a formula writes, the next step finds there, and main memory is read and written once. Which
path a shape takes follows from its size alone, never from a clock, so the same seed gives the same bits.
"""

import math

import numpy as np

from . import threads, winograd
from .layout import from_rows, rows
from .memory import keep_freed_memory, scratch
from .threads import parallel

xp = np

# Elements in a block of an elementwise formula: a handful of such arrays fits in a core's cache of 1 MB. Waking a
# thread takes longer than a formula over fewer elements than the second number.
ELEMENTWISE_BLOCK = 2**17
ELEMENTWISE_THREADED = 2**18
# Elements in a block of copied windows, likewise. But each block's product packs the whole weight matrix anew, so a
# block has at least this many windows, however large they are (docs/speed.md has what that gained).
WINDOWS_BLOCK = 2**18
WINDOWS_LEAST = 512
# Multiplications of two matrices that are worth waking a thread for.
MATMUL_THREADED = 2**21

keep_freed_memory()


def asarray(array):
    """The array itself: NumPy's arrays live here."""
    return np.asarray(array)


def windows(x, kernel, stride, dilation=(1, 1)):
    """Every window that a kernel sees, as a view: (N, H, W, C) -> (N, Ho, Wo, kH, kW, C), nothing copied."""
    return _windows(np.lib.stride_tricks.as_strided, x, kernel, stride, dilation)


def _windows(as_strided, x, kernel, stride, dilation):
    (n, h, w, c), (kh, kw), (sy, sx), (dy, dx) = x.shape, kernel, stride, dilation
    an, ah, aw, ac = x.strides
    shape = (n, (h - dy * (kh - 1) - 1) // sy + 1, (w - dx * (kw - 1) - 1) // sx + 1, kh, kw, c)
    return as_strided(x, shape, (an, ah * sy, aw * sx, ah * dy, aw * dx, ac))


def rows_matmul(view, matrix, bias=None, out=None):
    """Each window times a matrix: (N, Ho, Wo, kH, kW, C) by (kH*kW*C, O) [+ (O,)] -> (N, Ho, Wo, O).

    The windows of a block are copied side by side (this is im2col) and multiplied while they are in the cache.
    """
    width = matrix.shape[1]
    if out is None:
        out = np.empty((*view.shape[:3], width), view.dtype)
    if winograd.suits(view, width):
        for part, suited in _tiled(view):
            (winograd.rows_matmul if suited else rows_matmul)(view[part], matrix, bias, out[part])
        return out
    if _are_few(view, width):
        product = matmul(_columns(view), matrix)
        out[...] = (product if bias is None else product + bias).reshape(out.shape)
        return out

    def multiply(*block):
        columns, part = _columns(view[block]), out[block]
        direct = part.flags.c_contiguous  # no second copy of the result then
        product = np.matmul(columns, matrix, out=part.reshape(-1, width) if direct else None)
        if bias is not None:
            product += bias
        if not direct:
            part[...] = product.reshape(part.shape)

    parallel(multiply, _blocks(view), threads.count)
    return out


def rows_outer(view, y):
    """Sum over all positions of output times window: (N, Ho, Wo, kH, kW, C), (N, Ho, Wo, O) -> (O, kH*kW*C)."""
    width = y.shape[3]
    if winograd.suits(view, width):
        parts = [(winograd.rows_outer if suited else rows_outer)(view[part], y[part]) for part, suited in _tiled(view)]
        return sum(parts[1:], parts[0])
    if _are_few(view, width):
        return matmul(y.reshape(-1, width).T, _columns(view))

    def outer(*block):
        columns, outputs = _columns(view[block]), y[block].reshape(-1, width)
        if columns.flags.c_contiguous:
            return outputs.T @ columns
        return (columns.T @ outputs).T  # what lies by tap is multiplied from the left: twice as fast

    return parallel(outer, _blocks(view), threads.count, total=True)


def _columns(view):
    """(N, Ho, Wo, kH, kW, C) -> (N*Ho*Wo, kH*kW*C): each window's numbers side by side, copied (im2col)."""
    by_tap = view.shape[5] == 1  # a window's rows are too short to copy one by one: lay all windows' same taps together
    view = view.transpose(3, 4, 5, 0, 1, 2) if by_tap else view
    columns = scratch("columns", view.shape, view.dtype)
    columns[...] = view
    size = math.prod(view.shape[:3])
    return columns.reshape(size, -1).T if by_tap else columns.reshape(size, -1)


def matmul(a, b):
    """Product of two matrices, the rows of the result (or its columns, if there are more) shared among the cores."""
    (m, k), n = a.shape, b.shape[1]
    out = np.empty((m, n), np.result_type(a, b))

    def multiply(part):
        if m >= n:
            np.matmul(a[part], b, out=out[part])
        else:
            np.matmul(a, b[:, part], out=out[:, part])

    workers = threads.count if m * k * n >= MATMUL_THREADED else 1
    step = max(1, -(-max(m, n) // workers))
    parallel(multiply, [(slice(first, first + step),) for first in range(0, max(m, n), step)], workers)
    return out


def elementwise(formula, *arrays, constants=()):
    """formula(*arrays, *constants) for arrays of one shape, in blocks on all cores.

    `constants` are numbers or vectors with one value a channel. The result has the first array's memory order.
    """
    matrices = [rows(a) for a in arrays]
    if arrays[0].size <= ELEMENTWISE_BLOCK:
        return from_rows(formula(*matrices, *constants), arrays[0].shape)
    out = np.empty(matrices[0].shape, np.result_type(*matrices))

    def block(part):
        out[part] = formula(*(m[part] for m in matrices), *constants)

    parallel(block, _slices(out), _threads_for(out))
    return from_rows(out, arrays[0].shape)


def update(formula, *arrays, constants=()):
    """Run formula(*arrays, *constants) for what it writes into the arrays, in blocks on all cores."""
    matrices = [rows(a) for a in arrays]

    def block(part):
        formula(*(m[part] for m in matrices), *constants)

    parallel(block, _slices(matrices[0]), _threads_for(matrices[0]))
    for array, matrix in zip(arrays, matrices, strict=True):
        if not np.may_share_memory(array, matrix):  # memory in an order that has no such view: write back
            array[...] = from_rows(matrix, array.shape)


def column_sums(formula, *matrices, constants=()):
    """The sum over the rows of formula(*matrices, *constants): (R, C) arrays -> (C,), accumulated in float64."""

    def block(part):
        return _column_sum(formula(*(m[part] for m in matrices), *constants))

    return parallel(block, _slices(matrices[0]), _threads_for(matrices[0]), total=True)


def _column_sum(values):
    """(R, C) -> (C,) in float64. A product with ones is the fastest sum, but in float32 not of more than 1024."""
    folded, columns = max(1, -(-len(values) // 1024)), values.shape[1]
    whole = len(values) - len(values) % folded
    short = values[:whole].reshape(-1, folded * columns)
    sums = np.ones(len(short), values.dtype) @ short
    rest = values[whole:].sum(axis=0, dtype=np.float64)
    return sums.reshape(folded, columns).sum(axis=0, dtype=np.float64) + rest


def _threads_for(matrix):
    return threads.count if matrix.size >= ELEMENTWISE_THREADED else 1


def _slices(matrix):
    step = max(1, ELEMENTWISE_BLOCK // max(1, matrix.shape[1]))
    return [(slice(first, first + step),) for first in range(0, len(matrix), step)]


def _tiled(view):
    """The parts of (N, Ho, Wo, ...): what divides into tiles (True), and a last odd row and column (False)."""
    tile = winograd.TILE
    height, width = (n - n % tile for n in view.shape[1:3])
    everything, inside, right = slice(None), slice(width), slice(width, None)
    parts = [((everything, slice(height), inside), True)]
    if height < view.shape[1]:
        parts.append(((everything, slice(height, None)), False))
    if width < view.shape[2]:
        parts.append(((everything, slice(height), right), False))
    return parts


def _are_few(view, width):
    """Whether there are fewer windows than fill a block, or than weights for each, as deep in a network.

    Then the cores share the weights instead.
    """
    return math.prod(view.shape[:3]) <= max(WINDOWS_LEAST, width)


def _blocks(view):
    """(images, rows) slices for blocks of windows: several images, or rows of one."""
    n, ho, wo = view.shape[:3]
    rows = max(1, WINDOWS_BLOCK // math.prod(view.shape[2:]), WINDOWS_LEAST // wo)
    images = min(max(1, rows // ho), -(-n // threads.count))  # no core is left without a block
    return [
        (slice(image, image + images), slice(first, first + rows))
        for image in range(0, n, images)
        for first in range(0, ho, rows)
    ]
