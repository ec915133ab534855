"""Learn to read digits from 100 labels: a linear classifier on the codes of an autoencoder, and on pixels.

The autoencoder has seen 8,000 digits and no label; its weights are frozen. Then ten labelled digits of each class are
all that the classifier is trained on, once with their codes, once with their principal components, once with pixels.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import nnlite
from demos.autoencoding import learn_codes, report, representations
from demos.common import run
from demos.digits import FEWEST, in_batches, load_digits
from demos.options import Options
from demos.run_folder import claim_folder
from nnlite import nn, optim
from nnlite.nn import functional as F
from nnlite.plot import bars

CLASSES = 10
DRAWS = 10  # of the labelled digits: which these are decides much
STEPS, LR, DECAY = 200, 0.01, 0.1  # of the classifier; with this decay pixels do best, of 0, 0.01 and 0.1
NORM = 10.0  # root mean square of the inputs' length, so that STEPS, LR and DECAY mean the same for all


def main() -> int:
    parser = Options("features", __doc__.splitlines()[0], steps=1500)
    parser.computes("--latent", 32, "numbers in a code", least=1, most=784)
    parser.computes("--labels", 100, "labelled digits, as many of each class", least=CLASSES, most=FEWEST * CLASSES)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    options, computed = parser.settle()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the autoencoder, then classifiers on its codes. Returns the exit status."""
    train, test = load_digits()
    each = options.labels // CLASSES
    training = learn_codes(options, computed, train, test)
    if training.interrupted:
        return training.stopped()
    figures = {}
    for name, encode in representations(training.model, train.images, options).items():
        known, unknown = alike(encode(train.images), encode(test.images))
        accuracies = []
        for draw in range(DRAWS):
            chosen = some_of_each(train.labels, each, np.random.default_rng((options.seed, draw)))
            taken = classify(known[chosen], train.labels[chosen], unknown)
            accuracies.append((taken == test.labels).mean())
        figures[name] = {"mean": float(np.mean(accuracies)), "std": float(np.std(accuracies))}
    in_percent = {name: 100.0 * accuracy["mean"] for name, accuracy in figures.items()}
    picture = options.out / "features.png"
    bars(in_percent, picture, "held-out digits read right, per cent", mark=in_percent["pixels"])
    training.finish({"accuracy": figures, "labels": each * CLASSES})
    what = (
        f"Of {len(test)} held-out digits, a linear classifier taught by {each * CLASSES} labels reads right\n"
        f"(mean and standard deviation over {DRAWS} choices of labels)"
    )
    said = {name: f"{accuracy['mean']:.1%} +- {accuracy['std']:.1%}" for name, accuracy in figures.items()}
    report(what, options.latent, said, picture)
    return 0


def alike(known: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both moved and scaled by one number, so that `known` has mean 0 and root mean square length NORM."""
    mean = known.mean(0)
    scale = NORM / np.sqrt(((known - mean) ** 2).sum(1).mean())
    return (known - mean) * scale, (unknown - mean) * scale


def some_of_each(labels: np.ndarray, each: int, rng: np.random.Generator) -> np.ndarray:
    """The places of `each` digits of each class, drawn by chance."""
    return np.concatenate([rng.choice(np.flatnonzero(labels == k), each, replace=False) for k in np.unique(labels)])


def classify(known: np.ndarray, labels: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Softmax regression on all that is known at once, from zero weights; the classes it takes the unknown for."""
    layer = nn.Linear(known.shape[1], CLASSES)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimizer = optim.Adam(layer.parameters(), LR, weight_decay=DECAY)
    x, y = nnlite.Tensor(known), nnlite.Tensor(labels)
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(layer(x), y).backward()
        optimizer.step()
    return in_batches(layer, unknown).argmax(1)


if __name__ == "__main__":
    run("features", main)
