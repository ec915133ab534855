"""Pix2Pix with its L1 term alone, its adversarial term alone, and both: the ablation of Isola et al. 2017.

What a few minutes show is what L1 is for: without it colours are invented. What the adversarial term is for takes
longer, as its discriminator must first learn to tell drawings from cartoons: see its loss fall from .69, add --steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import nnlite
from demos.cartoonize.recipe import HOLD, Recipe
from demos.cartoonize.tiles import draw
from demos.shared.images import sheet
from demos.shared.options import BUNDLED, Options
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.pix2pix import Pix2Pix

STEPS, BATCH = 180, 2
TITLES = {"l1": "L1 only", "gan": "cGAN only", "both": "L1 + cGAN"}


def main() -> int:
    parser = Options("ablation", __doc__.splitlines()[0], STEPS)
    parser.computes("--size", Recipe.size, "side of the crops trained on, pixels", least=1, most=2048)
    parser.computes("--batch", BATCH, "crops in a step", least=1, most=1000)
    options = parser.settle()
    recipe = Recipe(**options.computed)
    recipe.check()
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from demos.cartoonize.crops import centre
    from demos.cartoonize.judge import compare_drawings, table
    from demos.cartoonize.pairs import Cartoons

    models = {name: recipe.build().to(options.device) for name in TITLES}  # all begin with the same weights
    models["l1"].lambda_gan = 0.0
    models["gan"].lambda_l1 = 0.0
    with Run(options, models) as run:
        cartoons = Cartoons(recipe, [BUNDLED], options.out, options.device)
        rates = [rate for model in models.values() for rate in hold_then_fall(model, options.steps, HOLD, run.step - 1)]
        for batch in run.batches(cartoons.batches):
            losses = {name: model.train_step(*batch) for name, model in models.items()}
            # A discriminator's loss is low where it tells the drawings from cartoons.
            run.record({f"{name} {loss}": losses[name][loss] for name in losses for loss in ("l1", "discriminator")})
            for rate in rates:
                rate.step()
            if run.due():
                photos, targets = zip(*cartoons.test[:2], strict=True)
                rows = zip(photos, *draw_all(models, photos, options.device).values(), targets, strict=True)
                run.record_picture(sheet([[centre(image, recipe.size) for image in row] for row in rows]))
        if run.interrupted:
            return run.stopped()
        photos, targets = (list(images) for images in zip(*cartoons.test, strict=True))
        kinds = {"untouched": photos} | draw_all(models, photos, options.device)
        picture, weights = options.out / "ablation.png", options.out / "generators.safetensors"
        figures = compare_drawings(kinds, targets, recipe.size, picture, {"untouched": "photo"} | TITLES)
        nnlite.save({name: model.average.state_dict() for name, model in models.items()}, weights)
        figures = run.finish(figures)
    print(table(figures, {"untouched": "the untouched photo"} | TITLES))
    print(f"\nLook at {picture} and {options.out / 'progress.png'}; the weights are in {weights}.")
    return 0


def draw_all(models: dict[str, Pix2Pix], photos: Sequence[np.ndarray], device: str) -> dict[str, list[np.ndarray]]:
    """What each model draws of the photos."""
    return {name: [draw(photo, model.average, device) for photo in photos] for name, model in models.items()}


if __name__ == "__main__":
    run_program("ablation", main)
