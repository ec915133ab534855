"""The command line: `python -m demos.super_resolution` trains, `... apply` enlarges a photo of one's own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.common import UserError, choose_device, run, sheet
from demos.options import Options, add_device
from demos.run_folder import claim_folder
from demos.sizes import check_together
from demos.super_resolution import judge
from demos.super_resolution.enlarge import bicubic, enlarge, enlarge_file, save_generator
from demos.super_resolution.photos import SHORT_SIDE, Pair, split_pairs, training_batches
from demos.super_resolution.stages import PRESETS, Stages
from demos.training import Training
from models.srgan import SCALE, SRResNet
from nnlite.plot import image_grid
from stylize.console import Parser, counted, path_argument
from stylize.files import add_overwrite

SHOWN = 6  # held-out photos in a picture, at most
NAMES = ("bicubic", "content loss", "content + adversarial")


def main() -> int:
    arguments = sys.argv[1:]
    return apply(arguments[1:]) if arguments[:1] == ["apply"] else train(arguments)


def train(arguments: list[str]) -> int:
    """Train with the options given."""
    quick = PRESETS["quick"]
    parser = Options(
        "super_resolution",
        "Learn to give photos four times as many pixels along each side. "
        "To enlarge one: python -m demos.super_resolution apply --help",
        quick["steps"],
    )
    parser.computes_from_photos()
    parser.computes_preset(PRESETS, "some minutes, or what two cores manage in twenty-five")
    content_steps = quick["content_steps"]
    parser.computes("--content-steps", content_steps, "steps before the adversarial loss joins in", 1, most=10**9)
    parser.computes("--width", quick["width"], "channels of the residual blocks", least=2, most=256)
    parser.computes("--blocks", quick["blocks"], "residual blocks", least=1, most=64)
    parser.computes("--batch", quick["batch"], "crops in a step", least=1, most=64)
    parser.computes("--crop", quick["crop"], "side of the small crops, in pixels", least=8, most=SHORT_SIDE // SCALE)
    options, computed = parser.settle(arguments)
    if options.steps <= options.content_steps:
        raise UserError(f"--steps {options.steps} leaves none after --content-steps {options.content_steps}; add some")
    check_together(options, ("batch", "crop", "crop", "width", "blocks"), most=2**27)
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train both, and judge them on photos that they never saw. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    model = Stages(options.width, options.blocks, options.content_steps, options.steps).to(options.device)
    training = Training(model, options, computed, model.schedule)
    pairs, held_out = split_pairs(options.photos, SCALE * max(options.crop, judge.SIDE))
    small, originals = zip(*held_out, strict=True)

    @lru_cache(maxsize=1)  # a look's picture and its figure are of the same images
    def made_at(step: int) -> list[np.ndarray]:
        return enlarge_all(small, model.current.generator, options.device)

    def draw() -> np.ndarray:
        return sheet(judge.details(held_out[:SHOWN], made_at(training.step)[:SHOWN]))

    def validate() -> dict[str, float]:
        return {"psnr": judge.psnr(made_at(training.step), originals)}

    loader = training_batches(pairs, options.crop, options.batch, options.seed, options.device)
    if not training.run(loader, draw, validate):
        return training.stopped()
    conclude(training, model, held_out, len(pairs))
    return 0


def conclude(training: Training, model: Stages, held_out: list[Pair], trained_on: int) -> None:
    """Write the weights of both, and a picture and figures of what they make of the photos held out; report."""
    out = training.out
    small, originals = zip(*held_out, strict=True)
    generators = {"srresnet": model.content.generator, "srgan": model.srgan.generator}
    for name, generator in generators.items():
        save_generator(generator, out / f"{name}.safetensors", training.computed)
    images = [[bicubic(photo) for photo in small]]
    images += [enlarge_all(small, generator, training.options.device) for generator in generators.values()]
    rows = judge.details(held_out[:SHOWN], *(each[:SHOWN] for each in images))
    image_grid(rows, out / "enlarged.png", titles=("small", *NAMES, "original"))
    figures = {name: judge.compare(each, originals) for name, each in zip(NAMES, images, strict=True)}
    training.finish(figures | {"photos": trained_on, "held_out_photos": len(held_out)})
    print(report(figures, len(held_out), out))


def enlarge_all(photos: Sequence[np.ndarray], generator: SRResNet, device: str) -> list[np.ndarray]:
    """What a generator makes of each photo."""
    return [enlarge(photo, generator, device) for photo in photos]


def report(figures: dict[str, dict[str, float]], count: int, out: Path) -> str:
    """The figures as a table, what they say, and where to look."""
    bicubic_psnr, content_psnr, _ = (each["psnr"] for each in figures.values())
    return "\n".join(
        [
            f"{counted(count, 'photo')} never seen in training, from a quarter of their size back to the whole of it:",
            "",
            judge.table(figures),
            "",
            "PSNR in dB. The sharpness is the mean gradient, as a share of the original's: the content loss blurs what",
            "is unsure. The adversarial loss asks for made-up detail instead, which costs decibels; the few photos and",
            "steps of the quick preset gain little for them.",
            f"By the content loss alone {content_psnr - bicubic_psnr:+.2f} dB against the bicubic enlargement.",
            f"Look at {out / 'enlarged.png'} and {out / 'progress.png'}. Enlarge a photo of your own:",
            f"  python -m demos.super_resolution apply PHOTO --model {out / 'srresnet.safetensors'}",
        ]
    )


def apply(arguments: list[str]) -> int:
    """Enlarge a photo by a trained generator."""
    folder = Path("runs/super_resolution")
    parser = Parser(
        prog="python -m demos.super_resolution apply", description="Give a photo four times the pixels along each side."
    )
    parser.add_argument("photo", type=path_argument, metavar="PHOTO")
    parser.add_argument(
        "--model", type=path_argument, default=folder / "srresnet.safetensors", help="weights (%(default)s)"
    )
    parser.add_argument(
        "--out", type=path_argument, default=Path("enlarged.png"), help="file for the result (%(default)s)"
    )
    add_overwrite(parser)
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    enlarge_file(options.photo, options.model, options.out, choose_device(options.device), options.overwrite)
    print(f"{options.out} has four times the width and height of {options.photo}.")
    return 0


if __name__ == "__main__":
    run("super_resolution", main)
