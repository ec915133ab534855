"""Train LeNet-5, or a later network, to read handwritten digits, and look at those that it still takes for others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.autoencoding import falling
from demos.common import run
from demos.digits import Digits, in_batches, load_digits, pictures
from demos.options import Options
from demos.run_folder import claim_folder
from demos.training import Training
from models.alexnet import AlexNet
from models.classifiers import Classifier, LeNet5, multiply_adds
from models.densenet import DenseNet
from models.googlenet import GoogLeNet
from models.resnet import Plain, ResNet
from models.vgg import VGG
from nnlite import nn
from nnlite.data import Augment, RandomCrop
from nnlite.data.augment import Change
from nnlite.plot import image_grid, table

NETWORKS: dict[str, type[nn.Module]] = {
    "lenet5": LeNet5,
    "alexnet": AlexNet,
    "vgg": VGG,
    "googlenet": GoogLeNet,
    "resnet": ResNet,
    "plain": Plain,
    "densenet": DenseNet,
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "lenet5": {},
    "alexnet": {"steps": 5000, "lr": 1e-3},
    "vgg": {"steps": 2500, "lr": 1e-3},
    "googlenet": {"steps": 5000, "lr": 2e-3},
    "resnet": {"steps": 2500, "lr": 4e-3},
    "plain": {"steps": 2500, "lr": 1e-3},
    "densenet": {"steps": 2500, "lr": 4e-3},
}
SIDE = 28  # pixels of a digit
SHIFT = 2  # pixels, up to which a digit is moved each time it is trained on: 8,000 then teach like many more
SHOWN = 12


def main() -> int:
    parser = Options("classify", __doc__, steps=4000)
    parser.computes_preset(DEFAULTS, "what is trained; it decides the defaults of --steps and --lr", "--network")
    parser.computes("--lr", 2e-3, "learning rate of the first step; it falls to 0 in a straight line", 0.0, 1.0)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    options, computed = parser.settle()
    with claim_folder(options.out, options.program, computed, options.resume):
        return train_and_judge(options, computed)


def train_and_judge(options: argparse.Namespace, computed: dict[str, Any]) -> int:
    """Train the network and judge it. Returns the exit status."""
    nnlite.manual_seed(options.seed)
    train, test = load_digits()
    model = Classifier(NETWORKS[options.network](), options.lr).to(options.device)
    model.network.summary((1, SIDE, SIDE))
    print(f"{multiply_adds(model.network, (1, SIDE, SIDE)):,} multiplications for a digit")

    def validate() -> dict[str, float]:
        p = in_batches(model.predict, test.images, options.device)
        right = p[np.arange(len(test)), test.labels]
        return {"loss": float(-np.log(right + 1e-12).mean()), "accuracy": float((p.argmax(1) == test.labels).mean())}

    training = Training(model, options, computed, falling([model], options.steps))
    if not training.run(labelled(train, options), validate=validate):
        return training.stopped()
    figures = judge(in_batches(model.predict, test.images, options.device), test, options.out)
    figures = training.finish(figures)
    weights = options.out / f"{options.network}.safetensors"
    how = {"data": f"{len(train)} digits of MNIST", "command": options.command, **computed}
    how |= {"network": type(model.network).__name__, "held_out_accuracy": figures["accuracy"]}
    nnlite.save(model.network.state_dict(), weights, {name: str(value) for name, value in how.items()})
    print(f"{figures['accuracy']:.2%} of {len(test)} digits never seen in training are read right.")
    print(f"Look at {options.out / 'mistakes.png'} and {options.out / 'confusion.png'}; the weights are in {weights}.")
    return 0


def labelled(digits: Digits, options: argparse.Namespace, *changes: Change) -> nnlite.DataLoader:
    """Batches (images, labels): the digits changed by chance, and moved by up to SHIFT pixels each way."""
    transform = Augment(*changes, RandomCrop(SIDE, padding=SHIFT))
    samples = list(zip(digits.images, digits.labels, strict=True))
    return nnlite.DataLoader(
        samples, options.batch, shuffle=True, seed=options.seed, transform=transform, device=options.device
    )


def accuracy(model: Classifier, digits: Digits, device: str) -> float:
    """The share of digits read right."""
    return float((in_batches(model.predict, digits.images, device).argmax(1) == digits.labels).mean())


def judge(probabilities: np.ndarray, digits: Digits, out: Path) -> dict[str, float]:
    """Draw which digits are taken for which, and the surest mistakes; the accuracy, over all and for each digit."""
    taken = probabilities.argmax(1)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (digits.labels, taken), 1)
    table(confusion, out / "confusion.png", xlabel="taken for", ylabel="is")
    wrong = np.flatnonzero(taken != digits.labels)
    wrong = wrong[np.argsort(-probabilities[wrong, taken[wrong]])][:SHOWN]
    if len(wrong):
        titles = [f"{digits.labels[i]} as {taken[i]}" for i in wrong]
        image_grid([pictures(digits.images[wrong])], out / "mistakes.png", titles, scale=3)
    each = {f"accuracy_of_{k}": float(confusion[k, k] / confusion[k].sum()) for k in range(10)}
    return {"accuracy": float((taken == digits.labels).mean()), **each}


if __name__ == "__main__":
    run("classify", main)
