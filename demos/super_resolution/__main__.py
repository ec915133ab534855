"""The command line: `python -m demos.super_resolution` trains, `... apply` enlarges a photo or a video of yours."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.images import sheet
from demos.shared.options import Options, add_device, check_together
from demos.shared.program import UserError, choose_device, run_program
from demos.shared.run import Run, fall_to_zero
from demos.super_resolution import judge
from demos.super_resolution.enlarge import bicubic, enlarge, enlarge_file, enlarge_video, save_generator
from demos.super_resolution.photos import SHORT_SIDE, Pair, split_pairs, training_batches
from models.srgan import SCALE, SRGAN, ContentModel, SRResNet
from nnlite.plot import image_grid
from stylize.console import Parser, counted, one_line, path_argument, say
from stylize.files import add_overwrite

PRESETS = {
    "quick": {"steps": 1600, "content_steps": 1300, "width": 32, "blocks": 6, "batch": 16, "crop": 24},
    "full": {"steps": 3400, "content_steps": 3000, "width": 64, "blocks": 6, "batch": 16, "crop": 24},
}
CONTENT_LR, GENERATOR_LR, DISCRIMINATOR_LR = 1e-3, 1e-4, 1e-3  # of the first step of a stage; they fall to 0
ADVERSARIAL_WEIGHT = 3e-2
NO_LOSSES = {name: nnlite.tensor(0.0) for name in ("content", "adversarial", "discriminator")}  # until there are any
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
    options = parser.settle(arguments)
    if options.steps <= options.content_steps:
        raise UserError(f"--steps {options.steps} leaves none after --content-steps {options.content_steps}; add some")
    check_together(options, ("batch", "crop", "crop", "width", "blocks"), most=2**27)
    nnlite.manual_seed(options.seed)
    content = ContentModel(SRResNet(options.width, options.blocks), CONTENT_LR).to(options.device)
    srgan = SRGAN(SRResNet(options.width, options.blocks), ADVERSARIAL_WEIGHT, GENERATOR_LR, DISCRIMINATOR_LR)
    srgan.to(options.device)
    with Run(options, {"content": content, "srgan": srgan}) as run:
        pairs, held_out = split_pairs(options.photos, SCALE * max(options.crop, judge.SIDE))
        small, originals = zip(*held_out, strict=True)
        loader = training_batches(pairs, options.crop, options.batch, options.seed, options.device)
        first, second = options.content_steps, options.steps - options.content_steps
        content_rates = [fall_to_zero(content.optimizer, first, min(run.step, first))]
        srgan_rates = [
            fall_to_zero(optimizer, second, max(run.step - first, 0))
            for optimizer in (srgan.generator_optimizer, srgan.discriminator_optimizer)
        ]
        for batch in run.batches(loader):
            if run.step < first:  # SRResNet learns by the content loss
                model, rates = content, content_rates
            else:  # SRGAN goes on from its weights
                model, rates = srgan, srgan_rates
                if run.step == first:
                    srgan.start_from(content.generator)
            run.record(NO_LOSSES | model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                images = enlarge_all(small, model.generator, options.device)
                run.record_picture(sheet(judge.details(held_out[:SHOWN], images[:SHOWN])))
                run.record_validation({"psnr": judge.psnr(images, originals)})
        if run.interrupted:
            return run.stopped()
        conclude(run, content, srgan, held_out, len(pairs))
    return 0


def conclude(run: Run, content: ContentModel, srgan: SRGAN, held_out: list[Pair], trained_on: int) -> None:
    """Write the weights of both, and a picture and figures of what they make of the photos held out; report."""
    out = run.out
    small, originals = zip(*held_out, strict=True)
    generators = {"srresnet": content.generator, "srgan": srgan.generator}
    for name, generator in generators.items():
        save_generator(generator, out / f"{name}.safetensors", run.options.computed)
    images = [[bicubic(photo) for photo in small]]
    images += [enlarge_all(small, generator, run.options.device) for generator in generators.values()]
    rows = judge.details(held_out[:SHOWN], *(each[:SHOWN] for each in images))
    image_grid(rows, out / "enlarged.png", titles=("small", *NAMES, "original"))
    figures = {name: judge.compare(each, originals) for name, each in zip(NAMES, images, strict=True)}
    run.finish(figures | {"photos": trained_on, "held_out_photos": len(held_out)})
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
    """Enlarge a photo or a video by a trained generator. The exit status: 1 if the video is damaged."""
    folder = Path("runs/super_resolution")
    parser = Parser(
        prog="python -m demos.super_resolution apply",
        description="Give a photo, or a video, four times the pixels along each side.",
    )
    parser.add_argument("photo", type=path_argument, metavar="PHOTO", nargs="?")
    parser.add_argument("--video", type=path_argument, metavar="FILE", help="a video file instead of a photo")
    parser.add_argument(
        "--model", type=path_argument, default=folder / "srresnet.safetensors", help="weights (%(default)s)"
    )
    parser.add_argument(
        "--out", type=path_argument, help="file for the result (enlarged.png; of a video, enlarged.mp4)"
    )
    add_overwrite(parser)
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    if bool(options.photo) == bool(options.video):
        parser.error("give one photo, or --video with a video file")
    out = options.out or Path("enlarged.mp4" if options.video else "enlarged.png")
    how = (options.model, out, choose_device(options.device), options.overwrite)
    if not options.video:
        enlarge_file(options.photo, *how)
        print(f"{out} has four times the width and height of {options.photo}.")
        return 0
    drawn, sound = enlarge_video(options.video, *how)
    frames = counted(drawn.frames, "frame")
    print(one_line(f"{out} has four times the width and height of {options.video}: {frames}, {sound}"))
    for warning in drawn.warnings:
        say("super_resolution", warning)
    return 1 if drawn.warnings else 0


if __name__ == "__main__":
    run_program("super_resolution", main)
