"""Train a GAN with self-attention on digits, and draw where its generator looks while it draws."""

from __future__ import annotations

import argparse

import numpy as np

import nnlite
from demos.shared import gans
from demos.shared.digits import add_data, load_digits
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.gan_strategies import Strategy
from models.sagan import SAGAN, SelfAttention
from nnlite.plot import image_grid

LR = 1e-3, 2e-3  # more than the paper's, for narrower networks and fewer steps
DRAWN = 8  # images whose attention is drawn
RED, GREEN = np.array([255.0, 60.0, 40.0]), np.array([60, 220, 80], np.uint8)
COLUMNS = ("image", "from its top", "its bottom", "the paper")
FULL = 5.0  # red is full where the attention is this many times an even one


def main() -> int:
    parser = Options("sagan", __doc__, steps=1000)
    gans.add_options(parser, batch=32, width=16)
    parser.computes("--size", 28, "side of the images, pixels", choices=(28, 32))
    parser.computes("--discriminator-steps", 1, "its steps before the generator's", least=1, most=1000)
    parser.computes("--attention", True, "attention in both networks")
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "discriminator_steps", "width"), most=2**17)
    if options.attention:
        check_together(options, ("batch", "size", "size", "size", "size"), most=2**29)  # each place looks at each
    nnlite.manual_seed(options.seed)
    model = build(options).to(options.device)
    loader = gans.batches(options, gans.digit_images(load_digits(options.data)[0], options.size))
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
        figures = gans.judge_digits(model.sample, options.device, options.data)
        if options.attention:
            figures |= examine_attention(model, options)
        gans.report(run, model, figures)
        if options.attention:
            print(
                f"gamma is {figures['gamma_generator']:.2f} in the generator, {figures['gamma_discriminator']:.2f} in "
                f"the discriminator. The generator looks {figures['pixels_away']:.1f} pixels\naway on average, "
                f"{figures['pixels_away_evenly']:.1f} if it looked everywhere alike: see {run.out / 'attention.png'}.\n"
                "Compare with --no-attention."
            )
    return 0


def build(options: argparse.Namespace) -> SAGAN:
    """The SAGAN that the options describe, with fresh weights."""
    steps = Strategy(discriminator_steps=options.discriminator_steps)
    return SAGAN(options.size, 1, options.latent, options.width, LR, options.attention, steps)


def examine_attention(model: SAGAN, options: argparse.Namespace) -> dict[str, float]:
    """Draw attention.png; how much the attention adds to its input (gamma), and how far it looks, in pixels."""
    noise = nnlite.tensor(gans.fixed_noise(model, 10 * DRAWN, options.seed), device=options.device)
    images, maps = (x.cpu().numpy() for x in model.attention_maps(noise))
    rows = [draw_looks(image, looks) for image, looks in zip(images[:DRAWN], maps[:DRAWN], strict=True)]
    halves = [left + right for left, right in zip(rows[::2], rows[1::2], strict=True)]
    image_grid(halves, options.out / "attention.png", 2 * COLUMNS, scale=4)
    side = options.size // 2
    places = 2.0 * np.stack(np.divmod(np.arange(side * side), side), 1)  # in pixels of the image
    away = np.linalg.norm(places[:, None] - places[None], axis=-1)
    gammas = {
        f"gamma_{name}": float(layer.gamma.detach())
        for name in ("generator", "discriminator")
        for layer in getattr(model, name).modules()
        if isinstance(layer, SelfAttention)
    }
    return gammas | {"pixels_away": float((maps * away).sum(-1).mean()), "pixels_away_evenly": float(away.mean())}


def draw_looks(image: np.ndarray, looks: np.ndarray) -> list[np.ndarray]:
    """An image (1, H, W) in [-1, 1], and for each of three places, green, where it looks, in red: (H, W, 3) uint8.

    looks   (H W / 4, H W / 4): a row of it is the attention of a place, of 2x2 pixels
    """
    [plain] = gans.tiles(image[None])
    side = image.shape[-1] // 2
    drawn = [plain]
    for y, x in queries(image):
        times = side * side * looks[y * side + x].reshape(side, side)
        share = ((times - 1.0) / (FULL - 1.0)).clip(0.0, 1.0).repeat(2, 0).repeat(2, 1)[..., None]
        picture = np.rint((1.0 - share) * 0.6 * plain + share * RED).astype(np.uint8)
        picture[2 * y : 2 * y + 2, 2 * x : 2 * x + 2] = GREEN
        drawn.append(picture)
    return drawn


def queries(image: np.ndarray) -> list[tuple[int, int]]:
    """Places of 2x2 pixels as (row, column): the top and the bottom of the ink, and one on empty paper."""
    side = image.shape[-1] // 2
    ink = image[0].reshape(side, 2, side, 2).mean((1, 3))
    rows, columns = np.nonzero(ink >= min(0.0, ink.max()))
    return [(int(rows[0]), int(columns[0])), (int(rows[-1]), int(columns[-1])), (2, 2)]


if __name__ == "__main__":
    run_program("sagan", main)
