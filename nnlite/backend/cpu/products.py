"""Matrix products on all cores, and the windows of a convolution as rows of one (im2col.py).

Threads work on blocks of one array at the same time. A block of windows is small enough to stay in a core's cache from
the copy to the product. Which path a shape takes follows from its size alone, never from a clock, so the same seed
gives the same bits.
"""

import math

import numpy as np

from ..tricks import on
from . import threads, winograd
from .threads import parallel

# Elements in a block of copied windows. But each block's product packs the whole weight matrix again, so a block has at
# least this many windows, however large they are (docs/speed.md has what that gained).
WINDOWS_BLOCK = 2**18
WINDOWS_LEAST = 512
# Multiplications of two matrices that are worth waking a thread for.
MATMUL_THREADED = 2**21


def rows_matmul(view, matrix, bias=None, out=None):
    """Each window times a matrix: (N, Ho, Wo, kH, kW, C) by (kH*kW*C, O) [+ (O,)] -> (N, Ho, Wo, O).

    The windows of a block are copied side by side (this is im2col) and multiplied while they are in the cache.
    """
    width = matrix.shape[1]
    if out is None:
        out = np.empty((*view.shape[:3], width), view.dtype)
    if on("winograd") and winograd.suits(view, width):
        for part, suited in _tiled(view):
            (winograd.rows_matmul if suited else rows_matmul)(view[part], matrix, bias, out[part])
        return out
    if on("shared_weights") and _are_few(view, width):
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

    parallel(multiply, _blocks(view), threads.working())
    return out


def rows_outer(view, y):
    """Sum over all positions of output times window: (N, Ho, Wo, kH, kW, C), (N, Ho, Wo, O) -> (O, kH*kW*C)."""
    width = y.shape[3]
    if on("winograd") and winograd.suits(view, width):
        parts = [(winograd.rows_outer if suited else rows_outer)(view[part], y[part]) for part, suited in _tiled(view)]
        return sum(parts[1:], parts[0])
    if on("shared_weights") and _are_few(view, width):
        return matmul(y.reshape(-1, width).T, _columns(view))

    def outer(*block):
        columns, outputs = _columns(view[block]), y[block].reshape(-1, width)
        if columns.flags.c_contiguous:
            return outputs.T @ columns
        return (columns.T @ outputs).T  # what lies by tap is multiplied from the left: twice as fast

    return parallel(outer, _blocks(view), threads.working(), total=True)


def _columns(view):
    """(N, Ho, Wo, kH, kW, C) -> (N*Ho*Wo, kH*kW*C): each window's numbers side by side (im2col)."""
    if on("by_tap") and view.shape[5] == 1:
        return _columns_by_tap(view)
    return view.reshape(math.prod(view.shape[:3]), -1)


def _columns_by_tap(view):
    """The same with all windows' first taps side by side in memory, then all second ones, and so on.

    With one channel the runs of a window are too short to be copied one by one.
    """
    return view.transpose(3, 4, 5, 0, 1, 2).reshape(-1, math.prod(view.shape[:3])).T


def matmul(a, b):
    """Product of two matrices, the rows of the result (or its columns, if there are more) shared among the cores."""
    (m, k), n = a.shape, b.shape[1]
    out = np.empty((m, n), np.result_type(a, b))

    def multiply(part):
        if m >= n:
            np.matmul(a[part], b, out=out[part])
        else:
            np.matmul(a, b[:, part], out=out[:, part])

    workers = threads.working() if m * k * n >= MATMUL_THREADED else 1
    step = max(1, -(-max(m, n) // workers))
    parallel(multiply, [(slice(first, first + step),) for first in range(0, max(m, n), step)], workers)
    return out


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
    images = min(max(1, rows // ho), -(-n // threads.working()))  # no core is left without a block
    return [
        (slice(image, image + images), slice(first, first + rows))
        for image in range(0, n, images)
        for first in range(0, ho, rows)
    ]
