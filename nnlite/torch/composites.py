"""Products with a sum, and pieces and arrangements of a tensor, made of nnlite's operations."""

import math
from collections.abc import Sequence
from typing import Any

from .. import backend as backends
from ..errors import ShapeError, guard
from ..function import axis_of
from ..functional import (
    add,
    bmm,
    div,
    expand,
    getitem,
    matmul,
    mm,
    mul,
    outer,
    permute,
    repeat,
    reshape,
    sub,
    sum,
    transpose,
    where,
)
from ..functional.shape import Move, unpack
from ..functional.triangle import distance_from_diagonal
from ..guards.common import check_choice, check_whole, require_tensors
from ..in_place import replacing
from ..tensor import Tensor

ger = outer
swapaxes = swapdims = transpose


class Diagonal(Move):
    """y[..., i] = x[..., i, i + offset], dims the last axes of x    dx = zeros, with dy on that diagonal"""

    shares_memory = True

    def forward(self, x, *, offset, dims):
        self.shape, self.offset, self.dims = x.shape, offset, dims
        return self.view(x)

    def backward(self, dy):
        dx = self.xp.zeros(self.shape, dy.dtype)
        self.view(dx)[...] = dy
        return dx

    def view(self, x):
        """The diagonal as a view: a step along it is one step along both axes."""
        xp = backends.of(x).xp
        x = xp.moveaxis(x, self.dims, (-2, -1))[..., max(-self.offset, 0) :, max(self.offset, 0) :]
        *front, down, right = x.strides
        return xp.lib.stride_tricks.as_strided(x, (*x.shape[:-2], min(x.shape[-2:])), (*front, down + right))


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements [i, i + offset] of the matrices over two axes, as the last axis of the result; shares memory.

    Raises ValueError if the two axes are the same, IndexError for one that is not there.
    """
    guard("triangle", "diagonal", input)
    return Diagonal.apply(input, offset=offset, dims=(dim1, dim2))


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices (..., n, m) with zeros below the diagonal; 1 drops it as well, -1 keeps the one below it too."""
    guard("triangle", "triu", input)
    return where(distance_from_diagonal(input) >= diagonal, input, False)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Matrix by vector: (n, k) by (k,) -> (n,)."""
    guard("axes", "mv", ([2], [1]), input, vec)
    return matmul(input, vec)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); input expands to (n, m). With beta 0 the input is ignored, NaN too."""
    return _scaled_sum("addmm", input, mm(mat1, mat2), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """addmm for batches: beta * input + alpha * bmm(batch1, batch2); input expands to (b, n, m)."""
    return _scaled_sum("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def _scaled_sum(name, input, product, beta, alpha):
    require_tensors(name, input)
    if input.dtype != product.dtype:
        raise TypeError(f"{name}: input is {input.dtype}, the product {product.dtype}; use .to(dtype) on one of them")
    if product.dtype.kind != "f" and (isinstance(beta, float) or isinstance(alpha, float)):
        raise TypeError(f"{name}: whole numbers are scaled by whole numbers, not {beta} and {alpha}; use .float()")
    input = expand(input, product.shape)
    return mul(product, alpha) if beta == 0 else add(mul(input, beta), mul(product, alpha))


def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input): a part of the way from one tensor to another. Raises TypeError for two dtypes."""
    require_tensors("lerp", input, end)
    if input.dtype != end.dtype:
        raise TypeError(f"lerp: input is {input.dtype}, end {end.dtype}; use .float() or .double()")
    return add(input, mul(sub(end, input), weight))


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value * tensor1 * tensor2, broadcast."""
    return add(input, mul(mul(tensor1, tensor2), value))


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value * tensor1 / tensor2, broadcast."""
    return add(input, mul(div(tensor1, tensor2), value))


lerp_, addcmul_, addcdiv_ = map(replacing, (lerp, addcmul, addcdiv))


def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal. Raises ShapeError for anything but a matrix."""
    require_tensors("trace", input)
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, got shape {input.shape}")
    return sum(diagonal(input))


def tile(input: Tensor, *times: Any, dims: Any = ()) -> Tensor:
    """`repeat`; if there are fewer numbers (or a tuple, `dims`) than axes, they are for the last ones."""
    require_tensors("tile", input)
    times = tuple(unpack(times or (dims,)))
    return repeat(input, (1,) * (input.ndim - len(times)) + times)


def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None) -> Tensor:
    """Every element `repeats` times before the next one: along `dim`, or of the flattened tensor.

    repeats is a number, or a tensor of whole numbers: one for each element along `dim`.
    """
    require_tensors("repeat_interleave", input)
    axis, input = (0, reshape(input, -1)) if dim is None else (axis_of(dim, input.shape), input)
    if not isinstance(repeats, (int, Tensor)):
        raise TypeError(f"repeat_interleave: repeats is a number or a tensor, not {type(repeats).__name__}")
    counts = repeats.tolist() if isinstance(repeats, Tensor) else repeats
    length, several = input.shape[axis], counts if isinstance(counts, list) else [counts]
    for count in several:
        check_whole("repeat_interleave", 0, repeats=count)
    if len(several) not in (1, length):
        raise ShapeError(f"repeat_interleave: {len(several)} repeats for axis {axis} of shape {input.shape}")
    index = backends.of(input.array).xp.arange(length).repeat(counts)
    return _part(input, axis, Tensor(index))


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` under NumPy's name."""
    return expand(input, *size)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move axes from the places `source` to `destination`; the rest keep their order. Shares memory.

    Raises ValueError if one is named twice, or if there are not as many places as axes.
    """
    require_tensors("movedim", input)
    old, new = (
        [axis_of(d, input.shape or (1,)) for d in ((dims,) if isinstance(dims, int) else dims)]
        for dims in (source, destination)
    )
    if not len({*old}) == len({*new}) == len(old) == len(new):
        raise ValueError(f"movedim: {source} to {destination}; expected as many places as axes, and none twice")
    order = [axis for axis in range(input.ndim) if axis not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return permute(input, order[: input.ndim])


moveaxis = movedim


def ravel(input: Tensor) -> Tensor:
    """All elements in one axis."""
    return reshape(input.contiguous(), -1)


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split the axis `dim` into axes of these sizes, one of which may be -1."""
    require_tensors("unflatten", input)
    axis = axis_of(dim, input.shape)
    length = input.shape[axis] if input.ndim else None
    known = math.prod(n for n in sizes if n != -1)
    filled = [length // known if n == -1 and length and known else 0 if n == -1 else n for n in sizes]
    if not sizes or math.prod(filled) != length:
        raise ShapeError(f"unflatten: axis {axis} of shape {input.shape} does not split into {tuple(sizes)}")
    return reshape(input, (*input.shape[:axis], *filled, *input.shape[axis + 1 :]))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along `dim`, without that axis; they share memory. Raises IndexError for an axis that is not there."""
    require_tensors("unbind", input)
    axis = axis_of(dim, input.shape)
    return tuple(_part(input, axis, i) for i in range(input.shape[axis]))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice `index` along `dim`, without that axis; shares memory. Raises IndexError if it is not there."""
    require_tensors("select", input)
    check_whole("select", index=index)
    return _part(input, axis_of(dim, input.shape), index)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` slices along `dim`, from `start` (which may count from the end); shares memory."""
    require_tensors("narrow", input)
    axis = axis_of(dim, input.shape)
    n, start = input.shape[axis], int(start)
    first = start + n if start < 0 else start
    if not 0 <= first <= first + length <= n:
        raise ShapeError(f"narrow: {length} slices from {start} do not lie within axis {axis} of shape {input.shape}")
    return _part(input, axis, slice(first, first + length))


def _part(input, axis, key):
    """input[:, ..., key], with the key at that axis."""
    return getitem(input, (*(slice(None),) * axis, key))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid, given those along each axis: for vectors of n and m numbers two matrices (n, m).

    indexing "xy" makes them (m, n). The results share the memory of the vectors.
    """
    check_choice("meshgrid", "indexing", indexing, ("ij", "xy"))
    tensors = unpack(tensors)
    require_tensors("meshgrid", *tensors)
    if len({x.dtype for x in tensors}) != 1 or any(x.ndim > 1 for x in tensors):
        given = ", ".join(f"{x.dtype} {x.shape}" for x in tensors)
        raise ShapeError(f"meshgrid: expected vectors of one dtype, got {given or 'none'}")
    vectors = [reshape(x, -1) for x in tensors]
    shape = tuple(len(v) for v in vectors)
    grids = (expand(reshape(v, -1, *(1,) * (len(shape) - i)), shape) for i, v in enumerate(vectors, 1))
    return tuple(transpose(g, 0, 1) if indexing == "xy" and len(shape) > 1 else g for g in grids)
