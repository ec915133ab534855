"""Parts of tensors, and tensors of parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import backend as backends
from ..errors import guarded
from ..function import arrays_in, axis_of
from ..tensor import Tensor
from .shape import Move, reshape, unpack, unsqueeze


class GetItem(Move):
    """y = x[key]    dx = zeros with dy added at key: an element taken twice gets both gradients

    Numbers, slices, None and ... come first and give a view; then arrays of indices pick from it, as in PyTorch.
    """

    shares_memory = True

    def forward(self, x, *, key):
        self.shape = x.shape
        self.view, self.arrays = two_steps(x, key)
        self.shares_memory = not self.arrays
        y = x[self.view]
        return y[self.arrays] if self.arrays else y

    def backward(self, dy):
        dx = self.xp.zeros(self.shape, dy.dtype)
        view = dx[self.view]
        if self.arrays:
            self.xp.add.at(view, self.arrays, dy)
        else:
            view[...] = dy
        return dx


def two_steps(x, key):
    """The key without its arrays, and a key of the arrays alone for what that leaves (None if there are none)."""
    view, arrays = [], []
    for part in _parts(x, key):
        if isinstance(part, bool):  # a new axis, which is there once or not at all
            view.append(None)
            arrays.append(backends.of(x).xp.zeros(int(part), "int64"))
        elif hasattr(part, "shape"):
            view += [slice(None)] * (part.ndim if part.dtype.kind == "b" else 1)  # a mask spans its own axes
            arrays.append(part)
        else:
            view.append(part)
            if not isinstance(part, int):  # a number leaves no axis
                arrays.append(part if part is Ellipsis else slice(None))
    if not any(part is Ellipsis for part in view):
        view.append(Ellipsis)  # NumPy then makes a view even of a single element
    return tuple(view), tuple(arrays) if any(hasattr(part, "shape") for part in arrays) else None


def _parts(x, key):
    """The parts of a key; sequences and tensors as arrays of their own, single indices as Python's int."""
    backend = backends.of(x)
    for part in key if isinstance(key, tuple) or _stands_for_a_tuple(key) else (key,):
        part = arrays_in(part)
        if isinstance(part, (list, tuple, range)):
            part = backend.xp.asarray(part) if len(part) else backend.xp.zeros(0, "int64")
        elif backends.is_array(part):
            backends.of(x, part)  # raises DeviceError for different devices
            # a copy, as it may change later
            part = int(part) if part.ndim == 0 and part.dtype.kind == "i" else part.copy()
        if hasattr(part, "dtype") and part.dtype in ("uint8", "bool"):  # to PyTorch, uint8 is a mask as well
            part = part.astype(bool) if part.ndim else bool(part)
        yield part


def _stands_for_a_tuple(key):
    """Whether PyTorch takes a list for a tuple: if it is short, and holds anything but numbers."""
    numbers = int, float, np.generic
    return isinstance(key, list) and len(key) < 32 and not all(isinstance(part, numbers) for part in key)


class Cat(Move):
    """y = the inputs one after the other along dim    each dx = its part of dy"""

    def forward(self, *arrays, dim):
        self.dim = dim
        self.ends = list(itertools.accumulate(a.shape[self.dim] for a in arrays))
        if arrays[0].ndim != 4:
            return self.backend.concatenate(arrays, self.dim)
        axis = (0, 3, 1, 2)[self.dim]  # NHWC, so that the result is channels-last as well
        images = [self.backend.channels_last(a) for a in arrays]
        return self.backend.channels_first(self.backend.concatenate(images, axis))

    def backward(self, dy):
        starts = [0, *self.ends[:-1]]
        before = (slice(None),) * self.dim
        return [dy[(*before, slice(start, end))] for start, end in zip(starts, self.ends, strict=True)]


class Flip(Move):
    """y = x in reverse order along axes    dx = dy in reverse order"""

    def forward(self, x, *, axes):
        self.axes = axes
        return self.xp.flip(x, axes).copy(order="K")

    def backward(self, dy):
        return self.xp.flip(dy, self.axes)


class Roll(Move):
    """y[i] = x[i - shift] along axes, what leaves at one end coming in at the other    dx = dy rolled back"""

    def forward(self, x, *, shifts, axes):
        self.shifts, self.axes = shifts, axes
        return self.xp.roll(x, shifts, axes)

    def backward(self, dy):
        return self.xp.roll(dy, tuple(-s for s in self.shifts), self.axes)


@guarded
def getitem(input: Tensor, key: Any) -> Tensor:
    """input[key] for numbers, slices, None, ... and sequences, arrays or tensors of numbers or bools.

    Numbers and slices share memory, the others copy. As in PyTorch, a list that holds lists, slices or tensors is taken
    for a tuple, and uint8 for a mask. Raises IndexError for a key that is not there, or steps backwards.
    """
    return GetItem.apply(input, key=key)


def iterate(input: Tensor) -> Iterator[Tensor]:
    """input[0], input[1], ..."""
    return (getitem(input, i) for i in range(len(input)))


@guarded
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along `dim`. Raises ShapeError, naming every shape, unless all other sizes are equal."""
    return Cat.apply(*tensors, dim=axis_of(dim, tensors[0].shape))


@guarded
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis `dim`. Raises ShapeError for shapes that differ."""
    return cat([unsqueeze(t, dim) for t in tensors], axis_of(dim, (*tensors[0].shape, 1)))


@guarded
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into pieces of one size (the last may be smaller), or of the sizes given; memory is shared.

    Raises ShapeError when the sizes do not add up.
    """
    axis, sizes = axis_of(dim, tensor.shape), split_size_or_sections
    if isinstance(sizes, int):
        length = tensor.shape[axis]
        sizes = [min(sizes, length - start) for start in range(0, length, sizes)] or [0]
    before = (slice(None),) * axis
    ends = itertools.accumulate(sizes)
    return tuple(getitem(tensor, (*before, slice(end - n, end))) for n, end in zip(sizes, ends, strict=True))


@guarded
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into `chunks` equal pieces (the last smaller, or fewer, if it does not come out even)."""
    length = input.shape[axis_of(dim, input.shape)]
    return split(input, max(1, -(-length // chunks)) if length else [0] * chunks, dim)


@guarded
def flip(input: Tensor, *axes: Any, dims: Any = ()) -> Tensor:
    """The elements in reverse order along axes (numbers or one tuple, which may also be given as `dims`)."""
    return Flip.apply(input, axes=tuple(axis_of(d, input.shape) for d in unpack(axes or (dims,))))


@guarded
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Shift along axes, what leaves at one end coming in at the other; without `dims` the flattened elements."""
    if dims is None:
        return reshape(roll(reshape(input, -1), shifts, 0), input.shape)
    steps, along = ((given,) if isinstance(given, int) else tuple(given) for given in (shifts, dims))
    return Roll.apply(input, shifts=steps, axes=tuple(axis_of(d, input.shape) for d in along))
