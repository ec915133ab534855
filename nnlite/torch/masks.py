"""Elements where a mask holds, and sums at the places of an index."""

from typing import Any

import numpy as np

from ..errors import guard
from ..function import Function
from ..functional import expand, getitem, where
from ..functional.gather import places, single
from ..guards.common import require_tensors
from ..in_place import replacing
from ..tensor import Tensor


class ScatterAdd(Function):
    """y = x with src added at the key    dx = dy, dsrc = dy at the key"""

    whole_numbers = True

    def forward(self, x, src, *, key):
        self.key, y = key, x.copy(order="K")
        self.xp.add.at(y, key, src)
        return y

    def backward(self, dy):
        return dy, dy[self.key]


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with src[i, j, ...] added to y[i, index[i, j, ...], ...] for dim 1, and so on.

    All that goes to one place adds up there. Raises the errors of `scatter`.
    """
    require_tensors("scatter_add", input, index, src)
    guard("scatter", input, dim, index, src)
    key = tuple(part.array.copy() if part is index else part for part in places(input, dim, index))
    return ScatterAdd.apply(input, getitem(src, tuple(map(slice, index.shape))), key=key)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy of input with one value where the bool tensor `mask` holds; the two broadcast.

    Raises TypeError for a mask of another dtype, ShapeError if the shapes do not broadcast, ValueError for a value that
    the input's dtype cannot hold.
    """
    require_tensors("masked_fill", input)
    return where(mask, single(value, input), input)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the bool tensor `mask` holds, in one row; the two broadcast. Raises as `masked_fill` does."""
    require_tensors("masked_select", input)
    guard("where", mask, input, input)
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return getitem(expand(input, shape), expand(mask, shape))


scatter_add_, masked_fill_ = map(replacing, (scatter_add, masked_fill))  # Tensor's methods of these names
