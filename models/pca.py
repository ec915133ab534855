"""Principal component analysis (Pearson 1901; Hotelling 1933): the best linear autoencoder, found without training.

The k directions along which the data vary most span the k-dimensional plane nearest to them: no linear encoder and
decoder have a smaller squared error (Eckart & Young 1936). So an autoencoder with k numbers is compared with it.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from nnlite import ShapeError


class PCA:
    """mean (D,) and components (k, D): orthonormal rows, sorted by the variance along them.

    encode x -> (x - mean) V^T, decode h -> h V + mean. Takes arrays of any shape (N, ...) with D numbers per sample.
    """

    def __init__(self, components: int):
        if components < 1:
            raise ValueError(f"PCA: a code needs at least one number, got components = {components}")
        self.count = components

    def fit(self, x: np.ndarray) -> Self:
        """The eigenvectors of the covariance of x, largest eigenvalue first. Raises ShapeError for too few samples.

        They are also the V of x - mean = U S V^T, but found much faster: from D x D numbers instead of N x D.
        """
        rows = x.reshape(len(x), -1)
        if self.count > min(rows.shape):
            n, d = rows.shape
            raise ShapeError(f"PCA: {n} samples of {d} numbers have at most {min(n, d)} components, not {self.count}")
        self.mean = rows.mean(0)
        centred = (rows - self.mean).astype(np.float64)  # squaring would cost float32 half its digits
        vectors = np.linalg.eigh(centred.T @ centred)[1]
        self.components = vectors[:, ::-1][:, : self.count].T.astype(rows.dtype)
        return self

    def encode(self, x: np.ndarray) -> np.ndarray:
        """(N, ...) -> (N, k)."""
        return (x.reshape(len(x), -1) - self.mean) @ self.components.T

    def decode(self, code: np.ndarray) -> np.ndarray:
        """(N, k) -> (N, D)."""
        return code @ self.components + self.mean

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """The nearest points of the plane, in the shape of x."""
        return self.decode(self.encode(x)).reshape(x.shape)
