"""Squeeze digits into 2, 8 and 32 numbers, by autoencoders and by as many principal components, and compare."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import nnlite
from demos.autoencoding import falling, mse, pairs, save_weights
from demos.common import run
from demos.digits import in_batches, load_digits, pictures
from demos.options import Options
from demos.run_folder import claim_folder
from demos.several import Several
from demos.training import Training
from models.autoencoder import Autoencoder, convolutional, dense
from models.pca import PCA
from nnlite.plot import image_grid

# Into few numbers it takes layers that bend the plane of codes; into many, ones that draw strokes sharply.
NETWORKS = {2: dense, 8: dense, 32: convolutional}


def main() -> int:
    parser = Options("compress", __doc__, steps=1500)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    options, computed = parser.settle()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the autoencoders and compare them. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    train, test = load_digits()
    models = {str(size): Autoencoder(*make(size), lr=2e-3) for size, make in NETWORKS.items()}
    model = Several(models).to(options.device)

    def reconstruct(size: int, images: np.ndarray) -> np.ndarray:
        return in_batches(models[str(size)].reconstruct, images, options.device)

    def validate() -> dict[str, float]:
        return {str(size): mse(reconstruct(size, test.images), test.images) for size in NETWORKS}

    training = Training(model, options, computed, falling(models.values(), options.steps))
    if not training.run(pairs(train.images, options), validate=validate):
        return training.stopped()
    shown = [int(np.argmax(test.labels == k)) for k in range(10)]
    columns, figures = {"input": test.images[shown]}, {}
    for size in NETWORKS:
        pca = PCA(size).fit(train.images)
        by = {"PCA": pca.reconstruct(test.images), "AE": reconstruct(size, test.images)}
        columns |= {f"{name} {size}": images[shown] for name, images in by.items()}
        figures[str(size)] = {name: mse(images, test.images) for name, images in by.items()}
        save_weights(models[str(size)], options.out / f"autoencoder-{size}.safetensors", computed)
    rows = zip(*map(pictures, columns.values()), strict=True)
    image_grid(list(rows), options.out / "compressed.png", titles=list(columns))
    figures = training.finish(figures)
    print(f"Mean squared error a pixel on {len(test)} digits of 784 pixels never seen in training:")
    print(f"{'numbers':>10}{'PCA':>14}{'autoencoder':>14}")
    for size in NETWORKS:
        print(f"{size:10}{figures[str(size)]['PCA']:14.4f}{figures[str(size)]['AE']:14.4f}")
    print(f"Look at {options.out / 'compressed.png'}; AE is the autoencoder.")
    return 0


if __name__ == "__main__":
    run("compress", main)
