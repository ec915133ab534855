"""Train an autoencoder to take Gaussian noise off digits (Vincent et al. 2008), and measure the gain in decibels."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

import nnlite
from demos.shared.autoencoders import SHOWN, draw_rows, errors, save_weights
from demos.shared.digits import add_data, load_digits
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import DenoisingAutoencoder, Network, feature_maps, gaussian_noise
from nnlite.plot import image_grid

WIDTHS = 16, 32  # channels at 14x14 and 7x7


def main() -> int:
    parser = Options("denoise", __doc__, steps=2000)
    parser.computes("--sigma", 0.4, "standard deviation of the noise, where paper is 0 and ink 1", least=0.01, most=1e2)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    return restore(options, lambda: feature_maps(*WIDTHS), gaussian_noise(options.sigma), lambda noisy, output: output)


def restore(
    options: argparse.Namespace,
    build: Callable[[], Network],
    corrupt: Callable[[nnlite.Tensor], nnlite.Tensor],
    mend: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> int:
    """Train a network to undo `corrupt`, and judge it on held-out digits; the exit status. demos.inpaint uses it too.

    mend(corrupted, output) is what becomes of the network's output. PSNR is the mean over the digits, of the corrupted
    one as it is, not cut off to 0..1.
    """
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    seen = corrupt(nnlite.tensor(test.images)).numpy()
    model = DenoisingAutoencoder(*build(), corrupt, lr=2e-3).to(options.device)

    def restored() -> np.ndarray:
        return mend(seen, in_batches(model.reconstruct, seen, options.device))

    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(shuffled(options, train.images, train.images)):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                digits = (test.images, seen, restored())
                run.record_picture(draw_rows(SHOWN, *digits))
                run.record_validation(judge(*digits))
        if run.interrupted:
            return run.stopped()
        save_weights(model, options.out / "autoencoder.safetensors", options.computed)
        digits = (test.images, seen, restored())
        image_grid([[draw_rows(4 * SHOWN, *digits)]], options.out / "restored.png")
        figures = run.finish(judge(*digits))
    print(
        f"PSNR of {len(test)} digits never seen in training: {figures['psnr_in']:.2f} dB corrupted, "
        f"{figures['psnr_out']:.2f} dB restored: a gain of {figures['gain']:.2f} dB.\n"
        f"Look at {options.out / 'restored.png'}, rows of originals, corrupted and restored ones."
    )
    return 0


def judge(originals: np.ndarray, corrupted: np.ndarray, restored: np.ndarray) -> dict[str, float]:
    """The PSNR of corrupted and restored digits, and the gain."""
    before, after = (float(decibels(images, originals).mean()) for images in (corrupted, restored))
    return {"psnr_in": before, "psnr_out": after, "gain": after - before}


def decibels(images: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """(N,): the PSNR of each image."""
    return -10.0 * np.log10(np.maximum(errors(images, originals), 1e-10))


if __name__ == "__main__":
    run_program("denoise", main)
