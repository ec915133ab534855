"""Deeper is no better without shortcuts: plain networks of 8 and 20 layers, and ResNets of as many, side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.autoencoding import falling
from demos.classify import accuracy, labelled
from demos.common import run
from demos.digits import load_digits
from demos.options import Options
from demos.run_folder import claim_folder
from demos.several import Several
from demos.sizes import check_together
from demos.training import Training
from models.classifiers import Classifier
from models.resnet import Plain, ResNet
from nnlite.plot import history

NETWORKS = {"plain": Plain, "ResNet": ResNet}
DEPTHS = (8, 20)
LAST = 50  # steps, over which the training loss at the end is the mean


class Depths(Several):
    """Classifiers that see the same batches; a step returns the loss of each."""

    def train_step(self, *batch: nnlite.Tensor) -> dict[str, nnlite.Tensor]:
        return {name: model.train_step(*batch)["loss"] for name, model in self.models.items()}


def main() -> int:
    parser = Options("depth", __doc__, steps=1000)
    parser.computes("--width", 8, "maps of the first layers", least=1, most=128)
    parser.computes("--lr", 2e-3, "learning rate of the first step; it falls to 0 in a straight line", 0.0, 1.0)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    options, computed = parser.settle()
    check_together(options, ("batch", "width"), most=2**17)
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the four networks and compare them. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    train, test = load_digits()
    models = {
        f"{name}-{depth}": Classifier(network(depth, options.width), options.lr)
        for name, network in NETWORKS.items()
        for depth in DEPTHS
    }
    model = Depths(models).to(options.device)

    def validate() -> dict[str, float]:
        return {name: accuracy(each, test, options.device) for name, each in models.items()}

    training = Training(model, options, computed, falling(models.values(), options.steps))
    if not training.run(labelled(train, options), validate=validate):
        return training.stopped()
    picture = options.out / "depth.png"
    draw(training.losses, list(models), picture)
    figures = {
        name: {
            "layers_with_weights": int(name.split("-")[1]),
            "training_loss": float(np.mean([row[name] for row in training.losses[-LAST:]])),
            "accuracy": accuracy(each, test, options.device),
        }
        for name, each in models.items()
    }
    training.finish(figures)
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
    run("depth", main)
