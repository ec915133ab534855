"""The command line: `python -m demos.cartoonize` trains, `... apply` uses what was trained, `... judge` judges it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from demos.cartoonize.recipe import PRESETS, SHIPPED, Recipe
from demos.common import choose_device, run
from demos.options import Options, add_device, add_photos
from demos.run_folder import claim_folder
from models.pix2pix import GENERATORS
from stylize.console import Parser, path_argument


def main() -> int:
    arguments = sys.argv[1:]
    command = {"apply": apply, "judge": judge}.get(arguments[0] if arguments else "")
    return command(arguments[1:]) if command else train(arguments)


def train(arguments: list[str]) -> int:
    """Train with the options given."""
    from stylize import styles  # here, so that a missing system library of OpenCV is reported in one line, by run()

    parser = Options(
        "cartoonize",
        "Train Pix2Pix to turn photographs into cartoons. "
        "To use a trained one: python -m demos.cartoonize apply --help",
        Recipe.steps,
    )
    parser.computes_from_photos()
    presets = {name: preset.defaults() for name, preset in PRESETS.items()}
    parser.computes_preset(presets, "some minutes, or what two cores manage in forty")
    parser.computes("--size", Recipe.size, "side of the crops, pixels", least=1, most=2048)
    parser.computes("--batch", Recipe.batch, "crops in a step", least=1, most=1000)
    parser.computes("--style", Recipe.style, "style to learn", choices=styles())
    parser.computes("--generator", Recipe.generator, "network to train", choices=list(GENERATORS))
    options, computed = parser.settle(arguments)
    recipe = Recipe(**{field.name: computed[field.name] for field in fields(Recipe)})
    recipe.check()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(recipe, options, computed)


def train_and_judge(recipe: Recipe, options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Make the pairs, train, and judge the generator on photos it never saw. Returns the exit status."""
    from demos.cartoonize.train import Cartoons
    from demos.training import Training

    model = recipe.build().to(options.device)
    training = Training(model, options, computed, schedule=lambda step: recipe.set_rates(model, step))
    cartoons = Cartoons(recipe, options.photos, options.out, model, options.device)
    if not training.run(cartoons.batches, draw=cartoons.samples):
        return training.stopped()
    figures = training.finish(cartoons.judge())
    print(json.dumps(figures, indent=2))
    print(report(figures, options.out))
    return 0


def report(figures: dict, out: Path) -> str:
    """The figures as a table, and where to look."""
    from demos.cartoonize.judge import table

    return "\n".join(
        [
            table(figures),
            "",
            f"Look at {out / 'test.png'} and {out / 'samples'}; losses in {out / 'losses.png'}.",
            "Cartoonise a photo of your own:",
            f"  python -m demos.cartoonize apply PHOTO --model {out / 'generator.safetensors'}",
        ]
    )


def judge(arguments: list[str]) -> int:
    """Judge a trained generator on photos that were held out from its training."""
    from demos.cartoonize.judge import judge_on_unseen, table

    parser = Parser(
        prog="python -m demos.cartoonize judge",
        description="How good is a generator on photos held out from its training, and how fast?",
    )
    add_photos(parser, "photos or folders of them, the held-out ones among them")
    parser.add_argument(
        "--model", type=path_argument, default=SHIPPED, help="weights from a run (default: the project's)"
    )
    parser.add_argument(
        "--out", type=path_argument, default=Path("runs/judge"), help="folder for the picture (%(default)s)"
    )
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    device = choose_device(options.device)
    with claim_folder(options.out, "demos.cartoonize judge"):
        figures = judge_on_unseen(options.model, options.photos, options.out, device)
    print(table(figures))
    print(f"\nframes a second: {figures['generator_fps']} generated, {figures['style_fps']} drawn by stylize")
    print(f"Look at {options.out / 'judged.png'}.")
    return 0


def apply(arguments: list[str]) -> int:
    """Cartoonise photos, a video or a camera's picture with a trained generator."""
    from demos.cartoonize.apply import apply_to_files
    from demos.cartoonize.video import apply_to_video
    from stylize.commands import add_max_megapixels
    from stylize.files import add_overwrite
    from stylize.temporal import TEMPORAL

    parser = Parser(
        prog="python -m demos.cartoonize apply", description="Turn photographs of any size, or a video, into cartoons."
    )
    parser.add_argument("photos", nargs="*", type=path_argument, metavar="PHOTO_OR_DIR")
    parser.add_argument("--video", help="a video file instead of photos, or the number of a camera, such as 0")
    parser.add_argument("--temporal", choices=TEMPORAL, default="full", help="against flicker of videos (%(default)s)")
    parser.add_argument("--side-by-side", action="store_true", help="the video on the left, its cartoon on the right")
    parser.add_argument(
        "--model", type=path_argument, default=SHIPPED, help="weights from a run (default: the project's)"
    )
    parser.add_argument(
        "--out", type=path_argument, default=Path("cartoons"), help="folder for the cartoons (%(default)s)"
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="1 draws strokes as bold as stylize does, smaller values bolder ones, larger finer ones (%(default)s); "
        "photos too small for that are worked at their own size",
    )
    add_max_megapixels(parser)
    add_overwrite(parser)
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    if not 0.25 <= options.scale <= 16:
        parser.error(f"--scale must lie between 0.25 and 16, got {options.scale}")
    if bool(options.photos) == bool(options.video):
        parser.error("give photos, or --video with a video file or the number of a camera")
    how = (options.model, options.out, options.scale, choose_device(options.device))
    if options.photos:
        return apply_to_files(options.photos, *how, options.overwrite, options.max_megapixels)
    return apply_to_video(options.video, *how, options.temporal, options.side_by_side, options.overwrite)


if __name__ == "__main__":
    run("cartoonize", main)
