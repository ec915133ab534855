"""Train a Wasserstein GAN with clipped weights, between the networks of the DCGAN, on digits."""

from __future__ import annotations

import nnlite
from demos.shared import gans
from demos.shared.digits import add_data, load_digits
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.dcgan import Discriminator, Generator
from models.gan_strategies import Strategy
from models.wgan import WGAN

LR = 5e-4  # ten times the paper's, for a narrower network and fewer steps


def main() -> int:
    parser = Options("wgan", __doc__, steps=1000)
    gans.add_options(parser, batch=32, width=16)
    parser.computes("--discriminator-steps", 5, "the critic's steps before the generator's", least=1, most=4000)
    parser.computes("--generator-steps", 1, "its steps after those", least=1, most=1000)
    parser.computes("--clip", 0.01, "every weight of the critic stays within -CLIP and CLIP", least=1e-6, most=1e6)
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "discriminator_steps", "width"), most=2**18)
    nnlite.manual_seed(options.seed)
    steps = Strategy(discriminator_steps=options.discriminator_steps, generator_steps=options.generator_steps)
    generator, critic = Generator(28, 1, options.latent, options.width), Discriminator(28, 1, options.width)
    model = WGAN(generator, critic, steps, LR, options.clip).to(options.device)
    loader = gans.batches(options, gans.digit_images(load_digits(options.data)[0]))
    with Run(options, model) as run:
        rates, warned = hold_then_fall(model, options.steps, last_epoch=run.step - 1), set()
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                gans.warn(run, warned)
                run.record_picture(gans.draw_samples(model, options))
        if run.interrupted:
            return run.stopped()
        gans.report(run, model, gans.judge_digits(model.sample, options.device, options.data))
    return 0


if __name__ == "__main__":
    run_program("wgan", main)
