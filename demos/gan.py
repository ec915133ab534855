"""Train a generative adversarial network on digits; with --conditional, one that draws the digit asked for."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import nnlite
from demos.adversarial import JUDGED, Game, add_options, add_strategy, digit_images, draw_digits, judge_digits, strategy
from demos.common import run
from demos.digits import in_batches, load_digits, load_lenet5
from demos.options import Options
from demos.run_folder import claim_folder
from models.gan import GAN, ConditionalGAN, DenseDiscriminator, DenseGenerator

LR = 5e-4  # more than the 2e-4 of wider networks, which are trained for longer


def main() -> int:
    parser = Options("gan", __doc__, steps=7000)
    parser.computes("--conditional", False, "both networks also see the label")
    add_options(parser, batch=64, width=256, widest=4096)
    add_strategy(parser, label=0.9)
    options, computed = parser.settle()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the GAN and judge its digits. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    model = build(options)
    train, _ = load_digits()
    game = Game(model, options, computed, digit_images(train), train.labels if options.conditional else None)
    if not game.play():
        return game.training.stopped()
    figures = judge_digits(model.sample, options.device)
    if options.conditional:
        figures["as_asked"] = as_asked(model, options.device)
    return game.finish(figures)


def build(options) -> GAN:
    """The GAN that the options describe, with fresh weights."""
    if options.conditional:
        return ConditionalGAN(10, options.latent, options.width, strategy=strategy(options), lr=LR)
    generator = DenseGenerator(options.latent, options.width)
    return GAN(generator, DenseDiscriminator(options.width), strategy(options), LR)


def as_asked(model: ConditionalGAN, device: str) -> float:
    """The share of samples, all digits in turn, that LeNet-5 reads as the digit they were asked to be."""
    lenet = load_lenet5(device=device)
    images = draw_digits(model.sample, JUDGED)  # batches of a multiple of ten: each begins with digit 0
    return float((in_batches(lenet, images, device).argmax(1) == np.arange(JUDGED) % 10).mean())


if __name__ == "__main__":
    run("gan", main)
