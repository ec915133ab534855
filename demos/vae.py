"""Train a variational autoencoder on digits; look at its reconstructions, at digits between two, and at new ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.shared.autoencoders import save_weights
from demos.shared.digits import Digits, add_data, load_digits, pictures
from demos.shared.images import sheet, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run
from models.vae import NETWORKS, VAE
from nnlite.plot import image_grid

STEPS, BATCH = 2400, 128
SIDE = 10  # samples in a row and in a column
PAIRS = 6  # digits that are turned into others
BETWEEN = 10  # images on the way, with both ends


def main() -> int:
    parser = Options("vae", __doc__, steps=STEPS)
    parser.computes("--kind", "conv", "layers", choices=list(NETWORKS))
    parser.computes("--latent", 16, "numbers in a code", least=1, most=4096)
    parser.computes("--beta", 1.0, "weight of the KL term", least=0.0, most=1e6)
    parser.computes("--batch", BATCH, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    model = VAE(options.kind, options.latent, options.beta).to(options.device)
    codes = nnlite.randn(SIDE * SIDE, options.latent, device=options.device)  # the same ones each time it is looked at
    held_out = nnlite.DataLoader([(image,) for image in test.images], 500, device=options.device)
    loader = shuffled(options, train.images)
    with Run(options, model) as run:
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            if run.due():
                run.record_picture(decode(model, codes))
                run.record_validation(bound(model, held_out))
        if run.interrupted:
            return run.stopped()
        show(model, test, options.device, options.out)
        image_grid([[decode(model, codes)]], options.out / "samples.png")
        save_weights(model, options.out / "vae.safetensors", options.computed)
        figures = run.finish(bound(model, held_out))
    print(
        f"Evidence lower bound of {len(test)} digits never seen in training: {figures['elbo']:.2f} nats an image\n"
        f"(reconstruction {figures['reconstruction']:.2f}, KL {figures['kl']:.2f}).\n"
        f"Look at {options.out / 'reconstructions.png'}, {options.out / 'interpolation.png'} and "
        f"{options.out / 'samples.png'}; the weights are in {options.out / 'vae.safetensors'}."
    )
    return 0


@nnlite.no_grad()
def decode(model: VAE, codes: nnlite.Tensor) -> np.ndarray:
    """The images of these codes as a sheet, SIDE in a row."""
    images = pictures(model.decode(codes))
    return sheet([images[i : i + SIDE] for i in range(0, len(images), SIDE)])


def bound(model: VAE, held_out: nnlite.DataLoader) -> dict[str, float]:
    """The evidence lower bound and its two parts, nats an image; the batches are of one size."""
    with nnlite.no_grad():
        reconstruction, kl = np.mean([[float(term) for term in model.terms(images)] for (images,) in held_out], axis=0)
    return {"elbo": -float(reconstruction + kl), "reconstruction": float(reconstruction), "kl": float(kl)}


@nnlite.no_grad()
def show(model: VAE, digits: Digits, device: str, out: Path) -> None:
    """Draw held-out digits next to their reconstructions, and the ways from some of them to others."""
    images = nnlite.tensor(digits.images[:24], device=device)
    both = [image for pair in zip(pictures(images), pictures(model.reconstruct(images)), strict=True) for image in pair]
    rows = [both[i : i + 12] for i in range(0, len(both), 12)]
    image_grid(rows, out / "reconstructions.png", titles=("input", "output") * 6)

    first, last = images[:PAIRS], images[PAIRS : 2 * PAIRS]
    start, end = model.encode(first)[0], model.encode(last)[0]
    ways = [pictures(model.decode(start + t * (end - start))) for t in np.linspace(0.0, 1.0, BETWEEN).tolist()]
    columns = [pictures(first), *ways, pictures(last)]
    titles = ("input", *[""] * BETWEEN, "input")
    image_grid(list(zip(*columns, strict=True)), out / "interpolation.png", titles)


if __name__ == "__main__":
    run_program("vae", main)
