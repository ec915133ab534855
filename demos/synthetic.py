"""Teach a digit reader with generated digits: added to a few real ones, and in place of all of them.

Augmentation: where there are 50 labels of each digit, a conditional GAN learns from these 500 and draws more. Does a
reader taught by both do better? Digits that a reader of the 500 does not take for what the GAN was asked for are left
out. All that the GAN knows it has from the same 500; moving digits by two pixels adds what we know and it does not.

Privacy: a conditional GAN learns from all training digits, and a reader sees only what it draws, as with patients'
pictures that must not leave a hospital. That protects nobody whose picture the GAN draws again: so we look whether
generated digits are nearer to digits trained on than to as many others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

import nnlite
from demos.shared import gans
from demos.shared.digits import FEWEST, Digits, accuracy, add_data, labelled, load_digits, pictures, some_of_each
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero, hold_then_fall
from models.classifiers import Classifier, LeNet5
from models.gan import ConditionalGAN
from models.gan_strategies import Strategy
from nnlite.plot import bars, image_grid

DRAWS = 5  # of the labelled digits: which these are decides much
LR, SMALL_LR = 1e-3, 2e-3  # of the GAN of all digits, and of those of a few
SMALL_WIDTH = 64  # of the GANs of a few digits
TIMES = 5  # that each real digit is there, next to as many generated ones
READER_STEPS, READER_LR = 300, 5e-3
GENERATED = 8000  # digits in place of the real ones
COMPARED = 500  # generated digits whose neighbours are looked for
SHOWN = 12


def main() -> int:
    parser = Options("synthetic", __doc__.splitlines()[0], steps=2500)
    gans.add_options(parser, batch=32, width=128, widest=4096)
    parser.computes("--labels", 50, "labelled digits of each class, where they are few", least=2, most=FEWEST)
    parser.computes("--small-steps", 800, "training steps of a GAN of a few digits", least=1, most=10**9)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    model = conditional_gan(options, options.width, LR)
    loader = batches(train, options)
    with Run(options, model) as run:
        rates = hold_then_fall(model, options.steps, last_epoch=run.step - 1)
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(gans.draw_samples(model, options))
        if run.interrupted:
            return run.stopped()
        generated = draw(model, GENERATED)
        figures = {
            "real": accuracy(reader(labelled(train, options), options), test, options.device),
            "generated": accuracy(reader(labelled(generated, options), options), test, options.device),
            "nearer": nearer(generated, train, test),
            **augmented(train, test, options),
        }
        show(generated, train, test, figures["augmented"], options.out)
        run.finish(figures)
    print(*in_words(figures, options, len(test)), sep="\n")
    print(f"Look at {options.out / 'augmented.png'}, {options.out / 'nearest.png'} and {options.out / 'progress.png'}.")
    return 0


def conditional_gan(options: argparse.Namespace, width: int, lr: float) -> ConditionalGAN:
    return ConditionalGAN(10, options.latent, width, strategy=Strategy(label_low=0.9), lr=lr).to(options.device)


def batches(digits: Digits, options: argparse.Namespace) -> nnlite.DataLoader:
    """Batches (images in [-1, 1], labels) of options.batch digits, or of all if there are fewer."""
    samples = list(zip(gans.digit_images(digits), digits.labels, strict=True))
    size = min(options.batch, len(samples))
    return nnlite.DataLoader(samples, size, shuffle=True, drop_last=True, seed=options.seed, device=options.device)


def draw(model: ConditionalGAN, n: int) -> Digits:
    """n generated digits, all classes in turn."""
    return Digits(gans.draw_digits(model.sample, n), np.arange(n) % 10)


def reader(loader: nnlite.DataLoader, options: argparse.Namespace) -> Classifier:
    """LeNet-5, taught READER_STEPS batches."""
    model = Classifier(LeNet5(), READER_LR).to(options.device)
    rate = fall_to_zero(model.optimizer, READER_STEPS)
    for _, batch in zip(range(READER_STEPS), loader.batches(), strict=False):
        model.train_step(*batch)
        rate.step()
    return model


def augmented(train: Digits, test: Digits, options: argparse.Namespace) -> dict[str, dict]:
    """For DRAWS choices of a few labelled digits: what readers taught by them get right, and what their GAN copies.

    augmented      way of teaching -> the shares of held-out digits that are read right, one for each choice
    small_nearer   `nearer` of each choice's GAN
    """
    right: dict[str, list[float]] = {}
    copied = []
    for number in tqdm(range(DRAWS), desc="few labels", unit="choice", dynamic_ncols=True):
        chosen = some_of_each(train.labels, options.labels, np.random.default_rng((options.seed, number)))
        few = Digits(train.images[chosen], train.labels[chosen])
        readers = {
            "real digits alone": reader(shuffled(options, *few), options),
            "real digits, moved": reader(labelled(few, options), options),
        }
        drawn = draw(small_gan(few, options), 2 * TIMES * len(few))
        kept = read_as_asked(drawn, readers["real digits, moved"], TIMES * len(few), options.device)
        both = Digits(*(np.concatenate([real] * TIMES + [made]) for real, made in zip(few, kept, strict=True)))
        readers["with generated ones"] = reader(shuffled(options, *both), options)
        readers["with generated ones, all moved"] = reader(labelled(both, options), options)
        for way, model in readers.items():
            right.setdefault(way, []).append(accuracy(model, test, options.device))
        copied.append(nearer(drawn, few, test))
    return {"augmented": right, "small_nearer": copied}


def read_as_asked(digits: Digits, model: Classifier, most: int, device: str) -> Digits:
    """The first of these digits, up to `most`, that the reader takes for what their labels say."""
    kept = np.flatnonzero(in_batches(model.predict, digits.images, device).argmax(1) == digits.labels)[:most]
    return Digits(digits.images[kept], digits.labels[kept])


def small_gan(digits: Digits, options: argparse.Namespace) -> ConditionalGAN:
    """A conditional GAN taught by a few digits."""
    model = conditional_gan(options, SMALL_WIDTH, SMALL_LR)
    rates = hold_then_fall(model, options.small_steps)
    for _, batch in zip(range(options.small_steps), batches(digits, options).batches(), strict=False):
        model.train_step(*batch)
        for rate in rates:
            rate.step()
    return model


def nearer(generated: Digits, seen: Digits, unseen: Digits) -> float:
    """The share of generated digits that are nearer to one trained on than to any of as many others.

    One half if the GAN keeps nothing of single digits, 1 if it draws them again. Nearness is that of pixels.
    """
    n, rng = min(len(seen), len(unseen)), np.random.default_rng(0)
    some = generated.images[:COMPARED]
    to_seen, to_unseen = (distances(some, d.images[rng.permutation(len(d))[:n]]).min(1) for d in (seen, unseen))
    return float((to_seen < to_unseen).mean())


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(len(a), len(b)): squared distances of images, by |a - b|^2 = |a|^2 + |b|^2 - 2 a b."""
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T


