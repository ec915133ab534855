"""Convolution with fewer multiplications (Winograd 1980; Lavin & Gray 2016).

Two neighbouring outputs of a filter with two taps take four multiplications,

    y0 = x0 w0 + x1 w1,    y1 = x1 w0 + x2 w1

or three and some additions:

    a = (x0 - x1) w0,    b = x1 (w0 + w1),    c = (x1 - x2) w1;    y0 = a + b,    y1 = b - c

In an image, x and w are all channels of a pixel and a tap: a, b and c are matrix products, and the additions cost
little. In two dimensions a tile of 2x2 outputs takes 9 products instead of 16 (2x2 taps), 16 instead of 36 (3x3
taps), or 25 instead of 64 (4x4 taps).

Where such sums come from: two polynomials with r and m coefficients have a product with t = r + m - 1. It is fixed by
its values at t points, and each of these is a product of two numbers. With V(n) for the matrix that turns n
coefficients into the values at the points (its row for x is 1, x, x^2, ...; at infinity, the last coefficient),

    coefficients of g h = inverse of V(t)  [V(r) g * V(m) h]        (* element by element)

For a fixed g this is a matrix times h, and the transpose of that matrix is the filter, y_i = sum over u of g_u x_(i+u):

    y = A' [G g * B' x],    A = V(m),  G = V(r),  B = inverse of V(t),  ' the transpose

With a stride of s and a kernel of r s taps, tap u is s u' + a: a filter of r taps u' over s times the channels. The
rounding errors of float32 grow a little, to some 1e-6 of the largest output for 2 or 3 taps and 5e-6 for 4.
"""

import math
from functools import cache

import numpy as np

from . import threads
from .threads import parallel

# Outputs in a tile, along each axis; taps for which it is worth it, and the points for them (and infinity).
TILE = 2
TAPS = (2, 3, 4)
POINTS = (0.0, 1.0, -1.0, 2.0)
# Fewer tiles than this do not repay the sums of the weights, nor fewer channels than this those of the pixels.
TILES_LEAST = 128
CHANNELS_LEAST = 64
# Tiles in a block: beyond this its sums leave the cache; below, each product packs the weights again. For gradients of
# weights, each block adds to all of them.
BLOCK = 512
BLOCK_OUTER = 1024


@cache
def matrices(taps):
    """A' (m, t), G (t, r) and B' (t, t) for m = TILE and r = taps."""
    size = TILE + taps - 1
    points = POINTS[: size - 1]

    def values(n):
        return np.array([[x**k for k in range(n)] for x in points] + [[0.0] * (n - 1) + [1.0]])

    # a column of B may be divided by any factor if A's row is multiplied by it: with these, B holds whole numbers
    factors = np.array([math.prod(x - z for z in points if z != x) for x in points] + [1.0])
    return values(TILE).T / factors, values(taps), (np.linalg.inv(values(size)) * factors).T.round(9)


