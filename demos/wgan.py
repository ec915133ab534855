"""Train a Wasserstein GAN, with clipped weights or a gradient penalty, between the networks of the DCGAN, on digits."""

from __future__ import annotations

import argparse

import numpy as np

import nnlite
from demos.shared import gans
from demos.shared.digits import add_data, load_digits
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.dcgan import Discriminator, Generator
from models.gan_strategies import Strategy
from models.wgan import WGAN, Wasserstein
from models.wgan_gp import WGANGP, SmoothCritic, steepest
from nnlite.plot import curves

LR = {"clip": 5e-4, "gradient": 1e-3}  # ten times the papers', for a narrower network and fewer steps
SLOPES = 500  # points at which the critic's gradient is measured


def main() -> int:
    parser = Options("wgan", __doc__, steps=1000)
    gans.add_options(parser, batch=32, width=16)
    parser.computes("--discriminator-steps", 5, "the critic's steps before the generator's", least=1, most=4000)
    parser.computes("--generator-steps", 1, "its steps after those", least=1, most=1000)
    parser.computes("--penalty", "clip", "what bounds the critic: clipped weights or a penalty", choices=tuple(LR))
    parser.computes("--clip", 0.01, "every weight that is clipped stays within -CLIP and CLIP", least=1e-6, most=1e6)
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "discriminator_steps", "width"), most=2**18)
    nnlite.manual_seed(options.seed)
    model = build(options).to(options.device)
    digits, held_out = load_digits(options.data)
    loader = gans.batches(options, gans.digit_images(digits))
    real = gans.digit_images(held_out)[:SLOPES]
    with Run(options, model) as run:
        rates, warned = hold_then_fall(model, options.steps, last_epoch=run.step - 1), set()
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                gans.warn(run, warned)
                run.record_picture(gans.draw_samples(model, options))
                run.record_validation(slopes(model, real, options))
        if run.interrupted:
            return run.stopped()
        draw_slopes(run)
        slope = slopes(model, real, options)
        gans.report(run, model, gans.judge_digits(model.sample, options.device, options.data) | slope)
        print(
            "Between held-out digits and samples the critic's gradient has length "
            f"{slope['slope']:.3g} +- {slope['deviation']:.2g}; see {run.out / 'slopes.png'}."
        )
    return 0


def build(options: argparse.Namespace) -> Wasserstein:
    """The model that the options describe, with fresh weights."""
    steps = Strategy(discriminator_steps=options.discriminator_steps, generator_steps=options.generator_steps)
    generator, lr = Generator(28, 1, options.latent, options.width), LR[options.penalty]
    if options.penalty == "gradient":
        return WGANGP(generator, SmoothCritic(28, 1, options.width), steps, lr)
    return WGAN(generator, Discriminator(28, 1, options.width), steps, lr, options.clip)


def slopes(model: Wasserstein, real: np.ndarray, options: argparse.Namespace) -> dict[str, float]:
    """Mean and deviation of the length of the critic's gradient, at points between real images and samples.

    Batch norm, if the critic has any, takes its running statistics: only then has one image a gradient of its own.
    """
    noise = nnlite.tensor(gans.fixed_noise(model, len(real), options.seed), device=options.device)
    generated, critic = model.generate(noise), model.discriminator
    t = nnlite.linspace(0.0, 1.0, len(real), device=options.device).reshape(-1, 1, 1, 1)
    slope, _ = steepest(critic.eval(), generated + t * (nnlite.tensor(real, device=options.device) - generated))
    critic.train()
    return {"slope": float(slope.mean()), "deviation": float(slope.std())}


def draw_slopes(run: Run) -> None:
    """Write slopes.png: the length of the critic's gradient as training went on."""
    names = {"length of the critic's gradient, mean": "slope", "its deviation": "deviation"}
    series = {title: [row[name] for row in run.validations] for title, name in names.items()}
    curves(series, run.out / "slopes.png", [row["step"] for row in run.validations])


if __name__ == "__main__":
    run_program("wgan", main)
