"""What the demos of autoencoders share: pairs to train on, a falling rate, the error on held-out digits, weights."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.digits import Digits, in_batches
from demos.training import Training
from demos.warping import warp_input
from models.autoencoder import Autoencoder, convolutional
from models.pca import PCA


def pairs(
    images: np.ndarray, options: argparse.Namespace, transform: Callable[[Any, np.random.Generator], Any] | None = None
) -> nnlite.DataLoader:
    """Batches (input, target), both one image unless `transform` changes them: what `fit(x, x)` is given."""
    samples = list(zip(images, images, strict=True))
    return nnlite.DataLoader(
        samples, options.batch, shuffle=True, seed=options.seed, transform=transform, device=options.device
    )


def learn_codes(options: argparse.Namespace, computed: dict[str, Any], train: Digits, test: Digits) -> Training:
    """Train a convolutional autoencoder to return warped digits as they were; Ctrl-C may have ended it early.

    Its code cannot depend on how a digit was turned, slanted or moved, so it says what is drawn rather than where.
    """
    nnlite.manual_seed(options.seed)
    model = Autoencoder(*convolutional(options.latent), lr=2e-3).to(options.device)

    def validate() -> dict[str, float]:
        return {"mse": mse(in_batches(model.reconstruct, test.images, options.device), test.images)}

    training = Training(model, options, computed, falling([model], options.steps))
    training.run(pairs(train.images, options, warp_input), validate=validate)
    save_weights(model, options.out / "autoencoder.safetensors", computed)
    return training


def representations(
    model: Autoencoder, images: np.ndarray, options: argparse.Namespace
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """From images to vectors: their pixels, as many principal components as the code has numbers, the code."""
    return {
        "pixels": lambda x: x.reshape(len(x), -1),
        "pca": PCA(options.latent).fit(images).encode,
        "code": lambda x: in_batches(model.encode, x, options.device),
    }


def report(what: str, latent: int, said: dict[str, str], picture: Path) -> None:
    """Print what was measured, and under it what is said of each of the `representations`."""
    print(what)
    print(f"by 784 pixels, by {latent} principal components, and by a code of {latent} numbers:")
    print(*(f"{name:>10} {text}" for name, text in said.items()), sep="\n")
    print(f"Look at {picture}.")


def falling(models: Iterable[Autoencoder], steps: int) -> Callable[[int], None]:
    """A schedule: the learning rate of each model falls from its own to 0 along a straight line."""
    groups = [(group, group["lr"]) for model in models for group in model.optimizer.param_groups]

    def schedule(step: int) -> None:
        for group, first in groups:
            group["lr"] = first * (1.0 - step / steps)

    return schedule


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
