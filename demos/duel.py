"""Two GANs swap their discriminators: whose samples deceive the other's? The Generative Adversarial Metric, at work.

A GAN brings a judge along, its discriminator, but that one has been trained against its own generator alone. So each
discriminator is given the samples of the other generator too (Im, Kim, Jiang & Memisevic 2016). With two folders of
runs of demos.gan or demos.dcgan, these meet; without, two GANs are trained that differ in label smoothing alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos import dcgan, gan
from demos.shared.digits import add_data, load_digits
from demos.shared.gans import JUDGED, digit_images, fixed_noise, tiles
from demos.shared.images import in_batches, sheet, shuffled
from demos.shared.options import Options
from demos.shared.program import UserError, run_program
from demos.shared.run import Run, hold_then_fall
from demos.shared.run_folder import CHECKPOINT, claim_folder, write_figures
from models.gan import GAN, DenseDiscriminator, DenseGenerator
from models.gan_strategies import Strategy
from nnlite.metrics import adversarial_metric
from nnlite.plot import image_grid
from stylize.console import path_argument

LABELS = {"hard labels": 1.0, "soft labels": 0.9}  # what the two discriminators are told of real images
WIDTH = 256
ROWS, COLUMNS = 10, 10  # samples that are shown of each
BUILD = {"GAN": gan.build, "DCGAN": dcgan.build}  # what a state is of, and what makes that from the options of a run


def main() -> int:
    parser = Options("duel", __doc__.splitlines()[0], steps=700)
    parser.add_argument(
        "folders", nargs="*", type=path_argument, metavar="FOLDER", help="two runs (default: train two GANs)"
    )
    parser.computes("--batch", 64, "digits in a step", least=2, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    if options.folders:
        with claim_folder(options.out, options.program, options.computed, options.resume):
            write_figures(duel(meet(options.folders, options.device), options), options.out)
        return 0
    models = {
        name: GAN(DenseGenerator(width=WIDTH), DenseDiscriminator(WIDTH), Strategy(label, label), gan.LR)
        for name, label in LABELS.items()
    }
    for model in models.values():
        model.to(options.device)
    loader = shuffled(options, digit_images(load_digits(options.data)[0]), drop_last=True)
    with Run(options, models) as run:
        rates = []
        for model in models.values():
            rates += hold_then_fall(model, options.steps, last_epoch=run.step - 1)
        for batch in run.batches(loader):
            losses = {name: model.train_step(*batch) for name, model in models.items()}
            run.record({f"{what}, {name}": losses[name][what] for what in ("d_real", "d_fake") for name in losses})
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(draw_rivals(models, options))
        if run.interrupted:
            return run.stopped()
        run.finish(duel(models, options))
    return 0


def draw_rivals(models: dict[str, GAN], options: argparse.Namespace) -> np.ndarray:
    """A row of samples of each, of noise that is the same each time."""
    noise = fixed_noise(models["hard labels"], COLUMNS, options.seed)
    return sheet([tiles(in_batches(model.generate, noise, options.device)) for model in models.values()])


def meet(folders: Sequence[Path], device: str) -> dict[str, GAN]:
    """The GANs of two runs. Raises UserError unless they are two, CheckpointError for a run of something else."""
    if len(folders) != 2 or folders[0] == folders[1]:
        raise UserError(f"expected the folders of two different runs, or none; got {', '.join(map(str, folders))}")
    models = {}
    for folder in folders:
        state = nnlite.load(folder / CHECKPOINT, checksum_required=True)
        kind = str(state["model"].get("kind")) if isinstance(state.get("model"), dict) else "something else"
        if kind not in BUILD:
            raise nnlite.CheckpointError(
                f"{folder / CHECKPOINT} is of {kind}; a duel takes runs of demos.dcgan, or demos.gan unconditional"
            )
        try:
            models[str(folder)] = BUILD[kind](argparse.Namespace(**state["progress"]["computed"])).to(device)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise nnlite.CheckpointError(
                f"{folder / CHECKPOINT} does not say how its networks are built ({error}); train them again"
            ) from error
        models[str(folder)].load_state_dict(state["model"])
    return models


def duel(models: dict[str, GAN], options: argparse.Namespace) -> dict[str, Any]:
    """Let each discriminator judge held-out digits and the samples of both; draw, print and return what comes out.

    Raises UserError for GANs whose images are not of one size.
    """
    samples = {
        name: in_batches(model.generate, fixed_noise(model, JUDGED, options.seed), options.device)
        for name, model in models.items()
    }
    (a, of_a), (b, of_b) = samples.items()
    if of_a.shape != of_b.shape:
        raise UserError(f"{a} makes images {of_a.shape[1:]}, {b} {of_b.shape[1:]}; a duel takes two of one size")
    shown = {"real digits": digit_images(load_digits(options.data)[1], of_a.shape[-1]), **samples}
    logits = {
        judge: {name: in_batches(model.discriminator.eval(), images, options.device) for name, images in shown.items()}
        for judge, model in models.items()
    }
    metric = adversarial_metric(logits[a]["real digits"], logits[b]["real digits"], logits[a][b], logits[b][a])
    believed = {judge: {name: float((of > 0).mean()) for name, of in row.items()} for judge, row in logits.items()}
    picture = options.out / "duel.png"
    draw(samples, {a: logits[b][a], b: logits[a][b]}, picture)
    ratios = {"test_ratio": metric.test_ratio, "sample_ratio": metric.sample_ratio}
    figures = {"believed": believed, **ratios, "winner": {"a": a, "b": b, "tie": None}[metric.winner]}
    print(report(figures))
    print("One duel is one draw: with another --seed, or some hundred steps later, the other may win.")
    print(f"Look at {picture}: samples of both; the other's discriminator saw through the red ones.")
    return figures


def draw(samples: dict[str, np.ndarray], logits: dict[str, np.ndarray], path: Path) -> None:
    """The first samples of both side by side, red where the logits of the other's discriminator say "generated"."""
    sheets = []
    for name, images in samples.items():
        cells = tiles(images[: ROWS * COLUMNS])
        seen_through = logits[name][: len(cells)].reshape(-1) <= 0
        cells = [cell * np.uint8([1, 0, 0]) if red else cell for cell, red in zip(cells, seen_through, strict=True)]
        sheets.append(sheet([cells[i : i + COLUMNS] for i in range(0, len(cells), COLUMNS)]))
    image_grid([sheets], path, titles=list(samples), scale=1)


def report(figures: dict[str, Any]) -> str:
    """The shares as a table, and what follows from them."""
    believed, winner = figures["believed"], figures["winner"]
    columns = ["real digits", *believed]
    width = max(map(len, columns)) + 2
    lines = ["Share that the discriminator of the GAN on the left takes for real:"]
    lines.append("".join(f"{name:>{width}}" for name in ["", *columns]))
    for judge, row in believed.items():
        lines.append(f"{judge:>{width}}" + "".join(f"{row[name]:{width}.1%}" for name in columns))
    lines.append(
        f"Errors on real digits stand as {figures['test_ratio']:.2f} to 1, "
        f"on each other's samples as {figures['sample_ratio']:.2f} to 1."
    )
    if winner:
        lines.append(f"{winner} wins: its samples deceive the other's discriminator more often.")
    else:
        lines.append("A tie: the second figure is 1, or the first too far from 1 for the two judges to be a match.")
    return "\n".join(lines)


if __name__ == "__main__":
    run_program("duel", main)
