"""Products under names that say what is multiplied. `@` and the gradient of a product are in linear.py."""

from ..errors import guard, guarded
from ..tensor import Tensor
from .arithmetic import mul
from .linear import matmul
from .shape import unsqueeze


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Matrix by matrix: (n, k) by (k, m) -> (n, m). Raises ShapeError for anything else."""
    guard("axes", "mm", ([2], [2]), input, mat2)
    return matmul(input, mat2)


@guarded
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """As many products of matrices as there are in a batch: (b, n, k) by (b, k, m) -> (b, n, m)."""
    return matmul(input, mat2)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Sum of the products of two vectors' elements: (k,) by (k,) -> ()."""
    guard("axes", "dot", ([1], [1]), input, tensor)
    return matmul(input, tensor)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector times every element of another: (n,) by (m,) -> (n, m)."""
    guard("axes", "outer", ([1], [1]), input, vec2)
    return mul(unsqueeze(input, 1), vec2)
