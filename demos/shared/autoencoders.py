"""What the demos of autoencoders share: warped digits, errors, and codes compared with other vectors."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import nnlite
from demos.shared.digits import pictures
from demos.shared.images import in_batches, sheet
from models.autoencoder import Autoencoder
from models.pca import PCA

SHOWN = 10  # digits in a row

# How far `warped` changes a digit at most.
TURN = np.deg2rad(12.0)
STRETCH = 0.12  # of the size, across and along
SLANT = 0.15  # pixels to the side for each pixel up
MOVE = 2.0  # pixels

Pair = tuple[np.ndarray, np.ndarray]  # input and target, both (1, 28, 28)


def warped(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A digit (1, 28, 28) as another hand might have drawn it: turned, stretched, slanted, moved.

    Each kind of change is drawn evenly up to its limit. 8,000 digits then teach like many more.
    """
    turn, slant = rng.uniform(-TURN, TURN), rng.uniform(-SLANT, SLANT)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag(rng.uniform(1.0 - STRETCH, 1.0 + STRETCH, 2))
    middle = np.full(2, (image.shape[-1] - 1) / 2.0)
    offset = middle - matrix @ middle + rng.uniform(-MOVE, MOVE, 2)
    return cv2.warpAffine(image[0], np.column_stack([matrix, offset]), image.shape[:0:-1])[None]


def warp_input(pair: Pair, rng: np.random.Generator) -> Pair:
    """Only the input is warped: the code that restores the original cannot depend on how it was warped."""
    image, target = pair
    return warped(image, rng), target


def representations(
    model: Autoencoder, images: np.ndarray, options: argparse.Namespace
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """From images to vectors: their pixels, as many principal components as the code has numbers, the code."""
    return {
        "pixels": lambda x: x.reshape(len(x), -1),
        "pca": PCA(options.latent).fit(images).encode,
        "code": lambda x: in_batches(model.encode, x, options.device),
    }


def report_vectors(what: str, latent: int, results: dict[str, str], picture: Path) -> None:
    """Print what was measured, and under it the result of each of the `representations`."""
    print(what)
    print(f"by 784 pixels, by {latent} principal components, and by a code of {latent} numbers:")
    print(*(f"{name:>10} {text}" for name, text in results.items()), sep="\n")
    print(f"Look at {picture}.")


def draw_rows(count: int, *kinds: np.ndarray) -> np.ndarray:
    """The first `count` digits of each kind on a sheet: rows of SHOWN, those of one digit under one another."""
    shown = [pictures(images[:count]) for images in kinds]
    return sheet([row[i : i + SHOWN] for i in range(0, count, SHOWN) for row in shown])


def mse(a: np.ndarray, b: np.ndarray) -> float:
    """Mean squared difference over images and pixels."""
    return float(((a - b) ** 2).mean(dtype=np.float64))


def errors(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,): mean squared difference over the pixels of each image."""
    return ((a - b) ** 2).reshape(len(a), -1).mean(1)


def save_weights(model: Autoencoder, path: Path, computed: dict[str, Any]) -> None:
    """Encoder and decoder as one file, with what they were made and trained by as metadata."""
    state = {"encoder": model.encoder.state_dict(), "decoder": model.decoder.state_dict()}
    nnlite.save(state, path, {name: str(value) for name, value in computed.items()})
