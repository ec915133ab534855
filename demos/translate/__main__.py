"""The command line: `python -m demos.translate` trains, `... apply` uses what was trained."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from demos.cartoonize.recipe import HOLD, Recipe
from demos.cartoonize.tiles import draw_inside
from demos.cartoonize.weights import save_generator
from demos.shared.images import sheet
from demos.shared.options import Options, add_device
from demos.shared.program import choose_device, run_program
from demos.shared.run import Run, hold_then_fall
from models.pix2pix import GENERATORS
from nnlite import nn
from stylize.console import Parser, path_argument

if TYPE_CHECKING:
    from demos.translate.pairs import Pairs

GENERATOR = Recipe.generator  # the one of demos.cartoonize
STEPS, SIZE, BATCH = 700, 128, 4  # five minutes on two cores
SAMPLES = 4  # held-out pairs that are drawn during training


def main() -> int:
    arguments = sys.argv[1:]
    return apply(arguments[1:]) if arguments[:1] == ["apply"] else train(arguments)


def train(arguments: list[str]) -> int:
    """Train with the options given."""
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from demos.translate.folders import pairs_in_folder
    from demos.translate.tasks import TASKS, pairs_of_photos

    options = settle(arguments, list(TASKS))
    recipe = Recipe(**{name: options.computed[name] for name in ("size", "steps", "batch", "seed", "generator")})
    recipe.check()
    model = recipe.build().to(options.device)
    with Run(options, model) as run:
        if options.pairs:
            pairs = pairs_in_folder(options.pairs, options.direction, recipe.crop, options.seed)
        else:
            pairs = pairs_of_photos(options.task, options.photos, recipe.crop, options.seed)
        rates = hold_then_fall(model, options.steps, HOLD, run.step - 1)
        for batch in run.batches(pairs.batches(recipe.crop, options.batch, options.seed, options.device)):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(draw_samples(pairs, model.average, recipe.crop, options.device))
        if run.interrupted:
            return run.stopped()
        conclude(run, recipe, pairs, model.average)
    return 0


def settle(arguments: list[str], tasks: list[str]) -> argparse.Namespace:
    """The options. Those that exclude each other end the program with a message."""
    parser = Options(
        "translate",
        "Train Pix2Pix on pairs of pictures: your own with --pairs, or made from photos with --task. "
        "To use a trained one: python -m demos.translate apply --help",
        STEPS,
    )
    parser.add_argument("--pairs", type=path_argument, metavar="DIR", help="a paired dataset to learn from")
    parser.computes_from("pairs", "picture")
    parser.computes_from_photos()
    parser.computes("--task", "derain", "without --pairs: what to learn from photos", choices=tasks)
    parser.computes("--direction", "AtoB", "with --pairs: from which side to which", choices=("AtoB", "BtoA"))
    parser.computes("--size", SIZE, "side of the crops, pixels", least=1, most=2048)
    parser.computes("--batch", BATCH, "crops in a step", least=1, most=1000)
    parser.computes("--generator", GENERATOR, "network to train", choices=list(GENERATORS))
    given = parser.parse_args(arguments)
    if given.pairs and given.task:
        parser.error("--pairs learns from a dataset, --task from damaged photos; give one of the two")
    if given.pairs and given.photos != parser.get_default("photos"):
        parser.error("--photos are for --task; with --pairs, the dataset has all the pictures")
    if given.direction and not given.pairs and not given.resume:
        parser.error(f"--direction {given.direction} goes with --pairs DIR; a --task has a direction of its own")
    return parser.settle(arguments)


def conclude(run: Run, recipe: Recipe, pairs: Pairs, generator: nn.Module) -> None:
    """Write the weights, and figures and a picture of the pairs held out; report."""
    from demos.translate.judge import judge, table

    weights, picture = run.out / "generator.safetensors", run.out / "test.png"
    metadata = {
        "generator": recipe.generator,
        "options": json.dumps(recipe.generator_options()),
        "translation": pairs.name,
        "recipe": json.dumps(run.options.computed),
    }
    if pairs.hole:
        metadata["hole"] = json.dumps(dict(zip(("red", "green", "blue"), pairs.hole, strict=True)))
    save_generator(generator, weights, metadata)
    generated = [draw_inside(one, generator, pairs.hole, run.options.device) for one, _ in pairs.test]
    figures = judge(pairs, generated, picture)
    run.finish({"translation": pairs.name, "test_pairs": len(pairs.test), **figures})
    print(f"{pairs.name}, {table(figures, len(pairs.test))}")
    print(f"Look at {picture} and {run.out / 'samples'}. For a picture of your own:")
    print(f"  python -m demos.translate apply PHOTO --model {weights}")


def draw_samples(pairs: Pairs, generator: nn.Module, size: int, device: str) -> np.ndarray:
    """input | generated | target in the middle of the same held-out pairs each time."""
    from demos.cartoonize.crops import centre

    rows = [[centre(image, size) for image in pair] for pair in pairs.test[:SAMPLES]]
    return sheet([[one, draw_inside(one, generator, pairs.hole, device), other] for one, other in rows])


def apply(arguments: list[str]) -> int:
    """Translate pictures with a trained generator."""
    from demos.cartoonize.apply import apply_to_files
    from stylize.commands import add_max_megapixels
    from stylize.files import add_overwrite

    parser = Parser(prog="python -m demos.translate apply", description="Translate pictures, at their own size.")
    parser.add_argument("photos", nargs="+", type=path_argument, metavar="PHOTO_OR_DIR")
    parser.add_argument(
        "--model",
        type=path_argument,
        default=Path("runs/translate/generator.safetensors"),
        help="weights from a run (%(default)s)",
    )
    parser.add_argument(
        "--out", type=path_argument, default=Path("translated"), help="folder for the results (%(default)s)"
    )
    add_max_megapixels(parser)
    add_overwrite(parser)
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    how = {"overwrite": options.overwrite, "max_megapixels": options.max_megapixels}
    device = choose_device(options.device)
    return apply_to_files(
        options.photos, options.model, options.out, 1.0, device, program="translate", result="picture", **how
    )


if __name__ == "__main__":
    run_program("translate", main)
