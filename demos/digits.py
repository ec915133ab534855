"""The digits that the demos run on when given nothing else: 10,000 of MNIST, split once and for all."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).parent / "assets" / "digits" / "mnist10k.npz"
TEST = 2000


class Digits(NamedTuple):
    """images (N, 1, 28, 28) float32 in 0..1, 0 is paper and 1 ink; labels (N,) int64 in 0..9."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def load_digits() -> tuple[Digits, Digits]:
    """8,000 digits for training and 2,000 held out."""
    with np.load(FILE) as file:
        images, labels = file["images"], file["labels"]
    images = (images.astype(np.float32) / 255.0)[:, None]
    labels = labels.astype(np.int64)
    cut = len(images) - TEST
    return Digits(images[:cut], labels[:cut]), Digits(images[cut:], labels[cut:])
