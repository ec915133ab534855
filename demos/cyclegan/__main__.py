"""Photos become cartoons without pairs: CycleGAN learns from photos, and from cartoons of other photos.

Or, with --a and --b, each of two folders of images learns to look like the other; no two images need to show the same.
"""

from __future__ import annotations

import argparse
import json

import nnlite
from demos.shared.options import Options, check_together
from demos.shared.program import UserError, run_program
from demos.shared.run import Run, hold_then_fall
from models.cyclegan import ContrastDiscriminator, CycleGAN, ResNetGenerator
from models.srgan import Discriminator
from stylize.console import path_argument

PRESETS = {"quick": {"steps": 1000}, "full": {"steps": 4500}}
GENERATOR_LR, DISCRIMINATOR_LR = 3e-4, 3e-4
# The paper's 10 and 5 would keep a generator that begins with the photo itself from leaving it in so few steps.
LAMBDA_CYCLE, LAMBDA_IDENTITY = 3.0, 0.5
LEVELS = 1  # strokes are two or three pixels wide: at a quarter of the resolution they are hard to draw
DISCRIMINATOR_WIDTH = 32


def main() -> int:
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from demos.cyclegan.cartoons import Cartoons
    from demos.cyclegan.folders import Folders

    options = settle()
    nnlite.manual_seed(options.seed)
    drawer, photographer = (ResNetGenerator(options.width, options.blocks, LEVELS) for _ in range(2))
    game = DISCRIMINATOR_WIDTH, LAMBDA_CYCLE, LAMBDA_IDENTITY, GENERATOR_LR, DISCRIMINATOR_LR
    # Between folders colours may be the difference; with cartoons they must not be (docs/cyclegan.md).
    judge = Discriminator if options.a else ContrastDiscriminator
    model = CycleGAN(drawer, photographer, *game, judge).to(options.device)
    network = {
        "generator": "resnet",
        "options": json.dumps({"width": options.width, "blocks": options.blocks, "levels": LEVELS}),
        "recipe": json.dumps(options.computed),
    }
    with Run(options, model) as run:
        images = Folders(options) if options.a else Cartoons(options)
        rates = hold_then_fall(model, options.steps, last_epoch=run.step - 1)
        for batch in run.batches(images.loader()):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(images.draw_samples(drawer, photographer))
        if run.interrupted:
            return run.stopped()
        print(images.conclude(run, drawer, photographer, network))
    return 0


def settle() -> argparse.Namespace:
    """The options. Those that exclude each other end the program with a message."""
    parser = Options("cyclegan", __doc__.splitlines()[0], PRESETS["quick"]["steps"])
    parser.computes_from_photos()
    for name in ("a", "b"):
        parser.add_argument(
            f"--{name}", type=path_argument, metavar="DIR", help="a folder of images, with the other one"
        )
        parser.computes_from(name, "image")
    parser.computes_preset(PRESETS, "some minutes, or what two cores manage in half an hour")
    parser.computes("--width", 16, "channels of the generators at full resolution", least=1, most=128)
    parser.computes("--blocks", 4, "residual blocks of the generators", least=0, most=64)
    parser.computes("--size", 64, f"side of the crops, pixels; a multiple of {2**LEVELS}", least=32, most=1024)
    parser.computes("--batch", 4, "crops of photos, and of cartoons, in a step", least=1, most=256)
    given = parser.parse_args()
    if bool(given.a) != bool(given.b):
        parser.error(f"--a and --b are two folders to learn from; --{'b' if given.a else 'a'} DIR is missing")
    if given.a and given.photos != parser.get_default("photos"):
        parser.error("--photos become cartoons; with --a and --b, the two folders have all the images")
    for name in ("a", "b"):
        if given.a and getattr(given, name).is_file():
            parser.error(f"--{name} takes a folder of images, and {getattr(given, name)} is a file")
    options = parser.settle()
    if options.a and options.computed["files_of_a"] == options.computed["files_of_b"]:
        raise UserError(f"{options.a} and {options.b} hold the same images; give two kinds of images")
    if options.size % 2**LEVELS:
        raise UserError(f"--size must be a multiple of {2**LEVELS}, got {options.size}")
    check_together(options, ("batch", "size", "size", "width"), most=2**27)
    return options


if __name__ == "__main__":
    run_program("cyclegan", main)
