"""What does each term of Pix2Pix's loss bring? L1 alone, with the gradient difference, with cGAN, and all three.

An ablation after Isola et al. 2017. All four begin with the same weights and see the same batches.

In a few minutes the gradient difference shows most: with L1 alone the texture of the photo stays, with it cloth and
skin become paint, and the first ink comes. A classifier then tells the drawings from cartoons less often, though their
L1 is worse. The adversarial term changes next to nothing so early, as its discriminator must first learn to tell
drawings from cartoons: its loss is still near .69, which is a guess. Add --steps to see it fall.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

import nnlite
from demos.cartoonize.recipe import HOLD, Recipe
from demos.cartoonize.tiles import draw
from demos.shared.images import sheet
from demos.shared.options import BUNDLED, Options
from demos.shared.program import run_program
from demos.shared.run import Run, hold_then_fall
from models.pix2pix import Pix2Pix

STEPS, BATCH = 180, 2
TITLES = {"l1": "L1", "gradient": "L1 + gradient", "gan": "L1 + cGAN", "all": "all three"}
LEFT_OUT = {"l1": ("lambda_gradient", "lambda_gan"), "gradient": ("lambda_gan",), "gan": ("lambda_gradient",)}
LEGEND = """L1: of the untouched photo's. way: 0 % is the photo, 100 % the target. ink F1: are lines where they belong?
told apart: how often a classifier knows the drawing from a real cartoon; 50 % is a guess."""


def main() -> int:
    parser = Options("ablation", __doc__.splitlines()[0], STEPS)
    parser.computes("--size", Recipe.size, "side of the crops trained on, pixels", least=1, most=2048)
    parser.computes("--batch", BATCH, "crops in a step", least=1, most=1000)
    options = parser.settle()
    recipe = Recipe(**options.computed)
    recipe.check()
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from demos.cartoonize.crops import centre
    from demos.cartoonize.judge import compare_drawings
    from demos.cartoonize.pairs import Cartoons

    models = {name: build(name, recipe).to(options.device) for name in TITLES}
    with Run(options, models) as run:
        cartoons = Cartoons(recipe, [BUNDLED], options.out, options.device)
        rates = [rate for model in models.values() for rate in hold_then_fall(model, options.steps, HOLD, run.step - 1)]
        for batch in run.batches(cartoons.batches):
            losses = {name: model.train_step(*batch) for name, model in models.items()}
            run.record({f"{name} {loss}": value for name in losses for loss, value in losses[name].items()})
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
        for kind, told_apart in tell_apart(kinds, targets, options.device).items():
            figures[kind]["two_sample"] = told_apart
        nnlite.save({name: model.average.state_dict() for name, model in models.items()}, weights)
        figures = run.finish(figures)
    print(table(figures))
    print(f"\nLook at {picture} and {options.out / 'progress.png'}; the weights are in {weights}.")
    return 0


def build(name: str, recipe: Recipe) -> Pix2Pix:
    """The recipe's model without some terms of its loss; the weights that it begins with depend on the seed alone."""
    model = recipe.build()
    for term in LEFT_OUT.get(name, ()):
        setattr(model, term, 0.0)
    return model


def draw_all(models: dict[str, Pix2Pix], photos: Sequence[np.ndarray], device: str) -> dict[str, list[np.ndarray]]:
    """What each model draws of the photos."""
    return {name: [draw(photo, model.average, device) for photo in photos] for name, model in models.items()}


def tell_apart(kinds: dict[str, list[np.ndarray]], targets: list[np.ndarray], device: str) -> dict[str, float]:
    """For each kind of drawing, how often a small classifier is right in telling it from the targets, 0..1."""
    from demos.cartoonize.two_sample import accuracy, cut

    real = [cut(target) for target in targets]
    return {
        kind: accuracy([cut(image) for image in images], real, device=device)
        for kind, images in tqdm(kinds.items(), desc="two-sample test", unit="question", disable=None)
    }


def table(figures: dict) -> str:
    """A line for each model, for the untouched photo and for the target."""
    titles = ("L1", "flat share", "way", "ink %", "ink F1", "told apart")
    lines = [
        f"{figures['test_photos']} photos never seen in training:",
        "",
        f"{'':20}{''.join(map('{:>12}'.format, titles))}",
    ]
    for kind, name in ({"untouched": "the untouched photo"} | TITLES | {"target": "the target"}).items():
        f = figures[kind]
        drawing = (f"{f['flat_share']:.2f}", f"{f['flat_share_way']:.0%}", f"{f['ink_percent']:.2f}")
        if kind == "target":
            cells = ("", *drawing, "", "")
        else:
            cells = (f"{f['l1_ratio']:.0%}", *drawing, f"{f['ink_f1']:.2f}", f"{f['two_sample']:.0%}")
        lines.append(f"{name:20}{''.join(map('{:>12}'.format, cells))}")
    return "\n".join([*lines, "", LEGEND])


if __name__ == "__main__":
    run_program("ablation", main)
