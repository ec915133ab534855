"""Learn to read digits from 100 labels: a linear classifier on the codes of an autoencoder, and on pixels.

The autoencoder has seen 8,000 digits and no labels; its weights are frozen. Then ten labelled digits of each class are
all that the classifier is trained on, once with their codes, once with their principal components, once with pixels.
"""

from __future__ import annotations

import numpy as np

import nnlite
from demos.shared.autoencoders import mse, report_vectors, representations, save_weights, warp_input
from demos.shared.digits import FEWEST, add_data, load_digits, some_of_each
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import Autoencoder, convolutional
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
    add_data(parser)
    options = parser.settle()
    each = options.labels // CLASSES
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
        figures = {}
        for name, encode in representations(model, train.images, options).items():
            known, unknown = standardise(encode(train.images), encode(test.images))
            accuracies = []
            for draw in range(DRAWS):
                chosen = some_of_each(train.labels, each, np.random.default_rng((options.seed, draw)))
                taken = classify(known[chosen], train.labels[chosen], unknown)
                accuracies.append((taken == test.labels).mean())
            figures[name] = {"mean": float(np.mean(accuracies)), "std": float(np.std(accuracies))}
        in_percent = {name: 100.0 * accuracy["mean"] for name, accuracy in figures.items()}
        picture = options.out / "features.png"
        bars(in_percent, picture, "held-out digits read right, per cent", mark=in_percent["pixels"])
        run.finish({"accuracy": figures, "labels": each * CLASSES})
    what = (
        f"Of {len(test)} held-out digits, a linear classifier taught by {each * CLASSES} labels reads right\n"
        f"(mean and standard deviation over {DRAWS} choices of labels)"
    )
    results = {name: f"{accuracy['mean']:.1%} +- {accuracy['std']:.1%}" for name, accuracy in figures.items()}
    report_vectors(what, options.latent, results, picture)
    return 0


def standardise(known: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both, moved and scaled by the same numbers, so that `known` has mean 0 and root mean square length NORM."""
    mean = known.mean(0)
    scale = NORM / np.sqrt(((known - mean) ** 2).sum(1).mean())
    return (known - mean) * scale, (unknown - mean) * scale


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
    run_program("features", main)
