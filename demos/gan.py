"""Train a generative adversarial network on digits; with --conditional, one that draws the digit asked for."""

from __future__ import annotations

import numpy as np

import nnlite
from demos.shared import gans
from demos.shared.digits import add_data, load_digits, load_lenet5
from demos.shared.images import in_batches
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.gan import GAN, ConditionalGAN, DenseDiscriminator, DenseGenerator

LR = 5e-4  # more than the 2e-4 of wider networks, which are trained for longer


def main() -> int:
    parser = Options("gan", __doc__, steps=7000)
    parser.computes("--conditional", False, "both networks also see the label")
    gans.add_options(parser, batch=64, width=256, widest=4096)
    gans.add_strategy(parser, label=0.9)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    model = build(options).to(options.device)
    digits, _ = load_digits(options.data)
    loader = gans.batches(options, gans.digit_images(digits), digits.labels if options.conditional else None)
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
        figures = gans.judge_digits(model.sample, options.device, options.data)
        if options.conditional:
            figures["as_asked"] = as_asked(model, options.device)
        gans.report(run, model, figures)
    return 0


def build(options) -> GAN:
    """The GAN that the options describe, with fresh weights."""
    if options.conditional:
        return ConditionalGAN(10, options.latent, options.width, strategy=gans.strategy(options), lr=LR)
    generator = DenseGenerator(options.latent, options.width)
    return GAN(generator, DenseDiscriminator(options.width), gans.strategy(options), LR)


def as_asked(model: ConditionalGAN, device: str) -> float:
    """The share of samples, all digits in turn, that LeNet-5 reads as the digit that was asked for."""
    lenet = load_lenet5(device=device)
    images = gans.draw_digits(model.sample, gans.JUDGED)  # batches of a multiple of ten: each begins with digit 0
    return float((in_batches(lenet, images, device).argmax(1) == np.arange(gans.JUDGED) % 10).mean())


if __name__ == "__main__":
    run_program("gan", main)
