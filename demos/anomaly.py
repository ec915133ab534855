"""Know a digit from all others without having seen another: an autoencoder is bad at what it was not trained on.

Ten autoencoders, each trained on one digit only, reconstruct all held-out digits. How often is the error of another
digit larger than that of the one it knows? That is the area under the ROC curve; principal components stand beside.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.autoencoding import errors, falling, save_weights
from demos.common import run
from demos.digits import FEWEST, in_batches, load_digits, pictures
from demos.options import Options
from demos.run_folder import claim_folder
from demos.several import Several
from demos.training import Training
from models.autoencoder import DenoisingAutoencoder, dense, gaussian_noise
from models.pca import PCA
from nnlite.metrics import roc_auc
from nnlite.plot import image_grid

DIGITS = range(10)
HIDDEN = (256,)
SIGMA = 0.4  # of the noise they learn to take off: without it they come to copy images of any kind
GOOD = 0.9


class OneForEachDigit(Several):
    """Autoencoders that each take their own digit's part of a batch."""

    def train_step(self, images: nnlite.Tensor, labels: nnlite.Tensor) -> dict[str, nnlite.Tensor]:
        labels = labels.cpu().numpy()
        parts = {name: images[np.flatnonzero(labels == int(name))] for name in self.models}
        losses = [self.models[name].train_step(part)["mse"] for name, part in parts.items() if len(part)]
        return {"mse": nnlite.stack(losses).mean()}


def main() -> int:
    parser = Options("anomaly", __doc__.splitlines()[0], steps=800)
    parser.computes("--latent", 32, "numbers in a code, and components", least=1, most=FEWEST)
    parser.computes("--batch", 500, "digits in a step, of all kinds", least=1, most=8000)
    options, computed = parser.settle()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the ten autoencoders and judge them. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    train, test = load_digits()
    models = {str(k): build(options.latent) for k in DIGITS}
    model = OneForEachDigit(models).to(options.device)
    training = Training(model, options, computed, falling(models.values(), options.steps))
    loader = nnlite.DataLoader(
        list(zip(train.images, train.labels, strict=True)),
        options.batch,
        shuffle=True,
        seed=options.seed,
        device=options.device,
    )

    def scores(k: int) -> np.ndarray:
        return errors(in_batches(models[str(k)].reconstruct, test.images, options.device), test.images)

    def validate() -> dict[str, float]:
        return {str(k): roc_auc(scores(k), test.labels != k) for k in DIGITS}

    if not training.run(loader, validate=validate):
        return training.stopped()
    by_pca = {}
    for k in DIGITS:
        pca = PCA(options.latent).fit(train.images[train.labels == k])
        by_pca[str(k)] = roc_auc(errors(pca.reconstruct(test.images), test.images), test.labels != k)
        save_weights(models[str(k)], options.out / f"autoencoder-{k}.safetensors", computed)
    draw(test.images, test.labels, scores, options.out / "anomalies.png")
    figures = training.finish({"auc": validate(), "auc_pca": by_pca})
    print(report(figures["auc"], by_pca))
    print(f"Look at {options.out / 'anomalies.png'}: for each digit, its own and others with least and most error.")
    return 0


def build(latent: int) -> DenoisingAutoencoder:
    return DenoisingAutoencoder(*dense(latent, HIDDEN), gaussian_noise(SIGMA), lr=2e-3)


def report(auc: dict[str, float], auc_pca: dict[str, float]) -> str:
    """The figures as a table."""
    lines = ["ROC AUC of the reconstruction error, one digit against the nine others, none seen in training:"]
    lines.append(f"{'digit':>8}{'autoencoder':>14}{'PCA':>10}")
    lines += [f"{name:>8}{auc[name]:14.3f}{auc_pca[name]:10.3f}" for name in auc]
    lines.append(f"{'mean':>8}{np.mean(list(auc.values())):14.3f}{np.mean(list(auc_pca.values())):10.3f}")
    good = [sum(value >= GOOD for value in each.values()) for each in (auc, auc_pca)]
    lines.append(f"{f'>= {GOOD}':>8}{good[0]:11} of 10{good[1]:4} of 10")
    return "\n".join(lines)


def draw(images: np.ndarray, labels: np.ndarray, scores: Callable[[int], np.ndarray], path: Path) -> None:
    """A row for each digit: four of its own with the least error and the most, then so for the others."""
    rows = []
    for k in DIGITS:
        order = np.argsort(scores(k))
        own, others = order[labels[order] == k], order[labels[order] != k]
        rows.append(pictures(images[[*own[:4], *own[-4:], *others[:4], *others[-4:]]]))
    groups = ("its own", "its own, odd", "taken for it", "far from it")
    titles = [word for group in groups for word in ("", group, "", "")]
    image_grid(rows, path, titles)


if __name__ == "__main__":
    run("anomaly", main)
