"""Learn 5 to 9 from 20 labels each, by a network that has learnt to read 0 to 4 from thousands: transfer learning.

Three networks see the same 100 digits. One begins from scratch; one takes over the convolutions of the other task,
frozen, and learns only new dense layers; one takes them over and goes on learning all of it. Convolutions that know
five digits are a good start for five others, but no more than a start: frozen, they do worse than none taken over.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

import nnlite
from demos.shared.digits import FEWEST, Digits, accuracy, add_data, labelled, load_digits, pictures, some_of_each
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.classifiers import Classifier, LeNet5
from nnlite import nn
from nnlite.data import RandomAffine
from nnlite.plot import bars, history, image_grid

CLASSES = 5  # of the first task, and as many of the second
DRAWS = 5  # of the labelled digits: which these are decides much
STEPS, LOOK_EVERY = 300, 50  # of the second task
LR = {"from scratch": 5e-3, "frozen features": 1e-2, "fine-tuned": 5e-3}  # of the first step
CHANGE = RandomAffine(degrees=15.0, scale=(0.85, 1.15))  # in both tasks; and every digit is moved
SHOWN = 6


def main() -> int:
    parser = Options("transfer", __doc__.splitlines()[0], steps=600)
    parser.computes("--labels", 20, "labelled digits of each class in the second task", least=1, most=FEWEST)
    parser.computes("--batch", 64, "digits in a step of the first task", least=1, most=8000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    (known, new), (held_out_known, held_out) = map(halves, load_digits(options.data))
    source = Classifier(with_head(LeNet5()), 2e-3).to(options.device)
    with Run(options, source) as run:
        rate = fall_to_zero(source.optimizer, options.steps, run.step)
        for batch in run.batches(labelled(known, options, CHANGE)):
            run.record(source.train_step(*batch))
            rate.step()
            if run.due():
                run.record_validation({"accuracy": accuracy(source, held_out_known, options.device)})
        if run.interrupted:
            return run.stopped()
        wrong = transfer(source, new, held_out, options)
        final = {way: 100.0 * (1.0 - errors[:, -1]) for way, errors in wrong.items()}
        figures = {way: {"mean": float(of.mean()), "std": float(of.std())} for way, of in final.items()}
        draw(wrong, figures, new.images[:4], options.out)
        run.finish({"accuracy_of_the_first_task": accuracy(source, held_out_known, options.device), **figures})
    print(
        f"Taught {options.labels} digits each of 5 to 9, of {len(held_out)} held-out ones a network reads right\n"
        f"(mean and standard deviation over {DRAWS} choices of the labelled digits):"
    )
    print(*(f"{way:>16} {of['mean']:.1f}% +- {of['std']:.1f}%" for way, of in figures.items()), sep="\n")
    print(f"Look at {options.out / 'transfer.png'}, {options.out / 'course.png'} and {options.out / 'augmented.png'}.")
    return 0


def halves(digits: Digits) -> tuple[Digits, Digits]:
    """0 to 4, and 5 to 9 labelled 0 to 4."""
    low = digits.labels < CLASSES
    return Digits(digits.images[low], digits.labels[low]), Digits(digits.images[~low], digits.labels[~low] - CLASSES)


def with_head(network: LeNet5) -> LeNet5:
    """The network with new dense layers, for CLASSES classes, behind its convolutions."""
    network.layers[-2] = nn.Linear(network.layers[-2].in_features, network.output.in_features)
    network.output = nn.Linear(network.output.in_features, CLASSES)
    return network


def learner(way: str, source: Classifier) -> Classifier:
    """A classifier that is to learn the second task in one of the ways of LR."""
    network = with_head(LeNet5())
    if way != "from scratch":
        network.load_state_dict(source.network.state_dict())
    if way == "frozen features":
        network.requires_grad_(False)
    return Classifier(with_head(network), LR[way])  # what is new learns in any case


def transfer(source: Classifier, new: Digits, held_out: Digits, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """The share of held-out digits read wrong in each way of learning, (DRAWS, STEPS // LOOK_EVERY): as it learns."""
    wrong: dict[str, list[list[float]]] = {way: [] for way in LR}
    with tqdm(total=DRAWS * len(LR), desc="second task", unit="training", dynamic_ncols=True) as bar:
        for draw in range(DRAWS):
            chosen = some_of_each(new.labels, options.labels, np.random.default_rng((options.seed, draw)))
            few = Digits(new.images[chosen], new.labels[chosen])
            for way in LR:
                wrong[way].append(learn(learner(way, source).to(options.device), few, held_out, options))
                bar.update()
    return {way: np.array(draws) for way, draws in wrong.items()}


def learn(model: Classifier, few: Digits, held_out: Digits, options: argparse.Namespace) -> list[float]:
    """Train on a few digits; the share of held-out ones read wrong after each LOOK_EVERY steps."""
    wrong, rate = [], fall_to_zero(model.optimizer, STEPS)
    for step, batch in zip(range(STEPS), labelled(few, options, CHANGE).batches(), strict=False):
        model.train_step(*batch)
        rate.step()
        if (step + 1) % LOOK_EVERY == 0:
            wrong.append(1.0 - accuracy(model, held_out, options.device))
    return wrong


def draw(wrong: dict[str, np.ndarray], figures: dict[str, dict[str, float]], digits: np.ndarray, out: Path) -> None:
    """Errors as bars, how they fell on the way there, and what augmentation makes of some digits."""
    errors = {way: 100.0 - of["mean"] for way, of in figures.items()}
    bars(errors, out / "transfer.png", "held-out digits read wrong, per cent", mark=errors["from scratch"])
    steps = range(LOOK_EVERY, STEPS + 1, LOOK_EVERY)
    course = {way: (steps, of.mean(0)) for way, of in wrong.items()}
    history(course, out / "course.png", "share of held-out digits read wrong")
    rng = np.random.default_rng(0)
    changed = [np.stack([CHANGE(digit, rng) for digit in digits]) for _ in range(SHOWN)]
    columns = [pictures(digits), *map(pictures, changed)]
    image_grid(list(zip(*columns, strict=True)), out / "augmented.png", ["digit", *["changed"] * SHOWN], scale=3)


if __name__ == "__main__":
    run_program("transfer", main)
