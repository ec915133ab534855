"""Triangles and diagonals of matrices."""

from .. import backend as backends
from ..creation import zeros
from ..errors import guard
from ..in_place import SetItem
from ..tensor import Tensor
from .index import getitem
from .piecewise import where


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix's diagonal, or the square matrix with this vector on it; 1 is the diagonal above the main one.

    Raises ShapeError for anything but a vector or a matrix.
    """
    guard("axes", "diag", ([1, 2],), input)
    if input.ndim == 2:
        return getitem(input, distance_from_diagonal(input) == diagonal)
    n = len(input) + abs(diagonal)
    square = zeros(n, n, dtype=input.dtype, device=input.device)
    return SetItem.apply(square, input, key=distance_from_diagonal(square) == diagonal)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices (..., n, m) with zeros above the diagonal; 1 keeps the one above it too, -1 drops it as well."""
    guard("triangle", "tril", input)
    return where(distance_from_diagonal(input) <= diagonal, input, False)  # False becomes a zero of any dtype


def distance_from_diagonal(input):
    """(n, m): how far to the right of the diagonal each element lies."""
    xp, (n, m) = backends.of(input.array).xp, input.shape[-2:]
    return Tensor(xp.arange(m) - xp.arange(n)[:, None])
