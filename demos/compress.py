"""Squeeze digits into 2, 8 and 32 numbers, by autoencoders and by as many principal components, and compare."""

from __future__ import annotations

import argparse

import numpy as np

import nnlite
from demos.shared.autoencoders import mse, save_weights
from demos.shared.digits import Digits, add_data, load_digits, pictures
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import Autoencoder, convolutional, dense
from models.pca import PCA
from nnlite.plot import image_grid

# A code of few numbers takes layers that bend the plane of codes; one of many takes layers that draw sharp strokes.
NETWORKS = {2: dense, 8: dense, 32: convolutional}


def main() -> int:
    parser = Options("compress", __doc__, steps=1500)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    models = {str(size): Autoencoder(*network(size), lr=2e-3).to(options.device) for size, network in NETWORKS.items()}
    with Run(options, models) as run:
        rates = [fall_to_zero(m.optimizer, options.steps, run.step) for m in models.values()]
        for batch in run.batches(shuffled(options, train.images, train.images)):
            run.record({size: model.train_step(*batch)["mse"] for size, model in models.items()})
            for rate in rates:
                rate.step()
            if run.due():
                made = {size: in_batches(m.reconstruct, test.images, options.device) for size, m in models.items()}
                run.record_validation({size: mse(images, test.images) for size, images in made.items()})
        if run.interrupted:
            return run.stopped()
        for size, model in models.items():
            save_weights(model, options.out / f"autoencoder-{size}.safetensors", options.computed)
        figures = compare(models, train, test, options)
        run.finish(figures)
    print(f"Mean squared error a pixel on {len(test)} digits of 784 pixels never seen in training:")
    print(f"{'numbers':>10}{'PCA':>14}{'autoencoder':>14}")
    for size, of in figures.items():
        print(f"{size:>10}{of['PCA']:14.4f}{of['AE']:14.4f}")
    print(f"Look at {options.out / 'compressed.png'}; AE is the autoencoder.")
    return 0


def compare(
    models: dict[str, Autoencoder], train: Digits, test: Digits, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """The errors of both kinds for each size of the code, and a picture of what becomes of a digit of each class."""
    shown = [int(np.argmax(test.labels == k)) for k in range(10)]
    columns, figures = {"input": test.images[shown]}, {}
    for size, model in models.items():
        by_pca = PCA(int(size)).fit(train.images).reconstruct(test.images)
        by = {"PCA": by_pca, "AE": in_batches(model.reconstruct, test.images, options.device)}
        columns |= {f"{name} {size}": images[shown] for name, images in by.items()}
        figures[size] = {name: mse(images, test.images) for name, images in by.items()}
    rows = zip(*map(pictures, columns.values()), strict=True)
    image_grid(list(rows), options.out / "compressed.png", titles=list(columns))
    return figures


if __name__ == "__main__":
    run_program("compress", main)
