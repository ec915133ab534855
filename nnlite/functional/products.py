"""Products under names that say what is multiplied. `@` and the gradient of a product are in linear.py."""

from ..errors import guarded
from ..tensor import Tensor
from .arithmetic import mul
from .linear import matmul
from .shape import unsqueeze


@guarded
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Matrix by matrix: (n, k) by (k, m) -> (n, m). Raises ShapeError for anything else."""
    return matmul(input, mat2)


@guarded
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """As many products of matrices as there are in a batch: (b, n, k) by (b, k, m) -> (b, n, m)."""
    return matmul(input, mat2)


@guarded
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Matrix by vector: (n, k) by (k,) -> (n,)."""
    return matmul(input, vec)


@guarded
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Sum of the products of two vectors' elements: (k,) by (k,) -> ()."""
    return matmul(input, tensor)


@guarded
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector times every element of another: (n,) by (m,) -> (n, m)."""
    return mul(unsqueeze(input, 1), vec2)
