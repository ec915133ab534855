"""Formulas over blocks of an array, on all cores. The plain versions are `elementwise`, `column_sums`, `moments` and
`update` in plain.py.

A block is small enough to stay in a core's cache: what the first step of a formula writes, the next step finds there,
and main memory is read and written once.
"""

import numpy as np

from ..layout import from_rows, rows
from ..two_parts import finished, split
from . import threads
from .threads import parallel

# Elements in a block: a handful of such arrays fits in a core's cache of 1 MB. Waking a thread takes longer than a
# formula over fewer elements than the second number.
ELEMENTWISE_BLOCK = 2**17
ELEMENTWISE_THREADED = 2**18


def elementwise(formula, *arrays, constants=()):
    """Plain.elementwise; the result has the first array's memory order."""
    matrices = [rows(a) for a in arrays]
    constants = split(arrays[0], constants)
    dtype = np.result_type(*matrices)
    if arrays[0].size <= ELEMENTWISE_BLOCK:
        return from_rows(finished(formula(*matrices, *constants)).astype(dtype, copy=False), arrays[0].shape)
    out = np.empty(matrices[0].shape, dtype)

    def block(part):
        out[part] = finished(formula(*(m[part] for m in matrices), *constants))

    parallel(block, _slices(out), _threads_for(out))
    return from_rows(out, arrays[0].shape)


def update(formula, *arrays, constants=()):
    """Plain.update."""
    matrices = [rows(a) for a in arrays]

    def block(part):
        formula(*(m[part] for m in matrices), *constants)

    parallel(block, _slices(matrices[0]), _threads_for(matrices[0]))
    for array, matrix in zip(arrays, matrices, strict=True):
        if not np.may_share_memory(array, matrix):  # memory in an order that has no such view: write back
            array[...] = from_rows(matrix, array.shape)


def column_sums(formula, *arrays, constants=()):
    """Plain.column_sums."""
    matrices = [rows(a) for a in arrays]
    constants = split(arrays[0], constants)

    def block(part):
        return _column_sum(finished(formula(*(m[part] for m in matrices), *constants)))

    if matrices[0].size == 0:
        return np.zeros(matrices[0].shape[1])
    return parallel(block, _slices(matrices[0]), _threads_for(matrices[0]), total=True)


def _column_sum(values):
    """(R, C) -> (C,) in float64. A product with ones is the fastest sum, but in float32 not of more than 1024."""
    folded, columns = max(1, -(-len(values) // 1024)), values.shape[1]
    whole = len(values) - len(values) % folded
    short = values[:whole].reshape(-1, folded * columns)
    sums = np.ones(len(short), values.dtype) @ short
    rest = values[whole:].sum(axis=0, dtype=np.float64)
    return sums.reshape(folded, columns).sum(axis=0, dtype=np.float64) + rest


def moments(x):
    """Plain.moments: a first pass sums the differences from the first row, a second their squares from the mean.

    A float32 sum of large numbers would lose the digits in which a small spread shows.
    """
    matrix = rows(x)
    first = matrix[0]
    mean = first + column_sums(lambda x, first: x - first, matrix, constants=(first,)) / len(matrix)
    centre = mean.astype(x.dtype)  # of 10,000 in float32, up to 0.0005 from the mean
    squares = column_sums(lambda x, centre: (x - centre) ** 2, matrix, constants=(centre,))
    return mean, squares / len(matrix) - (mean - centre) ** 2


def _threads_for(matrix):
    return threads.working() if matrix.size >= ELEMENTWISE_THREADED else 1


def _slices(matrix):
    step = max(1, ELEMENTWISE_BLOCK // max(1, matrix.shape[1]))
    return [(slice(first, first + step),) for first in range(0, len(matrix), step)]
