"""The digits that the demos use when given nothing else: 10,000 of MNIST, always split in the same way.

And LeNet-5, trained on them by demos/classify.py, for demos that ask what a drawn digit looks like.
"""

from __future__ import annotations

import argparse
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

import nnlite
from demos.shared.images import in_batches, shuffled
from models.classifiers import Classifier, LeNet5
from models.weights import load_weights
from nnlite.data import Augment, RandomCrop
from nnlite.data.augment import Change

ASSETS = Path(__file__).parents[1] / "assets" / "digits"
FILE = ASSETS / "mnist10k.npz"
LENET5 = ASSETS / "lenet5.safetensors"
TEST = 2000
SIDE = 28  # pixels
FEWEST = 679  # how often the rarest digit occurs among those to train on
SHIFT = 2  # pixels that a digit is moved by, at most, each time it is trained on: 8,000 then teach like many more


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


def labelled(digits: Digits, options: argparse.Namespace, *changes: Change) -> nnlite.DataLoader:
    """Batches (images, labels): the digits changed at random, and moved by up to SHIFT pixels each way."""
    transform = Augment(*changes, RandomCrop(SIDE, padding=SHIFT))
    return shuffled(options, digits.images, digits.labels, transform=transform)


def accuracy(model: Classifier, digits: Digits, device: str) -> float:
    """The share of digits read right."""
    return float((in_batches(model.predict, digits.images, device).argmax(1) == digits.labels).mean())


def some_of_each(labels: np.ndarray, each: int, rng: np.random.Generator) -> np.ndarray:
    """The indices of `each` digits of each class, drawn at random."""
    return np.concatenate([rng.choice(np.flatnonzero(labels == k), each, replace=False) for k in np.unique(labels)])


def load_lenet5(path: str | PathLike = LENET5, device: str = "cpu") -> LeNet5:
    """The classifier that comes with the project, or that of a run of demos/classify.py. Raises CheckpointError."""
    network = LeNet5()
    load_weights(network, nnlite.load(path), path)
    return network.to(device).eval().requires_grad_(False)
