"""The command line: `python -m demos.cartoonize` trains, `python -m demos.cartoonize apply` uses what was trained."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from demos.common import choose_device, run
from demos.options import Options, add_device

BUNDLED = Path(__file__).parents[1] / "assets" / "photos"


def main() -> int:
    arguments = sys.argv[1:]
    return apply(arguments[1:]) if arguments[:1] == ["apply"] else train(arguments)


def train(arguments: list[str]) -> int:
    """Make the pairs, train, and judge the generator on photos it never saw."""
    # Imported here so that a missing system library of OpenCV is reported in one line, by run().
    from demos.cartoonize.recipe import NETWORKS, Recipe
    from demos.cartoonize.train import Cartoons
    from demos.training import Training
    from stylize import styles

    parser = Options(
        "cartoonize",
        "Train Pix2Pix to turn photographs into cartoons. "
        "To use a trained one: python -m demos.cartoonize apply --help",
        Recipe.steps,
    )
    parser.add_argument("--photos", type=Path, default=BUNDLED, help="folder of photographs (default: the project's)")
    parser.computes("--size", Recipe.size, "side of the crops trained on, pixels", least=1)
    parser.computes("--batch", Recipe.batch, "crops in a step", least=1)
    parser.computes("--style", Recipe.style, "style to learn", choices=styles())
    parser.computes("--generator", Recipe.generator, "network to train", choices=list(NETWORKS))
    options, computed = parser.settle(arguments)
    recipe = Recipe(**computed)
    recipe.check()
    model = recipe.build().to(options.device)
    training = Training(model, options, computed, schedule=lambda step: recipe.set_rates(model, step))
    cartoons = Cartoons(recipe, options.photos, options.out, model, options.device)
    if not training.run(cartoons.batches, draw=cartoons.samples):
        return training.stopped(*([] if options.photos == BUNDLED else ["--photos", str(options.photos)]))
    figures = training.finish(cartoons.judge())
    print(json.dumps(figures, indent=2))
    print(report(figures, options.out))
    return 0


def report(figures: dict, out: Path) -> str:
    """The figures as a table, and where to look."""
    lines = [f"{figures['test_crops']} crops of {figures['test_photos']} photos never seen in training:", ""]
    lines.append(f"{'':28}{'L1':>8}{'PSNR':>8}{'SSIM':>8}{'ink F1':>8}")
    names = {"generated": "generated", "untouched": "the untouched photo", "affine": "best affine colour map"}
    for key, name in names.items():
        f = figures[key]
        lines.append(f"{name:28}{f['l1']:8.4f}{f['psnr']:8.2f}{f['ssim']:8.3f}{f['ink_f1']:8.2f}")
    lines += [
        "",
        f"Look at {out / 'test.png'} and {out / 'samples'}; losses in {out / 'losses.png'}.",
        "Cartoonise a photo of your own:",
        f"  python -m demos.cartoonize apply PHOTO --model {out / 'generator.safetensors'} --out cartoons",
    ]
    return "\n".join(lines)


def apply(arguments: list[str]) -> int:
    """Cartoonise photos with a trained generator."""
    from demos.cartoonize.apply import apply_to_files

    parser = argparse.ArgumentParser(
        prog="python -m demos.cartoonize apply", description="Turn photographs of any size into cartoons."
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO_OR_DIR")
    parser.add_argument("--model", type=Path, required=True, help="generator.safetensors of a training")
    parser.add_argument("--out", type=Path, required=True, help="folder for the cartoons")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.5,
        help="work at this many times the short side trained at: smaller draws bolder strokes, larger finer ones "
        "(%(default)s); photos smaller than that are worked at their own size",
    )
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    if not 0.25 <= options.scale <= 16:
        parser.error(f"--scale must lie between 0.25 and 16, got {options.scale}")
    return apply_to_files(options.photos, options.model, options.out, options.scale, choose_device(options.device))


if __name__ == "__main__":
    run("cartoonize", main)