def suits(view, width):
    """Whether windows (N, Ho, Wo, kH, kW, C) times a matrix with `width` columns are faster this way."""
    n, ho, wo = view.shape[:3]
    if _stride(view) is None or n * (ho // TILE) * (wo // TILE) < TILES_LEAST:
        return False
    channels = math.prod(view.shape[3:]) // _taps(view) ** 2
    return channels * width >= CHANNELS_LEAST * (channels + width)


def _stride(view):
    """s, where square windows of r s taps slide s pixels at a time and r is one of TAPS; else None."""
    _, down, right, below, beside, _ = view.strides
    kernel, stride = view.shape[3], down // below
    slide = (down, right) == (stride * below, stride * beside) and view.shape[4] == kernel
    return stride if slide and stride and kernel % stride == 0 and kernel // stride in TAPS else None


def _taps(view):
    return view.shape[3] // _stride(view)


def rows_matmul(view, matrix, bias, out):
    """Each window times a matrix, as cpu.rows_matmul; Ho and Wo must be multiples of TILE."""
    sum_up, expand, _ = matrices(_taps(view))
    weights = _transform_weights(expand, view, matrix)

    def multiply(*block):
        grid, points = _grid(view[block]), len(expand)
        products = np.empty((points, points, math.prod(grid), weights.shape[3]), view.dtype)
        for p, q, tiles in _transform_pixels(view[block]):
            np.matmul(tiles, weights[p, q], out=products[p, q])
        if bias is not None:
            products[1, 1] += bias / sum_up[0, 1] ** 2  # the point 1 goes into all outputs alike
        _transform(sum_up, products.reshape(points, points, *grid, -1), _output_tiles(out[block]))

    parallel(multiply, _blocks(view, BLOCK), threads.working())
    return out


def rows_outer(view, y):
    """Sum over all positions of output times window, as cpu.rows_outer; Ho and Wo must be multiples of TILE.

    It is linear in the weights, so its gradient for them is the transpose: dw = G' [(A dy) * (B' x)].
    """
    sum_up, expand, _ = matrices(_taps(view))
    width, points, stride, channels = y.shape[3], len(expand), _stride(view), view.shape[5]

    def outer(*block):
        outputs = _output_tiles(y[block])
        spread = np.empty((points, points, *outputs.shape[2:]), y.dtype)
        _transform(sum_up.T, outputs, spread)
        spread = spread.reshape(points, points, -1, width)
        products = np.empty((points, points, width, stride**2 * channels), y.dtype)
        for p, q, tiles in _transform_pixels(view[block]):
            np.matmul(spread[p, q].T, tiles, out=products[p, q])
        return products

    products = parallel(outer, _blocks(view, BLOCK_OUTER), threads.working(), total=True)
    weights = np.empty((width, *view.shape[3:]), view.dtype)
    _in_parts(expand.T, products.reshape(*products.shape[:3], stride, stride, channels), _by_tap(weights, stride))
    return weights.reshape(width, -1)


def _transform_pixels(view):
    """p, q and (B' x B)[p, q] of all tiles, a matrix (tiles, s * s * C). It is overwritten by the next one.

    One at a time stays in the cache. Neighbouring tiles share pixels, so whole rows are summed first, and then
    tiles are cut from them.
    """
    expand, stride, as_strided = matrices(_taps(view))[2], _stride(view), np.lib.stride_tricks.as_strided
    points, (n, th, tw), channels = len(expand), _grid(view), view.shape[5]
    of_image, down, _, below, beside, of_channel = view.strides
    shape = (n, th, stride, (TILE * tw + points - TILE) * stride, channels)
    x = as_strided(view, (points, *shape), (down, of_image, TILE * down, below, beside, of_channel))
    rows = np.empty(shape, view.dtype)
    tiles = np.empty((n, th, tw, stride, stride, channels), view.dtype)
    of_image, down, below, beside, of_channel = rows.strides
    strides = (stride * beside, of_image, down, TILE * stride * beside, below, beside, of_channel)
    columns = as_strided(rows, (points, *tiles.shape), strides)
    for p in range(points):
        _combine(expand[p], x, rows)
        for q in range(points):
            _combine(expand[q], columns, tiles)
            yield p, q, tiles.reshape(n * th * tw, -1)


def _transform_weights(expand, view, matrix):
    """G w G': (t, t, s * s * C, O), in the memory order that the matrix has."""
    stride, (rows, width) = _stride(view), matrix.shape
    by_output = matrix.strides[0] < matrix.strides[1]
    if by_output:
        taps = _by_tap(matrix.T.reshape(width, *view.shape[3:]), stride)
    else:
        taps = _by_tap(matrix.reshape(*view.shape[3:], width)[None], stride)[:, :, 0]
    weights = np.empty((len(expand), len(expand), *taps.shape[2:]), matrix.dtype)
    _in_parts(expand, taps, weights)
    rows //= len(expand[0]) ** 2
    shape = len(expand), len(expand), *((width, rows) if by_output else (rows, width))
    return weights.reshape(shape).swapaxes(2, 3) if by_output else weights.reshape(shape)


def _by_tap(weights, stride):
    """(O, r s, r s, ...) -> (r, r, O, s, s, ...), nothing copied"""
    o, kh, kw, *rest = weights.shape
    split = weights.reshape(o, kh // stride, stride, kw // stride, stride, *rest)
    return split.transpose(1, 3, 0, 2, 4, *range(5, split.ndim))


def _in_parts(matrix, x, out):
    """_transform on all cores: the third axis is divided."""
    step = -(-x.shape[2] // threads.working())
    parts = [(slice(first, first + step),) for first in range(0, x.shape[2], step)]
    parallel(lambda part: _transform(matrix, x[:, :, part], out[:, :, part]), parts, threads.working())


def _transform(matrix, x, out):
    """out[p, q] = sum over i, j of matrix[p, i] matrix[q, j] x[i, j]"""
    half = np.empty((len(matrix), *x.shape[1:]), x.dtype)
    for p, row in enumerate(matrix):
        _combine(row, x, half[p])
    for q, row in enumerate(matrix):
        _combine(row, half.swapaxes(0, 1), out[:, q])


def _combine(coefficients, parts, out):
    """out = sum over i of coefficients[i] parts[i]; most coefficients are 0, 1 or -1."""
    terms = [(float(c), part) for c, part in zip(coefficients, parts, strict=True) if c]
    (c, first), *terms = sorted(terms, key=lambda term: term[0] != 1.0)
    if terms and c == 1.0 and abs(terms[0][0]) == 1.0:  # both at once
        (sign, second), *terms = terms
        (np.add if sign == 1.0 else np.subtract)(first, second, out=out)
    else:
        np.multiply(first, c, out=out)
    for c, part in terms:
        if abs(c) != 1.0:
            c, part = 1.0, part * c
        (np.add if c == 1.0 else np.subtract)(out, part, out=out)


def _grid(view):
    """How many tiles: (N, Ho / m, Wo / m)"""
    n, ho, wo = view.shape[:3]
    return n, ho // TILE, wo // TILE


def _output_tiles(y):
    """(N, Ho, Wo, O) -> (m, m, N, Ho / m, Wo / m, O), nothing copied"""
    n, th, tw = _grid(y)
    return y.reshape(n, th, TILE, tw, TILE, -1).transpose(2, 4, 0, 1, 3, 5)


def _blocks(view, tiles):
    """(images, rows) slices with about this many tiles each: several images, or rows of one."""
    n, th, tw = _grid(view)
    share = -(-n * th // threads.working())  # no core is left without a block
    rows = max(1, min(tiles // tw, share))
    images = max(1, rows // th)
    rows = TILE * min(rows, th)
    return [
        (slice(image, image + images), slice(first, first + rows))
        for image in range(0, n, images)
        for first in range(0, TILE * th, rows)
    ]
