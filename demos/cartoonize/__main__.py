"""The command line: `python -m demos.cartoonize` trains, `... apply` uses what was trained, `... judge` judges it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from demos.cartoonize.recipe import HOLD, PRESETS, SHIPPED, Recipe, shipped_styles
from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import save_generator
from demos.shared.images import sheet
from demos.shared.options import Options, add_device, add_out, add_photos
from demos.shared.program import choose_device, run_program
from demos.shared.run import Run, hold_then_fall
from demos.shared.run_folder import claim_folder
from models.pix2pix import GENERATORS, Pix2Pix
from stylize.console import Parser, path_argument

if TYPE_CHECKING:
    from demos.cartoonize.pairs import Cartoons


def main() -> int:
    arguments = sys.argv[1:]
    command = {"apply": apply, "judge": judge}.get(arguments[0] if arguments else "")
    return command(arguments[1:]) if command else train(arguments)


def train(arguments: list[str]) -> int:
    """Train with the options given."""
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from demos.cartoonize.pairs import Cartoons
    from demos.cartoonize.preview import draw_preview
    from stylize import styles

    parser = Options(
        "cartoonize",
        "Train Pix2Pix to turn photographs into cartoons. "
        "To use a trained one: python -m demos.cartoonize apply --help",
        Recipe.steps,
    )
    parser.computes_from_photos()
    parser.add_argument(
        "--judge-on",
        type=path_argument,
        nargs="+",
        metavar="PHOTO",
        help="photos or folders to be judged on, none of them among --photos (default: a part of those)",
    )
    parser.computes_from("judge_on", "photo")
    presets = {name: preset.defaults() for name, preset in PRESETS.items()}
    parser.computes_preset(presets, "some minutes, or what two cores manage in fifteen")
    parser.computes("--size", Recipe.size, "side of the crops, pixels", least=1, most=2048)
    parser.computes("--batch", Recipe.batch, "crops in a step", least=1, most=1000)
    parser.computes("--style", Recipe.style, "style to learn", choices=styles())
    parser.computes("--generator", Recipe.generator, "network to train", choices=list(GENERATORS))
    options = parser.settle(arguments)
    recipe = Recipe(**{field.name: options.computed[field.name] for field in fields(Recipe)})
    recipe.check()
    model = recipe.build().to(options.device)
    with Run(options, model) as run:
        if recipe.is_main_job() and not options.resume:
            preview = draw_preview(options.style, options.photos, options.out, options.device)
            if preview:
                print(f"Look at {preview}: cartoons of the project's weights, what a longer training leads to.")
        cartoons = Cartoons(recipe, options.photos, options.out, options.device, options.judge_on)
        rates = hold_then_fall(model, options.steps, HOLD, run.step - 1)
        for batch in run.batches(cartoons.batches):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(draw_samples(model, cartoons, options.device))
        if run.interrupted:
            return run.stopped()
        metadata = recipe.metadata() | {"test_photos": json.dumps(cartoons.test_hashes())}
        save_generator(model.average, options.out / "generator.safetensors", metadata)
        figures = run.finish(judge_on_test(model, cartoons, options))
    print(json.dumps(figures, indent=2))
    print(report(figures, options.out))
    return 0


def draw_samples(model: Pix2Pix, cartoons: Cartoons, device: str) -> np.ndarray:
    """photo | generated | target for the same held-out photos each time."""
    from demos.cartoonize.crops import centre

    triples = ((photo, draw(photo, model.average, device), cartoon) for photo, cartoon in cartoons.test[:4])
    return sheet([[centre(image, cartoons.recipe.size) for image in triple] for triple in triples])


def judge_on_test(model: Pix2Pix, cartoons: Cartoons, options: argparse.Namespace) -> dict[str, Any]:
    """The figures on the test photos, and a picture of them."""
    from demos.cartoonize.evaluate import apply_affine, fit_affine
    from demos.cartoonize.judge import compare_drawings

    matrix = fit_affine(cartoons.train)
    photos, targets = (list(images) for images in zip(*cartoons.test, strict=True))
    drawn = {
        "generated": [draw(photo, model.average, options.device) for photo in photos],
        "untouched": photos,
        "affine": [apply_affine(matrix, photo) for photo in photos],
    }
    return compare_drawings(drawn, targets, cartoons.recipe.size, options.out / "test.png")


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
    from demos.cartoonize.judge import describe_two_sample, judge_on_unseen, table

    parser = Parser(
        prog="python -m demos.cartoonize judge",
        description="How good is a generator on photos held out from its training, and how fast?",
    )
    add_photos(parser, "photos or folders of them, the held-out ones among them")
    add_model(parser)
    add_out(parser, "judge", "the pictures")
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    device = choose_device(options.device)
    with claim_folder(options.out, "demos.cartoonize judge"):
        figures = judge_on_unseen(chosen_model(options), options.photos, options.out, device)
    print(f"{table(figures)}\n\n{describe_two_sample(figures['two_sample'])}")
    print(f"\nframes a second: {figures['generator_fps']} generated, {figures['style_fps']} drawn by stylize")
    print(f"Look at {options.out / 'judged.png'}, and at whole photos in {options.out}/sheet-*.jpg.")
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
    add_model(parser)
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
    how = (chosen_model(options), options.out, options.scale, choose_device(options.device))
    if options.photos:
        return apply_to_files(options.photos, *how, options.overwrite, options.max_megapixels)
    return apply_to_video(options.video, *how, options.temporal, options.side_by_side, options.overwrite)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add --style and --model, of which one may be given."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--style", choices=list(shipped_styles()), help=f"of the project's weights ({SHIPPED.stem})")
    choice.add_argument("--model", type=path_argument, help="weights from a run (default: the project's)")


def chosen_model(options: argparse.Namespace) -> Path:
    """The weights that --style or --model names."""
    return options.model or (shipped_styles()[options.style] if options.style else SHIPPED)


if __name__ == "__main__":
    run_program("cartoonize", main)
