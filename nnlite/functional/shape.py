"""Operations that move numbers without changing them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ..backend.layout import channels_first, channels_last
from ..errors import ShapeError
from ..function import Function, axis_of
from ..tensor import Tensor


class Move(Function):
    """Base of all operations here: what only moves numbers takes whole ones too."""

    whole_numbers = True


class Reshape(Move):
    """The same elements in the same (row-major) order, under another shape    dx = dy under the old shape"""

    shares_memory = True

    def forward(self, x, *, shape):
        self.old = x.shape
        try:
            return x.reshape(shape)
        except ValueError as error:
            raise ShapeError(f"reshape: {x.size} elements of shape {x.shape} do not fit shape {shape}") from error

    def backward(self, dy):
        return dy.reshape(self.old)


class Permute(Move):
    """y[i, j, ...] = x with its axes in the order dims    dx = dy with the axes put back"""

    shares_memory = True

    def forward(self, x, *, dims):
        self.dims = [axis_of(d, x.shape) for d in dims]
        if sorted(self.dims) != list(range(x.ndim)):
            raise ShapeError(f"permute: dims {tuple(dims)} are not an order of the {x.ndim} axes of shape {x.shape}")
        return x.transpose(self.dims)

    def backward(self, dy):
        return dy.transpose([self.dims.index(d) for d in range(dy.ndim)])


class Clone(Move):
    """y = a copy of x    dx = dy"""

    def forward(self, x):
        return x.copy(order="K")

    def backward(self, dy):
        return dy


class Cast(Move):
    """y = x in another dtype    dx = dy in the old one"""

    def forward(self, x, *, dtype):
        self.old = x.dtype
        return x.astype(dtype)

    def backward(self, dy):
        return dy.astype(self.old)


class GetItem(Move):
    """y = x[key]    dx = zeros with dy added at key: an element taken twice gets both gradients"""

    shares_memory = True

    def forward(self, x, *, key):
        self.shape, self.key = x.shape, key
        return x[key]

    def backward(self, dy):
        dx = self.xp.zeros(self.shape, dy.dtype)
        self.xp.add.at(dx, self.key, dy)
        return dx


class Cat(Move):
    """y = the inputs one after the other along dim    each dx = its part of dy"""

    def forward(self, *arrays, dim):
        self.dim = dim
        self.ends = list(itertools.accumulate(a.shape[self.dim] for a in arrays))
        if arrays[0].ndim != 4:
            return self.xp.concatenate(arrays, axis=self.dim)
        axis = (0, 3, 1, 2)[self.dim]  # NHWC, so that the result is channels-last as well
        return channels_first(self.xp.concatenate([channels_last(a) for a in arrays], axis=axis))

    def backward(self, dy):
        starts = [0, *self.ends[:-1]]
        before = (slice(None),) * self.dim
        return [dy[(*before, slice(start, end))] for start, end in zip(starts, self.ends, strict=True)]


class Upsample(Move):
    """y[.., i, j] = x[.., i // k, j // k]: every pixel k x k times    dx = the sum of dy over those pixels"""

    def forward(self, x, *, factor):
        self.factor = factor
        return channels_first(channels_last(x).repeat(factor, axis=1).repeat(factor, axis=2))

    def backward(self, dy):
        n, c, h, w = dy.shape
        k = self.factor
        return channels_first(channels_last(dy).reshape(n, h // k, k, w // k, k, c).sum(axis=(2, 4)))


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements under another shape, given as numbers or one tuple; one size may be -1.

    Shares memory with the input where that is possible. Raises ShapeError if the sizes do not multiply out.
    """
    return Reshape.apply(input, shape=_unpack(shape))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the axes from start_dim to end_dim into one."""
    first, last = (axis_of(dim, input.shape or (1,)) for dim in (start_dim, end_dim))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {input.shape}")
    return reshape(input, (*input.shape[:first], -1, *input.shape[last + 1 :]))


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The axes in another order (numbers or one tuple); shares memory. Raises ShapeError if it is no order of them."""
    return Permute.apply(input, dims=_unpack(dims))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes; shares memory."""
    dims, a, b = list(range(input.ndim)), axis_of(dim0, input.shape), axis_of(dim1, input.shape)
    dims[a], dims[b] = b, a
    return permute(input, dims)


def clone(input: Tensor) -> Tensor:
    """A copy inside the graph."""
    return Clone.apply(input)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """A copy of another dtype; whole numbers pass no gradient on."""
    return Cast.apply(input, dtype=dtype)


def getitem(input: Tensor, key: Any) -> Tensor:
    """input[key] for integers, slices, None, ... and integer or boolean arrays, as in NumPy."""
    return GetItem.apply(input, key=key.data if isinstance(key, Tensor) else key)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along `dim`; all other sizes must be equal.

    Raises ShapeError otherwise, naming every shape.
    """
    tensors = list(tensors)
    if not tensors:
        raise ShapeError("cat: expected at least one tensor, got none")
    axis = axis_of(dim, tensors[0].shape)
    if len({(t.ndim, t.shape[:axis], t.shape[axis + 1 :]) for t in tensors}) > 1:
        shapes = ", ".join(str(t.shape) for t in tensors)
        raise ShapeError(f"cat: shapes {shapes} may differ only along dim {dim}")
    return Cat.apply(*tensors, dim=axis)


def interpolate(input: Tensor, *, scale_factor: int, mode: str = "nearest") -> Tensor:
    """Enlarge images (N, C, H, W) by a whole factor, repeating pixels (mode 'nearest', the only one so far)."""
    if mode != "nearest" or not isinstance(scale_factor, int) or scale_factor < 1:
        raise ValueError(
            f"interpolate covers mode 'nearest' with a whole scale_factor, not mode {mode!r} with {scale_factor!r}"
        )
    if input.ndim != 4:
        raise ShapeError(f"interpolate: expected images (N, C, H, W), got shape {input.shape}")
    return Upsample.apply(input, factor=scale_factor)


def _unpack(numbers):
    """The numbers, whether given one by one or as one tuple or list."""
    return tuple(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers
