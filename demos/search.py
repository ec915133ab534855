"""Search images by their codes: an autoencoder that never saw a label finds the digits most like a given one.

It is given digits turned, slanted and moved, and has to return them as they were. So its code of 32 numbers says what
is drawn rather than where each pixel is, and the nearest codes belong to like digits.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from demos.autoencoding import learn_codes, report, representations
from demos.common import run
from demos.digits import Digits, load_digits, pictures
from demos.options import Options
from demos.run_folder import claim_folder
from nnlite.plot import image_grid

FOUND = 10


def main() -> int:
    parser = Options("search", __doc__.splitlines()[0], steps=1500)
    parser.computes("--latent", 32, "numbers in a code", least=1, most=784)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    options, computed = parser.settle()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the autoencoder, then search by its codes. Returns the exit status."""
    train, test = load_digits()
    training = learn_codes(options, computed, train, test)
    if training.interrupted:
        return training.stopped()
    found = {}
    for name, encode in representations(training.model, train.images, options).items():
        found[name] = nearest(encode(train.images), encode(test.images), FOUND)
    precision = {name: float((train.labels[f] == test.labels[:, None]).mean()) for name, f in found.items()}
    picture = options.out / "search.png"
    draw(train, test, found["code"], picture)
    training.finish({f"precision_at_{FOUND}": precision})
    what = f"Precision at {FOUND}: of so many found for each of {len(test)} held-out digits, the share of its class,"
    report(what, options.latent, {name: f"{value:.1%}" for name, value in precision.items()}, picture)
    return 0


def nearest(codes: np.ndarray, queries: np.ndarray, count: int) -> np.ndarray:
    """(queries, count): which codes are nearest to each query, the nearest first, by Euclidean distance."""
    distances = (codes**2).sum(1) - 2.0 * queries @ codes.T  # but for |query|^2, the same for all codes
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
    run("search", main)
