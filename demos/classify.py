"""Train LeNet-5, or a later network, to read handwritten digits, and look at those that it still takes for others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.shared.digits import SIDE, Digits, add_data, labelled, load_digits, pictures
from demos.shared.images import in_batches
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.alexnet import AlexNet
from models.classifiers import Classifier, LeNet5, multiply_adds
from models.densenet import DenseNet
from models.googlenet import GoogLeNet
from models.resnet import Plain, ResNet
from models.vgg import VGG
from nnlite import nn
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
SHOWN = 12


def main() -> int:
    parser = Options("classify", __doc__, steps=4000)
    parser.computes_preset(DEFAULTS, "what is trained; it decides the defaults of --steps and --lr", "--network")
    parser.computes("--lr", 2e-3, "learning rate of the first step; it falls to 0 in a straight line", 0.0, 1.0)
    parser.computes("--batch", 64, "digits in a step", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    model = Classifier(NETWORKS[options.network](), options.lr).to(options.device)
    model.network.summary((1, SIDE, SIDE))
    print(f"{multiply_adds(model.network, (1, SIDE, SIDE)):,} multiplications for a digit")
    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(labelled(train, options)):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                run.record_validation(validate(in_batches(model.predict, test.images, options.device), test))
        if run.interrupted:
            return run.stopped()
        figures = run.finish(judge(in_batches(model.predict, test.images, options.device), test, options.out))
        weights = options.out / f"{options.network}.safetensors"
        how = {"data": f"{len(train)} digits of MNIST", "command": f"python -m {options.program}", **options.computed}
        how |= {"network": type(model.network).__name__, "held_out_accuracy": figures["accuracy"]}
        nnlite.save(model.network.state_dict(), weights, {name: str(value) for name, value in how.items()})
    print(f"{figures['accuracy']:.2%} of {len(test)} digits never seen in training are read right.")
    print(f"Look at {options.out / 'mistakes.png'} and {options.out / 'confusion.png'}; the weights are in {weights}.")
    return 0


def validate(probabilities: np.ndarray, digits: Digits) -> dict[str, float]:
    """Mean cross-entropy, and the share of digits read right."""
    right = probabilities[np.arange(len(digits)), digits.labels]
    found = probabilities.argmax(1) == digits.labels
    return {"loss": float(-np.log(right + 1e-12).mean()), "accuracy": float(found.mean())}


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
    run_program("classify", main)
