"""Train two autoencoders with a code of two numbers, a plain and a variational one, and look at their planes of codes.

The plain one puts a digit anywhere: far from the centre, on rays, with empty land between them, where its decoder never
had to draw. The variational one spreads its digits about as N(0, 1), so a code drawn from N(0, 1) becomes a digit; with
the plain one, you have to look at its codes first. The figures do not show that the land between the codes is bad: the
plane is so crowded that LeNet-5 is about as sure of what is drawn there in one as in the other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.autoencoders import mse, save_weights
from demos.shared.digits import Digits, add_data, load_digits, load_lenet5, pictures
from demos.shared.images import in_batches, sheet, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run
from models.autoencoder import Autoencoder, dense
from models.classifiers import Classifier
from models.vae import VAE
from nnlite.metrics import frechet_distance
from nnlite.plot import image_grid, scatter

SIDE = 16  # images in a row of the walk through the plane, and of the samples
DRAWN = 2000  # points drawn at random, for the figures
SURE = 0.9

Coders = dict[str, tuple[Callable, Callable]]  # name -> (encode, decode)


def main() -> int:
    parser = Options("latent", __doc__, steps=4000)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    plain = Autoencoder(*dense(2)).to(options.device)
    variational = VAE("dense", 2).to(options.device)
    coders: Coders = {
        "autoencoder": (plain.encode, plain.decode),
        "VAE": (lambda images: variational.encode(images)[0], variational.decode),  # the mean of its codes
    }
    loader = shuffled(options, train.images)
    with Run(options, {"autoencoder": plain, "VAE": variational}) as run:
        for batch in run.batches(loader):
            mse_step, loss_step = plain.train_step(*batch)["mse"], variational.train_step(*batch)["loss"]
            run.record({"autoencoder mse": mse_step, "VAE loss": loss_step})
            if run.due():
                run.record_picture(np.vstack(list(walks(coders, test, options.device, side=8).values())))
        if run.interrupted:
            return run.stopped()
        draw(coders, test, options.device, options.out)
        figures = run.finish(judge(coders, test, options.device))
        save_weights(plain, options.out / "autoencoder.safetensors", options.computed)
        save_weights(variational, options.out / "vae.safetensors", options.computed)
    print(f"{'':40}{'autoencoder':>12}{'VAE':>8}")
    for name, text in FIGURES.items():
        print(f"{text:40}{figures['autoencoder'][name]:12.4g}{figures['VAE'][name]:8.4g}")
    print(f"Look at {options.out / 'latent.png'}, {options.out / 'planes.png'} and {options.out / 'samples.png'}.")
    return 0


FIGURES = {
    "mse": "mean squared error, held-out digits",
    "sure": "read with confidence, all over the plane",
    "frechet_distance": "Frechet distance, images from N(0, 1)",
    "digits": "digits among images from N(0, 1)",
}


def judge(coders: Coders, test: Digits, device: str) -> dict[str, dict[str, float]]:
    """The figures of both, as FIGURES names them.

    sure               the share of images, from points all over the part of the plane that `walks` shows, which LeNet-5
                       reads with more confidence than SURE
    frechet_distance   between held-out digits and images from N(0, 1), by the features of LeNet-5
    digits             how many of the ten it sees in at least 1 % of these images
    """
    rng, lenet, figures = np.random.default_rng(0), load_lenet5(device=device), {}
    normal = rng.standard_normal((DRAWN, 2), np.float32)
    real = in_batches(lenet.features, test.images, device)
    for name, (encode, decode) in coders.items():
        codes = in_batches(encode, test.images, device)
        anywhere = rng.uniform(*region(codes), (DRAWN, 2)).astype(np.float32)
        confidence = in_batches(Classifier(lenet).predict, in_batches(decode, anywhere, device), device).max(1)
        drawn = in_batches(decode, normal, device)
        seen = in_batches(lenet, drawn, device).argmax(1)
        figures[name] = {
            "mse": mse(in_batches(decode, codes, device), test.images),
            "sure": float((confidence > SURE).mean()),
            "frechet_distance": frechet_distance(real, in_batches(lenet.features, drawn, device)),
            "digits": int((np.bincount(seen, minlength=10) >= DRAWN / 100).sum()),
        }
    return figures


def region(codes: np.ndarray) -> np.ndarray:
    """The lower left and upper right corner of the plane without the outermost 2 % of the codes on each side."""
    return np.quantile(codes, (0.02, 0.98), axis=0)


def draw(coders: Coders, digits: Digits, device: str, out: Path) -> None:
    """The codes coloured by their digits, the planes they lie in, and images from codes drawn from N(0, 1)."""
    scatter(
        {name: (in_batches(encode, digits.images, device), digits.labels) for name, (encode, _) in coders.items()},
        out / "latent.png",
    )
    planes = walks(coders, digits, device)
    image_grid([list(planes.values())], out / "planes.png", titles=list(planes), scale=1)
    points = np.random.default_rng(1).standard_normal((SIDE * SIDE, 2), np.float32)
    samples = [square(in_batches(decode, points, device)) for _, decode in coders.values()]
    image_grid([samples], out / "samples.png", titles=list(coders), scale=1)


def walks(coders: Coders, digits: Digits, device: str, side: int = SIDE) -> dict[str, np.ndarray]:
    """The images decoded from a grid over the region of the codes in each plane."""
    sheets = {}
    for name, (encode, decode) in coders.items():
        low, high = region(in_batches(encode, digits.images, device))
        x, y = (np.linspace(a, b, side, dtype=np.float32) for a, b in zip(low, high, strict=True))
        grid = np.stack(np.meshgrid(x, y[::-1]), -1).reshape(-1, 2)  # upwards, as in the scatter
        sheets[name] = square(in_batches(decode, grid, device), side)
    return sheets


def square(images: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A sheet with `side` digits in a row."""
    cells = pictures(images)
    return sheet([cells[i : i + side] for i in range(0, len(cells), side)])


if __name__ == "__main__":
    run_program("latent", main)
