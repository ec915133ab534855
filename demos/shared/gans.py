"""What the demos of GANs share: options, digits to imitate, samples, warnings, and how good the digits became."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
from tqdm import tqdm

import nnlite
from demos.shared.digits import BUNDLED, Digits, load_digits, load_lenet5
from demos.shared.images import in_batches, sheet, to_image
from demos.shared.options import Options
from demos.shared.program import UserError
from demos.shared.run import Run
from models.classifiers import Classifier
from models.gan import GAN, ConditionalGAN
from models.gan_strategies import Strategy
from nnlite.metrics import frechet_distance, inception_score
from nnlite.nn import functional as F

ROWS, COLUMNS = 6, 10  # images on a sheet
JUDGED = 2000  # samples, and as many held-out digits
COUNTED = 1000  # samples in which each digit should occur
WINDOW = 50  # steps that a diagnosis looks at
WARM_UP = 0.25  # share of a run before it is diagnosed: at the start all samples look alike
COLLAPSED = 0.35  # diversity, as a share of that of real images
WON = 0.03  # mean D(G(z)): healthy games stay above .1


def add_options(parser: Options, batch: int, width: int, latent: int = 64, widest: int = 256) -> None:
    """The options of all three demos."""
    parser.computes("--batch", batch, "images in a step of a network", least=2, most=8000)
    parser.computes("--latent", latent, "numbers in the noise that an image is made of", least=1, most=1024)
    parser.computes("--width", width, "units or channels of the narrowest hidden layer", least=1, most=widest)


def add_strategy(parser: Options, label: float = 1.0, discriminator_steps: int = 1) -> None:
    """The options of models/gan_strategies.py, under the names of its fields."""
    parser.computes("--label-low", label, "labels of real images are drawn from this", least=0.7)
    parser.computes("--label-high", label, "up to this, .7 to 1", least=0.7)
    parser.computes("--discriminator-steps", discriminator_steps, "its steps before the generator's", 1, most=4000)
    parser.computes("--generator-steps", 1, "its steps after those", least=1, most=1000)
    parser.computes("--noise", 0.0, "deviation of noise on the discriminator's input; falls to 0", least=0.0, most=1e2)
    parser.computes("--spectral-norm", False, "the discriminator's layers stretch nothing")


def strategy(options: argparse.Namespace) -> Strategy:
    """The strategy that the options describe. Raises UserError for labels out of range."""
    if not options.label_low <= options.label_high <= 1.0:
        raise UserError(
            f"--label-low {options.label_low} --label-high {options.label_high}: expected .7 <= low <= high <= 1"
        )
    return Strategy(**{field.name: getattr(options, field.name) for field in fields(Strategy)})


def digit_images(digits: Digits, size: int = 28) -> np.ndarray:
    """Digits as (N, 1, size, size) in [-1, 1]; 32 and 64 pixels have the margin that LeNet-5 gives them."""
    images = digits.images
    if size != 28:
        images = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    if size == 64:
        images = F.interpolate(nnlite.tensor(images), scale_factor=2, mode="bilinear").numpy()
    return 2.0 * images - 1.0


def batches(options: argparse.Namespace, images: np.ndarray, labels: np.ndarray | None = None) -> nnlite.DataLoader:
    """Batches of images (N, C, H, W) in [-1, 1], and of labels (N,) for a conditional GAN.

    Raises UserError if there are fewer images than a step takes.
    """
    taken = options.batch * options.discriminator_steps
    if taken > len(images):
        raise UserError(
            f"a step takes {taken} images (--batch times --discriminator-steps), and there are {len(images)}; "
            "use a smaller --batch"
        )
    samples = list(zip(images, strict=True) if labels is None else zip(images, labels, strict=True))
    return nnlite.DataLoader(samples, taken, shuffle=True, drop_last=True, seed=options.seed, device=options.device)


def fixed_noise(model: GAN, n: int, seed: int) -> np.ndarray:
    """z (n, latent) from N(0, 1), the same each time, to see how its images change."""
    return np.random.default_rng(seed).standard_normal((n, model.generator.latent), np.float32)


def draw_samples(model: GAN, options: argparse.Namespace) -> np.ndarray:
    """A sheet of images of the same noise each time; of a conditional GAN, with a column for each class."""
    noise = nnlite.tensor(fixed_noise(model, ROWS * COLUMNS, options.seed), device=options.device)
    labels = nnlite.tensor(np.arange(ROWS * COLUMNS) % COLUMNS, device=options.device)
    images = model.generate(noise, *([labels] if isinstance(model, ConditionalGAN) else [])).cpu().numpy()
    return sheet([tiles(images[i : i + COLUMNS]) for i in range(0, len(images), COLUMNS)])


def warn(run: Run, warned: set[str]) -> None:
    """Print what is going wrong, each kind of warning once; `warned` holds the kinds printed before."""
    for warning in diagnose(run.losses, run.steps):
        kind = warning.split(":")[0]
        if kind not in warned:
            tqdm.write(f"step {run.step}: warning: {warning}", file=sys.stderr)
            warned.add(kind)


def report(run: Run, model: GAN, figures: dict[str, Any]) -> None:
    """Write figures, record and weights; print the figures and where to look."""
    warnings = diagnose(run.losses, run.steps)
    figures = run.finish({**figures, "warnings": warnings})
    weights = run.out / f"{run.options.program.split('.')[-1]}.safetensors"
    how = {name: str(value) for name, value in run.options.computed.items()}
    networks = {"generator": model.generator.state_dict(), "discriminator": model.discriminator.state_dict()}
    nnlite.save(networks, weights, how | {"model": type(model).__name__})
    print(*describe(figures), sep="\n")
    for warning in warnings:
        print(f"Warning: {warning}")
    print(
        f"Look at {run.out / 'progress.png'}: samples of the same noise as training went on;\n"
        f"{run.out / 'samples'} has them larger. Losses and health are in {run.out / 'losses.png'};\n"
        f"the weights are in {weights}."
    )


def diagnose(rows: list[dict[str, float]], steps: int) -> list[str]:
    """What has gone wrong in the last steps of a run of `steps`, one line each; docs/gan-faq.md says more.

    rows   what train_step returned, for every step so far
    """
    if len(rows) < max(WINDOW, WARM_UP * steps):
        return []
    recent = {name: float(np.mean([row[name] for row in rows[-WINDOW:]])) for name in rows[-1]}
    found = []
    if recent["diversity"] < COLLAPSED:
        found.append(
            f"mode collapse: generated images differ {recent['diversity']:.2f} times as much as real ones; "
            "see docs/gan-faq.md#mode-collapse"
        )
    if recent.get("d_fake", 1.0) < WON:
        found.append(
            f"the discriminator has won: D(fake) is {recent['d_fake']:.4f}, D(real) {recent['d_real']:.2f}; "
            "see docs/gan-faq.md#the-discriminator-has-won"
        )
    return found


def judge_digits(sample: Callable[[int], nnlite.Tensor], device: str, data: str = BUNDLED) -> dict[str, Any]:
    """Figures for generated digits by LeNet-5, of as many samples as there are held-out digits.

    data     whose held-out digits: "bundled" or "mnist"
    sample   sample(n) -> images (n, 1, H, W) in [-1, 1] with H = W = 28, 32 or 64
    """
    lenet = load_lenet5(device=device)
    _, test = load_digits(data)
    generated = draw_digits(sample, JUDGED)
    real_features = in_batches(lenet.features, test.images[:JUDGED], device)
    read = in_batches(Classifier(lenet).predict, generated, device)
    counts = np.bincount(read[:COUNTED].argmax(1), minlength=10)
    return {
        "frechet_distance": frechet_distance(real_features, in_batches(lenet.features, generated, device)),
        "inception_score": inception_score(read),
        "digits_present": int((counts > 0).sum()),
        **{f"share_of_{digit}": float(count / COUNTED) for digit, count in enumerate(counts)},
    }


def draw_digits(sample: Callable[[int], nnlite.Tensor], n: int, at_once: int = 500) -> np.ndarray:
    """n samples as LeNet-5 takes them: (n, 1, 28, 28) or (n, 1, 32, 32), 0 paper and 1 ink."""
    images = nnlite.cat([sample(min(at_once, n - start)).cpu() for start in range(0, n, at_once)])
    if images.shape[-1] == 64:
        images = F.avg_pool2d(images, 2)
    return (0.5 * (images + 1.0)).numpy()


def tiles(images: np.ndarray) -> list[np.ndarray]:
    """(N, 1 or 3, H, W) in [-1, 1] as images (H, W, 3) uint8."""
    return [to_image(np.broadcast_to(image, (3, *image.shape[1:]))) for image in images]


def describe(figures: dict[str, Any]) -> list[str]:
    """The figures in words."""
    lines = []
    if "frechet_distance" in figures:
        lines.append(
            f"Frechet distance to held-out digits {figures['frechet_distance']:.2f}, inception score "
            f"{figures['inception_score']:.2f} of 10;\n"
            f"{figures['digits_present']} digits of 10 occur in {COUNTED} samples."
        )
    if "as_asked" in figures:
        lines.append(f"{figures['as_asked']:.1%} of the samples are read as the digit that was asked for.")
    return lines
