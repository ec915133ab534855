"""Train a small StyleGAN on digits; then mix styles, pull them to their mean, and look at what noise changes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.shared import gans
from demos.shared.digits import add_data, load_digits, load_lenet5
from demos.shared.images import in_batches
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.classifiers import Classifier
from models.gan_strategies import diversity
from models.stylegan import StyleGAN, Styles
from nnlite import Tensor
from nnlite.plot import image_grid

SIZE = 32
STEPS, BATCH, WIDTH = 700, 32, 16
LR = 2e-3
IMAGES = 1000  # or pairs of them, for each figure
FINE = 16  # maps of this side and larger count as fine in mixing.png
COLUMNS = 8  # fine sources there
DRAWS = 50  # of noise, for each pixel's deviation
SURE = 0.9
PSIS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)


def main() -> int:
    parser = Options("stylegan", __doc__, steps=STEPS)
    gans.add_options(parser, BATCH, WIDTH)
    gans.add_strategy(parser)
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "width"), most=2**15)
    nnlite.manual_seed(options.seed)
    model = StyleGAN(SIZE, 1, options.latent, options.width, gans.strategy(options), LR).to(options.device)
    loader = gans.batches(options, gans.digit_images(load_digits(options.data)[0], SIZE))
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
        judged = gans.judge_digits(model.sample, options.device, options.data)
        studio = Studio(model, options)
        played = {"mixing": studio.judge_mixing(), "truncation": studio.judge_truncation(), **studio.judge_noise()}
        gans.report(run, model, judged | played)
        studio.draw_mixing(options.out / "mixing.png")
        studio.draw_truncation(options.out / "truncation.png")
        studio.draw_noise(options.out / "noise.png")
    print(*describe(played), sep="\n")
    print(f"In {options.out} look at mixing.png, truncation.png and noise.png as well.")
    return 0


class Studio:
    """A trained generator, styles to play with, and LeNet-5 to read what it paints."""

    def __init__(self, model: StyleGAN, options: argparse.Namespace):
        self.generator, self.lenet = model.generator.eval(), Classifier(load_lenet5(device=options.device))
        self.device = options.device
        nnlite.manual_seed(options.seed)
        with nnlite.no_grad():
            self.w, self.other = (self.generator.style(model.draw_noise(IMAGES)) for _ in range(2))
        self.noise = self.generator.draw_maps()  # the same for all images, so that only their styles differ
        surest = nnlite.tensor(self.read(self.paint_plainly(self.w)).argmax(0), device=self.device)
        self.one_of_each = self.w[surest]  # a style for each digit: that of the image which LeNet-5 is surest of

    def paint(self, styles: Styles, noise: list[Tensor] | None = None) -> Tensor:
        """Images (N, 1, SIZE, SIZE) in [-1, 1], with self.noise unless told otherwise."""
        with nnlite.no_grad():
            parts = [self.generator.synthesize(part, noise or self.noise) for part in pieces(styles)]
        return nnlite.cat(parts)

    def paint_plainly(self, w: Tensor, psi: float = 1.0, noise: list[Tensor] | None = None) -> Tensor:
        """The same of styles that all layers share, pulled to their mean by psi."""
        return self.paint([self.generator.truncate(w, psi)] * len(self.generator.sides), noise)

    def read(self, images: Tensor) -> np.ndarray:
        """The probability (N, 10) of each digit, by LeNet-5."""
        return in_batches(self.lenet.predict, (0.5 * (images + 1.0)).cpu().numpy(), self.device)

    # Style mixing

    def judge_mixing(self) -> dict[str, dict[str, float]]:
        """Whose digit a mixed image shows: the share that LeNet-5 reads as that of either source.

        For each side from which on the second source's styles are used; of pairs whose own digits differ.
        """
        first, second = (self.read(self.paint_plainly(w)).argmax(1) for w in (self.w, self.other))
        differ, shares = first != second, {}
        for side in sorted(set(self.generator.sides))[1:]:
            seen = self.read(self.paint(self.generator.mix(self.w, self.other, side))).argmax(1)
            shares[f"from {side} pixels"] = {
                "coarse": float((differ & (seen == first)).sum() / max(1, differ.sum())),
                "fine": float((differ & (seen == second)).sum() / max(1, differ.sum())),
            }
        return shares

    def draw_mixing(self, path: Path) -> None:
        """The digit of each row with the fine styles of each column."""
        coarse, fine = self.one_of_each, self.other[:COLUMNS]
        blank = np.full((SIZE, SIZE, 3), 255, np.uint8)
        rows = [[blank, *gans.tiles(self.paint_plainly(fine).cpu().numpy())]]
        for w, source in zip(coarse.unsqueeze(1), gans.tiles(self.paint_plainly(coarse).cpu().numpy()), strict=True):
            mixed = self.paint(self.generator.mix(w.expand(COLUMNS, -1), fine, FINE))
            rows.append([source, *gans.tiles(mixed.cpu().numpy())])
        image_grid(rows, path, titles=["coarse", *(f"fine {i + 1}" for i in range(COLUMNS))], scale=2)

    # Truncation

    def judge_truncation(self) -> dict[str, dict[str, float]]:
        """For each psi, the share of images that LeNet-5 is SURE of, and how much they differ, 1 for psi = 1."""
        painted = {psi: self.paint_plainly(self.w, psi) for psi in PSIS}
        variety = float(diversity(painted[1.0]))
        return {
            f"psi {psi:g}": {
                "sure": float((self.read(images).max(1) > SURE).mean()),
                "variety": float(diversity(images)) / max(variety, 1e-6),
            }
            for psi, images in painted.items()
        }

    def draw_truncation(self, path: Path) -> None:
        """A digit of each kind, pulled to the mean from column to column."""
        columns = [gans.tiles(self.paint_plainly(self.one_of_each, psi).cpu().numpy()) for psi in PSIS]
        image_grid(list(zip(*columns, strict=True)), path, titles=[f"psi {psi:g}" for psi in PSIS], scale=2)

    # Noise

    def judge_noise(self) -> dict[str, float]:
        """The share of images read as the same digit with other noise, and the mean deviation of a pixel, 0 to 1."""
        one, other = (self.paint_plainly(self.w, noise=self.generator.draw_maps()) for _ in range(2))
        same = self.read(one).argmax(1) == self.read(other).argmax(1)
        return {"same_digit_with_other_noise": float(same.mean())}

    def draw_noise(self, path: Path) -> None:
        """A digit of each kind with three draws of noise, and each pixel's deviation over DRAWS of them."""
        w = self.one_of_each
        draws = np.stack([self.paint_plainly(w, noise=self.generator.draw_maps()).cpu().numpy() for _ in range(DRAWS)])
        deviation = draws.std(0)
        shown = [*draws[:3], 2.0 * deviation / deviation.max() - 1.0]
        titles = ["noise 1", "noise 2", "noise 3", "deviation"]
        image_grid(list(zip(*map(gans.tiles, shown), strict=True)), path, titles=titles, scale=2)


def pieces(styles: Styles, size: int = 250) -> Iterator[Styles]:
    """The styles of so many images at a time."""
    return zip(*(w.split(size) for w in styles), strict=True)


def describe(played: dict[str, Any]) -> list[str]:
    """The figures in words."""
    mixing = [f"  {cut:15}{shares['coarse']:8.1%}{shares['fine']:8.1%}" for cut, shares in played["mixing"].items()]
    truncation = [f"  {psi:15}{of['sure']:8.1%}{of['variety']:8.2f}" for psi, of in played["truncation"].items()]
    return [
        "Mixed images are read as the digit of their coarse or their fine source, whose styles begin:",
        *mixing,
        f"Truncation: images that LeNet-5 is more than {SURE:.0%} sure of, and how much they differ:",
        *truncation,
        f"With other noise {played['same_digit_with_other_noise']:.1%} are still read as the same digit.",
    ]


if __name__ == "__main__":
    run_program("stylegan", main)
