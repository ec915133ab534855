"""Train LeNet-5 to read handwritten digits, and look at those that it still takes for others."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.common import run
from demos.digits import Digits, in_batches, load_digits, pictures
from demos.options import Options
from demos.training import Training
from models.classifiers import Classifier, LeNet5
from nnlite.plot import image_grid, table

LR = 2e-3  # of the first step; it falls to 0 along a straight line
SHIFT = 2  # pixels, up to which a digit is moved each time it is trained on
SHOWN = 12


def main() -> int:
    parser = Options("classify", __doc__, steps=4000)
    parser.computes("--batch", 64, "digits in a step", least=1)
    options, computed = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits()
    model = Classifier(LeNet5(), LR).to(options.device)

    def falling(step: int) -> None:
        model.optimizer.param_groups[0]["lr"] = LR * (1.0 - step / options.steps)

    def validate() -> dict[str, float]:
        p = in_batches(model.predict, test.images, options.device)
        right = p[np.arange(len(test)), test.labels]
        return {"loss": float(-np.log(right + 1e-12).mean()), "accuracy": float((p.argmax(1) == test.labels).mean())}

    training = Training(model, options, computed, falling)
    samples = list(zip(train.images, train.labels, strict=True))
    loader = nnlite.DataLoader(
        samples, options.batch, shuffle=True, seed=options.seed, transform=shifted, device=options.device
    )
    if not training.run(loader, validate=validate):
        return training.stopped()
    figures = judge(in_batches(model.predict, test.images, options.device), test, options.out)
    figures = training.finish(figures)
    weights = options.out / "lenet5.safetensors"
    how = {"network": "LeNet5", "data": f"{len(train)} digits of MNIST", "command": parser.prog, **computed}
    how["held_out_accuracy"] = figures["accuracy"]
    nnlite.save(model.network.state_dict(), weights, {name: str(value) for name, value in how.items()})
    print(f"{figures['accuracy']:.2%} of {len(test)} digits never seen in training are read right.")
    print(f"Look at {options.out / 'mistakes.png'} and {options.out / 'confusion.png'}; the weights are in {weights}.")
    return 0


def shifted(sample: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The digit moved by up to SHIFT pixels each way, so that 8,000 digits teach like many more."""
    image, label = sample
    height, width = image.shape[1:]
    top, left = rng.integers(0, 2 * SHIFT + 1, 2)
    padded = np.pad(image, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    return padded[:, top : top + height, left : left + width], label


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
