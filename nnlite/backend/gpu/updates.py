"""All of an optimiser's updates in one launch.

A network has a hundred parameters, and most are so small that starting a kernel for each would take longer than its
work. So one kernel gets a table with a row for each parameter: the number of its first block of threads, its size,
and where its arrays lie (value, gradient, moments, ...). Each block looks up which parameter it works on. What is done
to each element is the optimiser's formula (optim/adam.py), as lines that formula.py wrote down.

The learning rate and what depends on the number of steps lie in the GPU's memory. A captured step (capture.py) reads
the same memory at every replay; before each one the optimiser counts the step as usual, and its new numbers are
written there.
"""

import itertools
import math

import cupy
import numpy as np

from . import capture
from .formula import C_TYPES, THREADS, kernel, trace
from .kernels import write_numbers

CHUNK = 8 * THREADS  # elements of one block

_SOURCE = """
typedef {real} T;
extern "C" __global__ void update(const long long *table, long long tensors, const double *numbers)
{{
    long long low = 0, high = tensors - 1;
    while (low < high) {{  // the last row whose first block is not after this one
        long long middle = (low + high + 1) / 2;
        if (table[middle * {width}] <= (long long)blockIdx.x) low = middle;
        else high = middle - 1;
    }}
    const long long *row = table + low * {width};
    long long size = row[1], first = ((long long)blockIdx.x - row[0]) * {chunk};
    {arrays}
    {numbers}
    for (int k = threadIdx.x; k < {chunk} && first + k < size; k += blockDim.x) {{
        long long i = first + k;
        {load}
        {body}
        {store}
    }}
}}
"""

_collected: list | None = None  # inside in_one_launch: the updates so far


def wanted(formula, arrays, constants):
    """Whether in_one_launch is collecting updates; if so, this one is noted down."""
    if _collected is not None:
        _collected.append((formula, arrays, constants))
    return _collected is not None


def in_one_launch(advance, alone):
    """Call advance() and run all the updates in it with few kernels. None may need the result of another.

    alone(formula, *arrays, constants=) does those that do not fit: arrays with gaps, or a formula that cannot be
    traced. In a captured step, `advance` is called again before every replay, for the numbers of that step.
    """
    launches, others = _launches(_collect(advance))
    for formula, arrays, constants in others:
        if capture.recording is not None:
            raise NotImplementedError("an optimiser's formula that is not one kernel has its numbers fixed in a replay")
        alone(formula, *arrays, constants=constants)
    for launch in launches:
        launch.run()
    if capture.recording is not None and launches:
        capture.recording.before_replay(lambda: _renew(launches, advance))


def _collect(advance):
    global _collected
    _collected = []
    try:
        advance()
        return _collected
    finally:
        _collected = None


def _launches(jobs):
    """Launches, one for each formula and its numbers, and the jobs that fit into none."""
    launches, others, traces = {}, [], {}
    for formula, arrays, constants in jobs:
        key = (formula, constants, arrays[0].dtype, len(arrays))
        if key not in traces:  # mostly all parameters have the same
            traces[key] = trace(formula, arrays[0].dtype, len(arrays), constants)
        traced = traces[key] and traces[key][0]
        if not traced or not _fits(arrays, traced):
            others.append((formula, arrays, constants))
            continue
        which = "\n".join(traced.lines), tuple(traced.numbers), traced.dtype
        launches.setdefault(which, Launch(traced, len(arrays))).tensors.append(arrays)
    return list(launches.values()), others


def _fits(arrays, traced):
    """Whether all lie in one piece, and those that are written in the same order as the first."""
    first = arrays[0]
    return all(
        a.dtype == first.dtype
        and a.shape == first.shape
        and a.size > 0
        and _in_one_piece(a)
        and (_order(a) == _order(first) or f"v{i}" not in traced.changed)
        for i, a in enumerate(arrays)
    )


def _in_one_piece(array):
    """Whether the elements fill their stretch of memory, in whatever order of the axes."""
    distance = array.itemsize
    for stride, n in sorted(_order(array)):
        if stride != distance:
            return False
        distance *= n
    return True


def _order(array):
    """(stride, size) of each axis; the stride of an axis of one element means nothing."""
    return [(stride, n) for stride, n in zip(array.strides, array.shape, strict=True) if n > 1]


def _renew(launches, advance):
    """Write the numbers of the next step where the captured kernels will look for them."""
    fresh, others = _launches(_collect(advance))
    if others or [launch.what() for launch in fresh] != [launch.what() for launch in launches]:
        raise RuntimeError(
            "capture: an optimiser's state or settings are not those of the captured step (was load_state_dict called, "
            "or weight_decay or momentum switched on?); capture it again: step = nnlite.capture(step)"
        )
    for launch, new in zip(launches, fresh, strict=True):
        write_numbers(launch.numbers, new.traced.numbers)


class Launch:
    """One kernel over all tensors to which the same lines are applied with the same numbers."""

    def __init__(self, traced, width):
        self.traced, self.width = traced, width
        self.tensors = []

    def what(self):
        """All but the numbers: the lines of the formula, and which arrays they change."""
        return self.traced.lines, [[(a.data.ptr, a.shape) for a in arrays] for arrays in self.tensors]

    def run(self):
        # kept, because a captured kernel reads them at every replay
        self.ordered = [[_ordered_like(arrays[0], a) for a in arrays] for arrays in self.tensors]
        self.numbers = cupy.empty(max(1, len(self.traced.numbers)), cupy.float64)
        blocks = [math.ceil(arrays[0].size / CHUNK) for arrays in self.ordered]
        firsts = itertools.accumulate(blocks, initial=0)
        rows = [(first, a[0].size, *(x.data.ptr for x in a)) for first, a in zip(firsts, self.ordered, strict=False)]
        self.table = cupy.empty((len(rows), 2 + self.width), cupy.int64)

        def fill():
            self.table[...] = cupy.asarray(np.array(rows, np.int64))
            write_numbers(self.numbers, self.traced.numbers)

        if capture.recording is None:
            fill()
        else:  # nothing can be copied from the CPU now, but before the kernel first runs
            capture.recording.before_first(fill)
        kernel(self.source(), "update")((sum(blocks),), (THREADS,), (self.table, cupy.int64(len(rows)), self.numbers))

    def source(self):
        separator = "\n        "
        return _SOURCE.format(
            real=C_TYPES[self.traced.dtype.char],
            width=2 + self.width,
            chunk=CHUNK,
            arrays=" ".join(f"T *a{i} = (T *)row[{2 + i}];" for i in range(self.width)),
            numbers=" ".join(f"double n{i} = numbers[{i}];" for i in range(len(self.traced.numbers))),
            load=separator.join(f"T v{i} = a{i}[i];" for i in range(self.width)),
            body=separator.join(self.traced.lines),
            store=separator.join(f"a{name[1:]}[i] = {name};" for name in self._written()),
        )

    def _written(self):
        return [f"v{i}" for i in range(self.width) if f"v{i}" in self.traced.changed]


def _ordered_like(first, array):
    """The array with its elements in memory in the order of those of `first`: a copy only if they are not."""
    if _order(array) == _order(first):
        return array
    copy = cupy.empty_like(first)
    copy[...] = array
    return copy
