"""Train a DCGAN, a GAN of convolutions, on digits or on a folder of images."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

import nnlite
from demos.adversarial import Game, add_options, add_strategy, digit_images, judge_digits, strategy
from demos.common import UserError, run
from demos.digits import load_digits
from demos.options import Options
from demos.run_folder import claim_folder
from demos.sizes import check_together
from models.dcgan import DCGAN, STARTS
from stylize.console import path_argument

STEPS, BATCH, LATENT, WIDTH = 900, 64, 64, 16
LR = 1e-3  # five times the paper's: a narrow network takes it, and learns in fewer steps


def main() -> int:
    parser = Options("dcgan", __doc__, steps=STEPS)
    parser.add_argument("--data", type=path_argument, help="folder of images (default: the project's digits)")
    parser.computes_from("data", "image")
    parser.computes("--size", 28, "side of the images, pixels", choices=tuple(STARTS))
    add_options(parser, BATCH, WIDTH, LATENT)
    add_strategy(parser)
    options, computed = parser.settle()
    check_together(options, ("batch", "width"), most=2**17)
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the DCGAN and judge its digits. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    images = digit_images(load_digits()[0], options.size) if options.data is None else folder(options)
    model = build(options, images.shape[1])
    game = Game(model, options, computed, images)
    if not game.play():
        return game.training.stopped(*([] if options.data is None else ["--data", str(options.data)]))
    return game.finish({} if options.data else judge_digits(model.sample, options.device))


def build(options, channels: int = 1) -> DCGAN:
    """The DCGAN that the options describe, with fresh weights."""
    return DCGAN(options.size, channels, options.latent, options.width, strategy(options), LR)


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
    run("dcgan", main)
