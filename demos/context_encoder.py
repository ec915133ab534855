"""Complete digits behind a grey square by a context encoder, next to an autoencoder and to OpenCV's inpainting.

Both networks have the same layers and see the same digits. One minimises the squared error; the other also has to
deceive a discriminator, which costs decibels and pays in sharpness.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import cv2
import numpy as np

import nnlite
from demos.denoise import decibels
from demos.inpaint import LATENT, inside_the_square
from demos.shared.autoencoders import SHOWN, draw_rows
from demos.shared.digits import Digits, add_data, load_digits, load_lenet5
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import UserError, run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import DenoisingAutoencoder, convolutional, masked_square
from models.classifiers import LeNet5
from models.context_encoder import ContextEncoder
from models.dcgan import Discriminator
from nnlite.plot import image_grid

LR = 2e-3
WIDTH = 16  # of the discriminator
RADIUS = 3  # pixels around a hole's edge that OpenCV's inpainting goes by


def main() -> int:
    parser = Options("context_encoder", __doc__.splitlines()[0], steps=1200)
    parser.computes("--side", 12, "side of the square, pixels", least=1)
    parser.computes("--adversarial-weight", 0.02, "of the discriminator's opinion; 0: none", least=0.0, most=1e6)
    parser.computes("--batch", 64, "digits in a step", least=2, most=8000)
    add_data(parser)
    options = parser.settle()
    if options.side > 24:
        raise UserError(f"--side {options.side} leaves too little of 28x28 pixels to go by; use at most 24")
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    cut = masked_square(options.side)
    holes = cut(nnlite.tensor(test.images)).numpy()
    plain = DenoisingAutoencoder(*convolutional(LATENT), cut, LR).to(options.device)
    context = build(options, cut).to(options.device)
    with Run(options, {"autoencoder": plain, "context_encoder": context}) as run:
        optimizers = (plain.optimizer, context.generator_optimizer, context.discriminator_optimizer)
        rates = [fall_to_zero(o, options.steps, run.step) for o in optimizers]
        for (images,) in run.batches(shuffled(options, train.images)):
            run.record(plain.train_step(images) | context.train_step(images))
            for rate in rates:
                rate.step()
            if run.due():
                some = complete(holes[:SHOWN], plain, context, options.device)
                run.record_picture(draw_rows(SHOWN, test.images, holes, *some.values()))
        if run.interrupted:
            return run.stopped()
        completed = {"the square left grey": holes, "cv2.inpaint": by_opencv(holes)}
        completed |= complete(holes, plain, context, options.device)
        rows = (test.images, *completed.values())
        image_grid([[draw_rows(2 * SHOWN, *rows)]], options.out / "completed.png")
        nnlite.save(context.generator.state_dict(), options.out / "context_encoder.safetensors")
        lenet = load_lenet5(device=options.device)
        figures = {name: judge(of, holes, test, lenet, options.device) for name, of in completed.items()}
        figures["original"] = judge(test.images, holes, test, lenet, options.device)
        run.finish(figures)
    print(report(figures, len(test)))
    print(f"Look at {options.out / 'completed.png'}: originals, holes, and what fills them:")
    print(f"{', '.join(list(completed)[1:])}.")
    return 0


def build(options: argparse.Namespace, cut: Callable[[nnlite.Tensor], nnlite.Tensor]) -> ContextEncoder:
    """A context encoder with the autoencoder's layers."""
    return ContextEncoder(
        *convolutional(LATENT),
        Discriminator(28, 2, WIDTH),
        cut,
        adversarial_weight=options.adversarial_weight,
        lr=LR,
    )


def complete(
    holes: np.ndarray, plain: DenoisingAutoencoder, context: ContextEncoder, device: str
) -> dict[str, np.ndarray]:
    """Both networks' completions of images with holes."""
    return {
        "autoencoder": inside_the_square(holes, in_batches(plain.reconstruct, holes, device)),
        "context encoder": in_batches(context.complete, holes, device),
    }


def by_opencv(holes: np.ndarray) -> np.ndarray:
    """Holes filled from their edges inward by weighted means of what is known (Telea 2004)."""
    filled = np.empty_like(holes)
    for image, out in zip(holes[:, 0], filled[:, 0], strict=True):
        grey, mask = np.rint(255.0 * image).astype(np.uint8), (image == 0.5).astype(np.uint8)
        out[...] = cv2.inpaint(grey, mask, RADIUS, cv2.INPAINT_TELEA) / 255.0
    return filled


def judge(completed: np.ndarray, holes: np.ndarray, digits: Digits, lenet: LeNet5, device: str) -> dict[str, float]:
    """PSNR of the whole digit, sharpness inside the hole as a share of the original's, and the share still read right.

    The sharpness is the mean length of the gradient.
    """
    inside = (holes == 0.5)[:, 0]
    steepness, original = (
        np.hypot(*np.gradient(x[:, 0], axis=(1, 2)))[inside].mean() for x in (completed, digits.images)
    )
    return {
        "psnr": float(decibels(completed, digits.images).mean()),
        "sharpness": float(steepness / original),
        "read_right": float((in_batches(lenet, completed, device).argmax(1) == digits.labels).mean()),
    }


def report(figures: dict[str, dict[str, float]], count: int) -> str:
    """The figures as a table."""
    lines = [f"{count} digits never seen in training:", f"{'':22}{'PSNR':>9}{'sharpness':>11}{'read right':>12}"]
    for name, of in figures.items():
        psnr = "" if name == "original" else f"{of['psnr']:.2f} dB"
        lines.append(f"{name:22}{psnr:>9}{of['sharpness']:11.2f}{of['read_right']:12.1%}")
    return "\n".join(lines)


if __name__ == "__main__":
    run_program("context_encoder", main)
