"""Lengths of vectors, and distances between two of them. A vector lies along one axis."""

from .... import functional as F
from ....nn.layer import Layer
from ....tensor import Tensor


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """x / max(|x|_p, eps): vectors of length 1 along `dim`."""
    return input / F.clip(F.norm(input, p, dim, True), eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 x2 / (|x1| |x2|) along `dim`: the cosine of the angle between vectors. A length below eps counts as eps."""
    return (normalize(x1, 2.0, dim, eps) * normalize(x2, 2.0, dim, eps)).sum(dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """|x1 - x2 + eps|_p along the last axis."""
    return F.norm(x1 - x2 + eps, p, -1, keepdim)


class CosineSimilarity(Layer):
    """cosine_similarity"""

    function = cosine_similarity
    inputs = ("x1", "x2")

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:  # type: ignore[override]
        return self.compute(x1, x2)

    def extra_repr(self) -> str:
        return ""


class PairwiseDistance(CosineSimilarity):
    """pairwise_distance"""

    function = pairwise_distance  # type: ignore[assignment]
