"""Fully connected layer and table of vectors."""

from __future__ import annotations

import math

from .. import functional as F
from ..creation import empty
from ..function import no_grad
from ..tensor import Tensor
from . import init
from ._checks import check_whole
from .module import Module, Parameter


class Linear(Module):
    """y = input W^T + bias: (..., in_features) -> (..., out_features).

    weight (out_features, in_features); weight and bias start uniform within 1 / sqrt(in_features).
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        check_whole("Linear", 0, in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        bound = 1.0 / math.sqrt(max(1, in_features))
        self.weight = init.uniform_(Parameter(empty(out_features, in_features)), -bound, bound)
        self.bias = init.uniform_(Parameter(empty(out_features)), -bound, bound) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        plain = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{plain}, bias={self.bias is not None}"


class Embedding(Module):
    """A learnt vector for each whole number: (...) of 0 .. num_embeddings - 1 -> (..., embedding_dim).

    weight (num_embeddings, embedding_dim) starts from N(0, 1). The row `padding_idx` (which may count from the end)
    starts at zero and stays as it is: it gets no gradient. Raises IndexError if there is no such row.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None):
        check_whole("Embedding", 0, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = init.normal_(Parameter(empty(num_embeddings, embedding_dim)))
        if padding_idx is not None:
            check_whole("Embedding", padding_idx=padding_idx)
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise IndexError(f"Embedding: padding_idx {padding_idx} is no row of {num_embeddings}")
            self.padding_idx = padding_idx % num_embeddings
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        plain = f"{self.num_embeddings}, {self.embedding_dim}"
        return plain if self.padding_idx is None else f"{plain}, padding_idx={self.padding_idx}"
