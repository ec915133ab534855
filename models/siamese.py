"""Siamese and triplet networks: codes that are near each other for images of one class, and far apart for others.

The same network, with the same weights, maps two or three images to codes. The loss sees nothing but the distances d
between these. No class has an output of its own, so codes can be compared for classes that were not in training.

    Siamese   pairs      near if of one class, at least a margin m apart if not (Hadsell, Chopra & LeCun 2006)
                         L = d^2    or    L = max(0, m - d)^2
    Triplet   triplets   a positive p, of the class of the anchor a, has to be nearer to it than a negative n of another
                         class is, by the margin (Schroff, Kalenichenko & Philbin 2015)
                         L = max(0, m + d(a, p)^2 - d(a, n)^2)

Both learn from all pairs in a batch of images, which are many more than the images: the codes are computed once.
"""

from __future__ import annotations

from typing import Any

import nnlite
from models.trainable import Trainable
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F
from nnlite.torch.nn.functional import normalize

FAR = 1e9  # more than any squared distance


class Siamese(Trainable):
    """A network from images to codes (N, K), trained with Adam on `contrastive_loss`."""

    def __init__(self, network: nn.Module, lr: float = 1e-3, margin: float = 1.0):
        self.network, self.margin = network, margin
        self.optimizer = optim.Adam(network.parameters(), lr)

    def train_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step on images and their classes (N,); the loss as a detached 0-d Tensor."""
        self.optimizer.zero_grad()
        loss = self.loss(self.codes(images), labels)
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.detach()}

    def codes(self, images: Tensor) -> Tensor:
        return self.network(images)

    def loss(self, codes: Tensor, labels: Tensor) -> Tensor:
        return contrastive_loss(codes, labels, self.margin)

    def encode(self, images: Tensor) -> Tensor:
        """Images -> codes (N, K), without gradients."""
        with nnlite.no_grad():
            return self.codes(images)

    def components(self) -> dict[str, Any]:
        return {"network": self.network, "optimizer": self.optimizer}


class Triplet(Siamese):
    """The same with codes of length 1, trained on `triplet_loss`."""

    def __init__(self, network: nn.Module, lr: float = 1e-3, margin: float = 0.2):
        super().__init__(network, lr, margin)

    def codes(self, images: Tensor) -> Tensor:
        return normalize(self.network(images))

    def loss(self, codes: Tensor, labels: Tensor) -> Tensor:
        return triplet_loss(codes, labels, self.margin)


def contrastive_loss(codes: Tensor, labels: Tensor, margin: float) -> Tensor:
    """mean d^2 over pairs of one class + mean max(0, margin - d)^2 over all others; (N, K) and (N,) -> a 0-d Tensor.

    The two means weigh the same, as if half of the pairs were of one class.
    """
    squared = squared_distances(codes)
    alike, different = pairs(labels)
    gap = F.relu(margin - squared.clamp(min=1e-12).sqrt())  # the root of 0 has no gradient
    return mean_where(alike, squared) + mean_where(different, gap**2)


def triplet_loss(codes: Tensor, labels: Tensor, margin: float) -> Tensor:
    """mean max(0, margin + d(a, p)^2 - d(a, n)^2) over all a and p of one class, n semi-hard; (N, K), (N,) -> 0-d.

    Most negatives are far away and teach nothing. The nearest teach too much: with them, the network found that codes
    which are all the same have a loss of no more than the margin, and stayed there. Semi-hard is the nearest negative
    that is farther from a than p is. Where all are nearer, the pair is left out.
    """
    squared = squared_distances(codes)
    alike, different = pairs(labels)
    with nnlite.no_grad():
        negative = nnlite.where(different > 0.0, squared, FAR)[:, None, :]  # (a, 1, n)
        farther = nnlite.where(negative > squared[:, :, None], negative, FAR)  # (a, p, n)
        chosen = farther.argmin(2)  # n for each (a, p)
        found = (nnlite.amin(farther, 2) < FAR).float()
    return mean_where(alike * found, F.relu(margin + squared - F.gather(squared, 1, chosen)))


def pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(N, N) twice: 1 for two images of one class, not for an image and itself; and 1 for two of different classes."""
    same = (labels[:, None] == labels).float()
    return same - nnlite.eye(len(labels), device=labels.device), 1.0 - same


def squared_distances(codes: Tensor) -> Tensor:
    """|a - b|^2 = |a|^2 + |b|^2 - 2 a b for each two codes, (N, K) -> (N, N); rounding must not make it negative."""
    squares = (codes**2).sum(1)
    return (squares[:, None] + squares - 2.0 * codes @ codes.T).clamp(min=0.0)


def mean_where(chosen: Tensor, values: Tensor) -> Tensor:
    """The mean of the values where `chosen` is 1; 0 if that is nowhere."""
    return (chosen * values).sum() / chosen.sum().clamp(min=1.0)
