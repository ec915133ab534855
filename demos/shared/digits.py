"""The digits of the demos: the 10,000 of MNIST that come with the project, always split in the same way, or all of it.

And LeNet-5, trained on them by demos/classify.py, for demos that ask what a drawn digit looks like.
"""

from __future__ import annotations

import argparse
import sys
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

import nnlite
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from models.classifiers import Classifier, LeNet5
from models.weights import load_weights
from nnlite.data import Augment, RandomCrop, mnist
from nnlite.data.augment import Change
from stylize.console import Parser

ASSETS = Path(__file__).parents[1] / "assets" / "digits"
FILE = ASSETS / "mnist10k.npz"
LENET5 = ASSETS / "lenet5.safetensors"
BUNDLED, MNIST = "bundled", "mnist"  # the values of --data
MNIST_FOLDER = Path("data/mnist")  # where it is downloaded to, unless it is there
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


def add_data(parser: Parser) -> None:
    """Add --data: which digits."""
    what = "digits that come with the project, or all of MNIST (11.6 MB, downloaded once)"
    if isinstance(parser, Options):
        parser.computes("--data", BUNDLED, what, choices=(BUNDLED, MNIST))
    else:
        parser.add_argument("--data", default=BUNDLED, choices=(BUNDLED, MNIST), help=f"{what} (%(default)s)")


def load_digits(data: str = BUNDLED) -> tuple[Digits, Digits]:
    """Digits for training and digits held out: 8,000 and 2,000 that come with the project, or all of MNIST.

    MNIST has 60,000 and 10,000. Raises DataError if MNIST is not in MNIST_FOLDER and cannot be downloaded.
    """
    if data == MNIST:
        if not MNIST_FOLDER.exists():
            print(f"Downloading MNIST, 11.6 MB, into {MNIST_FOLDER}", file=sys.stderr)
        return Digits(*mnist(MNIST_FOLDER, True, download=True)), Digits(*mnist(MNIST_FOLDER, False, download=True))
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
