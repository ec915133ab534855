"""The command line: `python -m demos.cartoonize` trains, `python -m demos.cartoonize apply` uses what was trained."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from demos.common import UserError, choose_device, run

BUNDLED = Path(__file__).parents[1] / "assets" / "photos"


def main() -> int:
    arguments = sys.argv[1:]
    return apply(arguments[1:]) if arguments[:1] == ["apply"] else train(arguments)


def train(arguments: list[str]) -> int:
    """Make the pairs, train, and judge the generator on photos it never saw."""
    # Imported here so that a missing system library of OpenCV is reported in one line, by run().
    from demos.cartoonize.recipe import NETWORKS, Recipe
    from stylize import styles

    parser = argparse.ArgumentParser(
        prog="python -m demos.cartoonize",
        description="Train Pix2Pix to turn photographs into cartoons. "
        "To use a trained one: python -m demos.cartoonize apply --help",
    )
    parser.add_argument("--photos", type=Path, default=BUNDLED, help="folder of photographs (default: the project's)")
    parser.add_argument("--out", type=Path, default=Path("runs/cartoonize"), help="folder for results (%(default)s)")
    add_device(parser)
    parser.add_argument("--resume", action="store_true", help="go on where the run in --out stopped, as it was started")
    parser.add_argument("--debug", action="store_true", help="name the first operation that makes a NaN (slow)")
    decides = parser.add_argument_group("what is computed")
    decides.add_argument("--size", type=int, help=f"side of the crops trained on, pixels ({Recipe.size})")
    decides.add_argument("--steps", type=int, help=f"training steps ({Recipe.steps})")
    decides.add_argument("--batch", type=int, help=f"crops in a step ({Recipe.batch})")
    decides.add_argument("--seed", type=int, help=f"fixes split, weights, crops and noise ({Recipe.seed})")
    decides.add_argument("--style", choices=styles(), help=f"style to learn ({Recipe.style})")
    decides.add_argument("--generator", choices=list(NETWORKS), help=f"network to train ({Recipe.generator})")
    options = parser.parse_args(arguments)
    given = {name: getattr(options, name) for name in Recipe.__dataclass_fields__ if getattr(options, name) is not None}
    for name in ("size", "steps", "batch"):
        if given.get(name, 1) < 1:
            parser.error(f"--{name} must be at least 1, got {given[name]}")

    from demos.cartoonize.train import Training, make_folder, read_recipe

    device = choose_device(options.device)
    recipe = read_recipe(options.out, given) if options.resume else Recipe(**given)
    recipe.check()
    make_folder(options.out)
    training = Training(recipe, options.out, device)
    if options.resume:
        training.resume()
    elif training.checkpoint.exists():
        raise UserError(f"{options.out} holds a training already; add --resume to go on, or choose another --out")
    training.make_pairs(options.photos)
    if not training.run(debug=options.debug):
        again = " ".join(["python -m demos.cartoonize --resume", *resume_options(options)])
        print(f"\nStopped at step {training.step} of {recipe.steps}, saved. Go on with: {again}", file=sys.stderr)
        return 130
    figures = training.finish()
    print(json.dumps(figures, indent=2))
    print(report(figures, options.out))
    return 0


def resume_options(options: argparse.Namespace) -> list[str]:
    """What must be said again to go on: where the photos and the run are."""
    said = []
    if options.photos != BUNDLED:
        said += ["--photos", str(options.photos)]
    if options.device != "auto":
        said += ["--device", options.device]
    return [*said, "--out", str(options.out)]


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


def add_device(parser: argparse.ArgumentParser, default: str = "auto") -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default=default, help="(%(default)s)")


if __name__ == "__main__":
    run("cartoonize", main)
