"""Triangles and diagonals of matrices."""

from .. import backend as backends
from ..errors import guarded
from ..tensor import Tensor
from .piecewise import where
from .shape import Move


class Diagonal(Move):
    """y[..., i] = x[..., i, i + offset], dim1 and dim2 the last axes of x    dx = zeros, with dy on that diagonal"""

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


class DiagonalMatrix(Diagonal):
    """y = a square matrix of zeros, with the vector x on a diagonal    dx = dy's diagonal: the transpose of Diagonal"""

    shares_memory = False

    def forward(self, x, *, offset):
        self.shape, self.offset, self.dims = (len(x) + abs(offset),) * 2, offset, (0, 1)
        return super().backward(x)

    def backward(self, dy):
        return self.view(dy)


@guarded
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements [i, i + offset] of the matrices over two axes, as the last axis of the result; shares memory.

    Raises ValueError if the two axes are the same, IndexError for one that is not there.
    """
    return Diagonal.apply(input, offset=offset, dims=(dim1, dim2))


@guarded
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix's diagonal, or the square matrix with this vector on it; 1 is the diagonal above the main one.

    Raises ShapeError for anything but a vector or a matrix.
    """
    if input.ndim == 1:
        return DiagonalMatrix.apply(input, offset=diagonal)
    return Diagonal.apply(input, offset=diagonal, dims=(0, 1)).clone()


@guarded
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices (..., n, m) with zeros above the diagonal; 1 keeps the one above it too, -1 drops it as well."""
    return where(_distance_from_diagonal(input) <= diagonal, input, False)  # False becomes a zero of any dtype


@guarded
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices (..., n, m) with zeros below the diagonal; 1 drops it as well, -1 keeps the one below it too."""
    return where(_distance_from_diagonal(input) >= diagonal, input, False)


def _distance_from_diagonal(input):
    """(n, m): how far to the right of the diagonal each element lies."""
    xp, (n, m) = backends.of(input.array).xp, input.shape[-2:]
    return Tensor(xp.arange(m) - xp.arange(n)[:, None])
