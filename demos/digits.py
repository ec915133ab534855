"""The digits that the demos run on when given nothing else: 10,000 of MNIST, split once and for all.

And LeNet-5, trained on them by demos/classify.py, for demos that ask what a drawn digit looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

import nnlite
from models.classifiers import LeNet5
from models.weights import load_weights

ASSETS = Path(__file__).parent / "assets" / "digits"
FILE = ASSETS / "mnist10k.npz"
LENET5 = ASSETS / "lenet5.safetensors"
TEST = 2000
FEWEST = 679  # how often the rarest digit occurs among those to train on


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


def pictures(images: np.ndarray | nnlite.Tensor) -> list[np.ndarray]:
    """Digits (N, 1, 28, 28) in 0..1 as images (28, 28, 3) uint8 to look at, white on black."""
    array = images.detach().cpu().numpy() if isinstance(images, nnlite.Tensor) else images
    grey = np.rint(255.0 * array.clip(0.0, 1.0)).astype(np.uint8)
    return list(np.repeat(grey.transpose(0, 2, 3, 1), 3, axis=3))


def load_lenet5(path: str | PathLike = LENET5, device: str = "cpu") -> LeNet5:
    """The classifier that comes with the project, or that of a run of demos/classify.py. Raises CheckpointError."""
    network = LeNet5()
    load_weights(network, nnlite.load(path), path)
    return network.to(device).eval().requires_grad_(False)


def in_batches(
    function: Callable[[nnlite.Tensor], nnlite.Tensor], images: np.ndarray, device: str = "cpu", batch: int = 500
) -> np.ndarray:
    """function(images) without gradients, a batch at a time so that memory does not grow with their number."""
    with nnlite.no_grad():
        parts = [
            function(nnlite.tensor(images[start : start + batch], device=device)).cpu().numpy()
            for start in range(0, len(images), batch)
        ]
    return np.concatenate(parts)
