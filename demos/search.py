"""Search images by their codes: an autoencoder that never saw a label finds the digits most like a given one.

It is given digits turned, slanted and moved, and has to return them as they were. So its code of 32 numbers says what
is drawn rather than where each pixel is, and the nearest codes belong to similar digits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.shared.autoencoders import mse, report_vectors, representations, save_weights, warp_input
from demos.shared.digits import Digits, add_data, load_digits, pictures
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import Autoencoder, convolutional
from nnlite.plot import image_grid

FOUND = 10


def main() -> int:
    parser = Options("search", __doc__.splitlines()[0], steps=1500)
    parser.computes("--latent", 32, "numbers in a code", least=1, most=784)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    model = Autoencoder(*convolutional(options.latent), lr=2e-3).to(options.device)
    loader = shuffled(options, train.images, train.images, transform=warp_input)
    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                reconstructed = in_batches(model.reconstruct, test.images, options.device)
                run.record_validation({"mse": mse(reconstructed, test.images)})
        if run.interrupted:
            return run.stopped()
        save_weights(model, options.out / "autoencoder.safetensors", options.computed)
        found = {}
        for name, encode in representations(model, train.images, options).items():
            found[name] = nearest(encode(train.images), encode(test.images), FOUND)
        precision = {name: float((train.labels[f] == test.labels[:, None]).mean()) for name, f in found.items()}
        picture = options.out / "search.png"
        draw(train, test, found["code"], picture)
        run.finish({f"precision_at_{FOUND}": precision})
    what = f"Precision at {FOUND}: of so many found for each of {len(test)} held-out digits, the share of its class,"
    report_vectors(what, options.latent, {name: f"{value:.1%}" for name, value in precision.items()}, picture)
    return 0


def nearest(codes: np.ndarray, queries: np.ndarray, count: int) -> np.ndarray:
    """(queries, count): which codes are nearest to each query, the nearest first, by Euclidean distance."""
    distances = (codes**2).sum(1) - 2.0 * queries @ codes.T  # plus |query|^2, which is the same for all codes
    close = np.argpartition(distances, count, axis=1)[:, :count]
    return np.take_along_axis(close, np.take_along_axis(distances, close, 1).argsort(1), 1)


def draw(train: Digits, test: Digits, found: np.ndarray, path: Path) -> None:
    """The first held-out digit of each class, and what was found for it; those that are another digit are red."""
    rows = []
    for query in [int(np.argmax(test.labels == k)) for k in range(10)]:
        right = train.labels[found[query]] == test.labels[query]
        answers = pictures(train.images[found[query]])
        red = [image * np.uint8([1, 0, 0]) for image in answers]
        marked = [image if good else wrong for image, wrong, good in zip(answers, red, right, strict=True)]
        rows.append(pictures(test.images[[query]]) + marked)
    image_grid(rows, path, titles=("query", *map(str, range(1, FOUND + 1))))


if __name__ == "__main__":
    run_program("search", main)
