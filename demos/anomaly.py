"""Know a digit from all others without having seen another: an autoencoder is bad at what it was not trained on.

Ten autoencoders, each trained on one digit only, reconstruct all held-out digits. How often is the error of another
digit larger than that of the one it knows? That is the area under the ROC curve; principal components do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.autoencoders import errors, save_weights
from demos.shared.digits import FEWEST, Digits, add_data, load_digits, pictures
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import DenoisingAutoencoder, dense, gaussian_noise
from models.pca import PCA
from nnlite.metrics import roc_auc
from nnlite.plot import image_grid

DIGITS = 10
HIDDEN = (256,)
SIGMA = 0.4  # of the noise they learn to take off: without it they come to copy images of any kind
GOOD = 0.9


def main() -> int:
    parser = Options("anomaly", __doc__.splitlines()[0], steps=800)
    parser.computes("--latent", 32, "numbers in a code, and components", least=1, most=FEWEST)
    parser.computes("--batch", 500, "digits in a step, of all kinds", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    models = [build(options.latent).to(options.device) for _ in range(DIGITS)]
    loader = shuffled(options, train.images, train.labels)

    def scores(digit: int) -> np.ndarray:
        return errors(in_batches(models[digit].reconstruct, test.images, options.device), test.images)

    def areas() -> dict[str, float]:
        return {str(digit): roc_auc(scores(digit), test.labels != digit) for digit in range(DIGITS)}

    with Run(options, {str(digit): model for digit, model in enumerate(models)}) as run:
        rates = [fall_to_zero(model.optimizer, options.steps, run.step) for model in models]
        for images, labels in run.batches(loader):
            run.record(train_step(models, images, labels.cpu().numpy()))
            for rate in rates:
                rate.step()
            if run.due():
                run.record_validation(areas())
        if run.interrupted:
            return run.stopped()
        for digit, model in enumerate(models):
            save_weights(model, options.out / f"autoencoder-{digit}.safetensors", options.computed)
        draw(test.images, test.labels, scores, options.out / "anomalies.png")
        figures = run.finish({"auc": areas(), "auc_pca": areas_of_components(options.latent, train, test)})
    print(report(figures["auc"], figures["auc_pca"]))
    print(f"Look at {options.out / 'anomalies.png'}: for each digit, its own and others with least and most error.")
    return 0


def train_step(
    models: Sequence[DenoisingAutoencoder], images: nnlite.Tensor, labels: np.ndarray
) -> dict[str, nnlite.Tensor]:
    """Each model learns from its own digit's part of a batch; their mean loss."""
    parts = [(model, images[np.flatnonzero(labels == digit)]) for digit, model in enumerate(models)]
    losses = [model.train_step(part)["mse"] for model, part in parts if len(part)]
    return {"mse": nnlite.stack(losses).mean()}


def build(latent: int) -> DenoisingAutoencoder:
    return DenoisingAutoencoder(*dense(latent, HIDDEN), gaussian_noise(SIGMA), lr=2e-3)


def areas_of_components(count: int, train: Digits, test: Digits) -> dict[str, float]:
    """The same areas for as many principal components of each digit."""
    areas = {}
    for digit in range(DIGITS):
        pca = PCA(count).fit(train.images[train.labels == digit])
        areas[str(digit)] = roc_auc(errors(pca.reconstruct(test.images), test.images), test.labels != digit)
    return areas


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
    """A row for each digit: four of its own with least error and four with most; then the same of the others."""
    rows = []
    for k in range(DIGITS):
        order = np.argsort(scores(k))
        own, others = order[labels[order] == k], order[labels[order] != k]
        rows.append(pictures(images[[*own[:4], *own[-4:], *others[:4], *others[-4:]]]))
    groups = ("its own", "its own, odd", "taken for it", "far from it")
    titles = [word for group in groups for word in ("", group, "", "")]
    image_grid(rows, path, titles)


if __name__ == "__main__":
    run_program("anomaly", main)
