"""Train a Wasserstein GAN with clipped weights, between the networks of the DCGAN, on digits."""

from __future__ import annotations

import argparse
from typing import Any

import nnlite
from demos.adversarial import Game, add_options, digit_images, judge_digits
from demos.common import run
from demos.digits import load_digits
from demos.options import Options
from demos.run_folder import claim_folder
from demos.sizes import check_together
from models.dcgan import Discriminator, Generator
from models.gan_strategies import Strategy
from models.wgan import WGAN

LR = 5e-4  # ten times the paper's, for a narrower network and fewer steps


def main() -> int:
    parser = Options("wgan", __doc__, steps=1000)
    add_options(parser, batch=32, width=16)
    parser.computes("--discriminator-steps", 5, "the critic's steps before the generator's", least=1, most=4000)
    parser.computes("--generator-steps", 1, "its steps after those", least=1, most=1000)
    parser.computes("--clip", 0.01, "every weight of the critic stays within -CLIP and CLIP", least=1e-6, most=1e6)
    options, computed = parser.settle()
    check_together(options, ("batch", "discriminator_steps", "width"), most=2**18)
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the WGAN and judge its digits. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    steps = Strategy(discriminator_steps=options.discriminator_steps, generator_steps=options.generator_steps)
    generator, critic = Generator(28, 1, options.latent, options.width), Discriminator(28, 1, options.width)
    model = WGAN(generator, critic, steps, LR, options.clip)
    game = Game(model, options, computed, digit_images(load_digits()[0]))
    if not game.play():
        return game.training.stopped()
    return game.finish(judge_digits(model.sample, options.device))


if __name__ == "__main__":
    run("wgan", main)
