"""A table of vectors."""

from typing import Self

from .. import functional as F
from ..creation import empty
from ..errors import guard
from ..function import no_grad
from ..tensor import Tensor
from . import init
from .module import Module, Parameter


class Embedding(Module):
    """A learnt vector for each whole number: (...) of 0 .. num_embeddings - 1 -> (..., embedding_dim).

    weight (num_embeddings, embedding_dim) starts from N(0, 1). The row `padding_idx` (which may count from the end)
    starts at zero and stays as it is: it gets no gradient. Raises IndexError if there is no such row.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None):
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        guard("Embedding", self)
        self.weight = init.normal_(Parameter(empty(num_embeddings, embedding_dim)))
        if padding_idx is not None:
            self.padding_idx = padding_idx % num_embeddings
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Self:
        """The layer with these vectors (V, D) for its weight, which is not trained unless freeze=False."""
        layer = cls(embeddings.shape[0], embeddings.shape[1], padding_idx)
        layer.weight = Parameter(embeddings, requires_grad=not freeze)
        return layer

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        plain = f"{self.num_embeddings}, {self.embedding_dim}"
        return plain if self.padding_idx is None else f"{plain}, padding_idx={self.padding_idx}"
