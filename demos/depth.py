"""Deeper is no better without shortcuts: plain networks of 8 and 20 layers, and ResNets of as many, side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.shared.digits import accuracy, add_data, labelled, load_digits
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.classifiers import Classifier
from models.resnet import Plain, ResNet
from nnlite.plot import history

NETWORKS = {"plain": Plain, "ResNet": ResNet}
DEPTHS = (8, 20)
LAST = 50  # steps, over which the training loss at the end is the mean


def main() -> int:
    parser = Options("depth", __doc__, steps=1000)
    parser.computes("--width", 8, "maps of the first layers", least=1, most=128)
    parser.computes("--lr", 2e-3, "learning rate of the first step; it falls to 0 in a straight line", 0.0, 1.0)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "width"), most=2**17)
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    models = {
        f"{name}-{depth}": Classifier(network(depth, options.width), options.lr).to(options.device)
        for name, network in NETWORKS.items()
        for depth in DEPTHS
    }
    with Run(options, models) as run:
        rates = [fall_to_zero(m.optimizer, options.steps, run.step) for m in models.values()]
        for batch in run.batches(labelled(train, options)):
            run.record({name: model.train_step(*batch)["loss"] for name, model in models.items()})
            for rate in rates:
                rate.step()
            if run.due():
                run.record_validation({name: accuracy(model, test, options.device) for name, model in models.items()})
        if run.interrupted:
            return run.stopped()
        picture = options.out / "depth.png"
        draw(run.losses, list(models), picture)
        figures = {
            name: {
                "layers_with_weights": int(name.split("-")[1]),
                "training_loss": float(np.mean([row[name] for row in run.losses[-LAST:]])),
                "accuracy": accuracy(model, test, options.device),
            }
            for name, model in models.items()
        }
        run.finish(figures)
    print(f"{'':10}  training loss  of {len(test)} held-out digits read right")
    for name, of in figures.items():
        print(f"{name:10}  {of['training_loss']:13.3f}  {of['accuracy']:.2%}")
    print(f"Look at {picture}.")
    return 0


def draw(losses: list[dict[str, float]], names: list[str], picture: Path) -> None:
    """The training losses in one panel."""
    steps = [row["step"] for row in losses]
    history({name: (steps, [row[name] for row in losses]) for name in names}, picture, "training loss")


if __name__ == "__main__":
    run_program("depth", main)
