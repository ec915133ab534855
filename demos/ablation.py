"""Pix2Pix with its L1 term alone, its adversarial term alone, and both: the ablation of Isola et al. 2017.

What a few minutes show is what L1 is for: without it colours are invented. What the adversarial term is for takes
longer, as its discriminator must first learn to tell drawings from cartoons: see its loss fall from .69, add --steps.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import nnlite
from demos.cartoonize.recipe import Recipe
from demos.common import run, sheet
from demos.options import BUNDLED, Options
from demos.run_folder import claim_folder
from demos.training import Training
from models.trainable import Trainable

STEPS, BATCH = 180, 2
TITLES = {"l1": "L1 only", "gan": "cGAN only", "both": "L1 + cGAN"}
WEIGHTS = "generators.safetensors"


class Ablation(Trainable):
    """Pix2Pix models that begin with the same weights and see the same batches."""

    def __init__(self, recipe: Recipe):
        self.models = {name: recipe.build() for name in TITLES}
        self.models["l1"].lambda_gan = 0.0
        self.models["gan"].lambda_l1 = 0.0

    def train_step(self, photo: nnlite.Tensor, cartoon: nnlite.Tensor) -> dict[str, nnlite.Tensor]:
        """One step of each; its L1 term and its discriminator's loss, low where the drawings are told from cartoons."""
        losses = {name: model.train_step(photo, cartoon) for name, model in self.models.items()}
        return {f"{name} {loss}": each[loss] for name, each in losses.items() for loss in ("l1", "discriminator")}

    def components(self):
        return self.models


def main() -> int:
    parser = Options("ablation", __doc__.splitlines()[0], STEPS)
    parser.computes("--size", Recipe.size, "side of the crops trained on, pixels", least=1, most=2048)
    parser.computes("--batch", BATCH, "crops in a step", least=1, most=1000)
    options, computed = parser.settle()
    recipe = Recipe(**computed)
    recipe.check()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(recipe, options, computed)


def train_and_judge(recipe: Recipe, options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train all three and compare them. Returns the exit status."""
    # Imported here so that a missing system library of OpenCV is reported in one line, by run().
    from demos.cartoonize.crops import centre
    from demos.cartoonize.judge import compare_drawings, table
    from demos.cartoonize.tiles import draw
    from demos.cartoonize.train import Cartoons

    ablation = Ablation(recipe).to(options.device)
    training = Training(ablation, options, computed, schedule=lambda step: set_rates(recipe, ablation, step))
    cartoons = Cartoons(recipe, [BUNDLED], options.out, ablation.models["both"], options.device)

    def drawn(photos: list[np.ndarray]) -> dict[str, list[np.ndarray]]:
        networks = {name: model.generator for name, model in ablation.models.items()}
        return {name: [draw(photo, network, options.device) for photo in photos] for name, network in networks.items()}

    def sample() -> np.ndarray:
        photos, targets = zip(*cartoons.test_pairs[:2], strict=True)
        rows = zip(photos, *drawn(list(photos)).values(), targets, strict=True)
        return sheet([[centre(image, recipe.size) for image in row] for row in rows])

    if not training.run(cartoons.batches, sample):
        return training.stopped()
    photos, targets = (list(images) for images in zip(*cartoons.test_pairs, strict=True))
    picture = options.out / "ablation.png"
    kinds = {"untouched": photos} | drawn(photos)
    figures = compare_drawings(kinds, targets, recipe.size, picture, {"untouched": "photo"} | TITLES)
    nnlite.save({name: model.generator.state_dict() for name, model in ablation.models.items()}, options.out / WEIGHTS)
    figures = training.finish(figures)
    print(table(figures, {"untouched": "the untouched photo"} | TITLES))
    print(f"\nLook at {picture} and {options.out / 'progress.png'}; the weights are in {options.out / WEIGHTS}.")
    return 0


def set_rates(recipe: Recipe, ablation: Ablation, step: int) -> None:
    """The rates of a step for all of them."""
    for model in ablation.models.values():
        recipe.set_rates(model, step)


if __name__ == "__main__":
    run("ablation", main)
