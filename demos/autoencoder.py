"""Train an autoencoder on digits, and look at its reconstructions and its codes.

Course material writes the training as one call,

    autoencoder.fit(x, x, epochs=50, batch_size=256, shuffle=True, validation_data=(x_test, x_test))

The loop in `main` is what such a call hides: `shuffled` gives it (x, x) in batches of 256, the validation is the
error on x_test, and --steps 1600 are 50 epochs of 8,000 digits. The history that `fit` returns is run.losses and
run.validations, drawn in history.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.autoencoders import SHOWN, draw_rows, mse, save_weights
from demos.shared.digits import Digits, add_data, load_digits, pictures
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import (
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    convolutional,
    dense,
    masking_noise,
    one_layer,
    squared_jacobian,
    tied,
)
from models.pca import PCA
from nnlite import nn
from nnlite.plot import history, image_grid, scatter

MASKED = 0.5  # share of the pixels that the denoising kind has to put back

KINDS = {
    "dense": lambda o: Autoencoder(*dense(o.latent)),
    "conv": lambda o: Autoencoder(*convolutional(o.latent, hidden=(128,)), lr=2e-3),
    "denoising": lambda o: DenoisingAutoencoder(*one_layer(o.units), masking_noise(MASKED), lr=3e-3),
    "sparse": lambda o: SparseAutoencoder(*one_layer(o.units, SPARSE[o.penalty]), o.penalty, lr=3e-3),
    "contractive": lambda o: ContractiveAutoencoder(*tied(o.units)),
}
ONE_LAYER = ("denoising", "sparse", "contractive")  # as in their papers, so that one can look at the units
SPARSE = {"kl": nn.Sigmoid, "l1": nn.ReLU}  # what the units of each penalty are


def main() -> int:
    parser = Options("autoencoder", __doc__.splitlines()[0], steps=1600)
    parser.computes("--kind", "dense", "what is trained", choices=list(KINDS))
    parser.computes("--latent", 2, "numbers in the code of dense and conv", least=1, most=784)
    parser.computes("--units", 256, "units in the one layer of the others", least=1, most=16384)
    parser.computes("--penalty", "kl", "what makes sparse sparse", choices=list(SPARSE))
    parser.computes("--batch", 256, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    model = KINDS[options.kind](options).to(options.device)
    seen, targets = test.images, []
    if options.kind == "denoising":  # it has to put back what it does not see
        seen, targets = corrupted(test.images, options.seed), [test.images]
    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(shuffled(options, train.images, train.images)):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                restored = in_batches(model.reconstruct, seen, options.device)
                run.record_picture(draw_rows(SHOWN, seen, restored, *targets))
                run.record_validation({"mse": mse(restored, test.images)})
        if run.interrupted:
            return run.stopped()
        save_weights(model, options.out / "autoencoder.safetensors", options.computed)
        restored = in_batches(model.reconstruct, seen, options.device)
        image_grid([[draw_rows(4 * SHOWN, seen, restored, *targets)]], options.out / "reconstructions.png")
        draw_history(run, options.out / "history.png")
        look = ["reconstructions.png", "history.png", *show_code(model, test, options)]
        figures = run.finish({"mse": mse(restored, test.images), **compare(model, train, test, options)})
    print(report(figures, len(test)))
    print(f"Look at {', '.join(str(options.out / name) for name in look)}.")
    return 0


def corrupted(images: np.ndarray, seed: int) -> np.ndarray:
    """Held-out digits as the denoising kind is given them: the same pixels are missing each time."""
    kept = np.random.default_rng(seed).random(images.shape) >= MASKED
    return images * kept


def draw_history(run: Run, path: Path) -> None:
    """The error of every step, and that on held-out digits."""
    rows = {"training": run.losses, "held out": run.validations}
    series = {name: ([row["step"] for row in part], [row["mse"] for row in part]) for name, part in rows.items()}
    history(series, path, ylabel="mean squared error")


def show_code(model: Autoencoder, test: Digits, options: argparse.Namespace) -> list[str]:
    """Draw where the codes of two numbers lie, and what the units of a single layer look for; the files' names."""
    if options.kind in ONE_LAYER:
        weight = model.encoder[1].weight.detach().cpu().numpy()[: 10 * SHOWN].reshape(-1, 1, 28, 28)
        largest = np.abs(weight).max((1, 2, 3), keepdims=True)
        units = pictures(0.5 + 0.5 * weight / largest)  # grey: the pixel does not count
        image_grid([units[i : i + SHOWN] for i in range(0, len(units), SHOWN)], options.out / "units.png")
        return ["units.png"]
    if options.latent == 2:
        codes = in_batches(model.encode, test.images, options.device)
        scatter({f"codes of {len(test)} held-out digits": (codes, test.labels)}, options.out / "codes.png")
        return ["codes.png"]
    return []


def compare(model: Autoencoder, train: Digits, test: Digits, options: argparse.Namespace) -> dict[str, float]:
    """What is to be compared: the error of as many principal components, or what the penalty has brought about."""
    codes = in_batches(model.encode, test.images, options.device)
    if options.kind in ("dense", "conv"):
        return {"pca_mse": mse(PCA(options.latent).fit(train.images).reconstruct(test.images), test.images)}
    if options.kind == "sparse":
        return {"mean_activation": float(codes.mean()), "active_share": float((codes > 0.1).mean())}
    if options.kind == "contractive":
        weight = model.encoder[1].weight.cpu()
        return {"squared_jacobian": float(squared_jacobian(nnlite.Tensor(codes), weight).mean())}
    return {"corrupted_mse": mse(corrupted(test.images, options.seed), test.images)}


def report(figures: dict, count: int) -> str:
    """The figures in words."""
    others = {
        "pca_mse": "{:.4f} by as many principal components",
        "corrupted_mse": "{:.4f} of the corrupted input",
        "active_share": "{:.1%} of the units above .1",
        "squared_jacobian": "squared norm of the encoder's Jacobian {:.2f}",
    }
    lines = [f"Mean squared error on {count} digits never seen in training: {figures['mse']:.4f} a pixel"]
    lines += [f"  {text.format(figures[name])}" for name, text in others.items() if name in figures]
    return "\n".join(lines)


if __name__ == "__main__":
    run_program("autoencoder", main)
