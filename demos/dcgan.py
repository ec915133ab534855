"""Train a DCGAN, a GAN of convolutions, on digits or on a folder of images."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import nnlite
from demos.shared import gans
from demos.shared.digits import BUNDLED, MNIST, load_digits
from demos.shared.options import Options, check_together
from demos.shared.program import UserError, run_program
from demos.shared.run import Run, hold_then_fall
from models.dcgan import DCGAN, STARTS
from stylize.console import path_argument

STEPS, BATCH, LATENT, WIDTH = 900, 64, 64, 16
LR = 1e-3  # five times the paper's: a narrow network takes it, and learns in fewer steps


def main() -> int:
    parser = Options("dcgan", __doc__, steps=STEPS)
    what = f"{BUNDLED} digits, {MNIST} for all 70,000 (downloaded once), or a folder of images (%(default)s)"
    parser.add_argument("--data", type=path_argument, default=Path(BUNDLED), help=what)
    parser.computes_from("data", "image", known=(BUNDLED, MNIST))
    parser.computes("--size", 28, "side of the images, pixels", choices=tuple(STARTS))
    gans.add_options(parser, BATCH, WIDTH, LATENT)
    gans.add_strategy(parser)
    options = parser.settle()
    check_together(options, ("batch", "width"), most=2**17)
    nnlite.manual_seed(options.seed)
    of_digits = str(options.data) in (BUNDLED, MNIST)
    images = gans.digit_images(load_digits(str(options.data))[0], options.size) if of_digits else folder(options)
    model = build(options, images.shape[1]).to(options.device)
    loader = gans.batches(options, images)
    with Run(options, model) as run:
        rates, warned = hold_then_fall(model, options.steps, last_epoch=run.step - 1), set()
        for batch in run.batches(loader):
            model.noise = options.noise * (1.0 - run.step / options.steps)
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                gans.warn(run, warned)
                run.record_picture(gans.draw_samples(model, options))
        if run.interrupted:
            return run.stopped()
        judged = gans.judge_digits(model.sample, options.device, str(options.data)) if of_digits else {}
        gans.report(run, model, judged)
    return 0


def build(options, channels: int = 1) -> DCGAN:
    """The DCGAN that the options describe, with fresh weights."""
    return DCGAN(options.size, channels, options.latent, options.width, gans.strategy(options), LR)


def folder(options) -> np.ndarray:
    """All images in options.data as (N, C, size, size) in [-1, 1]: their central squares, resized.

    C is 1 if all are grey, else 3. Files that cannot be read are named and left out. Raises UserError if fewer than
    two are left.
    """
    from stylize import ImageError, find_images, read_image

    squares = []
    for path in find_images([options.data]):
        try:
            squares.append(square(read_image(path), options.size))
        except ImageError as error:
            print(f"left out: {error}", file=sys.stderr)
    if len(squares) < 2:
        raise UserError(f"{options.data} holds {len(squares)} usable images; a GAN needs two at the very least")
    images = np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1.0
    return images[:, :1] if (images == images[:, :1]).all() else images


def square(image: np.ndarray, side: int) -> np.ndarray:
    """The central square of an image, side x side."""
    from stylize.images import resize

    height, width = image.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    return resize(image[top : top + short, left : left + short], side, side)


if __name__ == "__main__":
    run_program("dcgan", main)