def show(generated: Digits, train: Digits, test: Digits, right: dict[str, list[float]], out: Path) -> None:
    """Generated digits above their nearest neighbours, and the readers' errors as bars."""
    some = generated.images[:SHOWN]
    rows = [some, *(d.images[distances(some, d.images).argmin(1)] for d in (train, test))]
    image_grid(list(map(pictures, rows)), out / "nearest.png", scale=3)
    wrong = {way: 100.0 - 100.0 * float(np.mean(of)) for way, of in right.items()}
    bars(wrong, out / "augmented.png", "held-out digits read wrong, per cent", mark=wrong["real digits alone"])


def in_words(figures: dict, options: argparse.Namespace, held_out: int) -> list[str]:
    """The figures as lines of text."""
    copied = figures["small_nearer"]
    return [
        f"Taught by {options.labels} labelled digits of each class, of {held_out} held-out ones a reader gets right",
        f"(mean and standard deviation over {DRAWS} choices of the labelled digits, each with a GAN of its own):",
        *(f"{way:>32} {100 * np.mean(of):.1f}% +- {100 * np.std(of):.1f}%" for way, of in figures["augmented"].items()),
        f"Taught by all training digits {figures['real']:.1%}, by {GENERATED} generated ones alone "
        f"{figures['generated']:.1%}.",
        "Nearer to a digit trained on than to any of as many held-out ones, of generated digits (50% by chance):",
        f"{figures['nearer']:.0%} by the GAN of all digits, {np.mean(copied):.0%} by the GANs of a few.",
    ]


if __name__ == "__main__":
    run_program("synthetic", main)
