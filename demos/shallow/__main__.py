"""Ten shapes on photos: told apart by designed features, and by a network that learns what to look for.

Histograms of oriented gradients (HOG) with a linear classifier, next to a small ResNet, from few labels and from many;
and the same classifier on pixels. HOG knows beforehand that edges matter, and their contrast does not. A network has to
find that out from examples, so the fewer there are, the further it is behind.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

import nnlite
from demos.features import classify, standardise
from demos.segment import load_photos
from demos.shallow.shapes import SHAPES, draw_shapes
from demos.shared.digits import SHIFT, SIDE, Digits, accuracy
from demos.shared.images import shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.classifiers import Classifier
from models.hog import cells, hog
from models.resnet import ResNet
from nnlite.plot import image_grid, lines

SHARES = (100, 10, 1)  # of the labels: all of them are divided by these
HELD_OUT = 2000
CELL = 4  # of HOG, pixels
DEPTH, WIDTH, LR = 8, 12, 4e-3  # of the networks; the rate is that of the first step and falls to 0

Describe = Callable[[np.ndarray], np.ndarray]  # pictures (N, 1, 28, 28) -> vectors (N, D)
DESCRIPTIONS: dict[str, Describe] = {
    "HOG, linear": lambda images: hog(images[:, 0], CELL),
    "pixels, linear": lambda images: images.reshape(len(images), -1),
}


def main() -> int:
    parser = Options("shallow", __doc__.splitlines()[0], steps=600)
    parser.computes("--labels", 1000, "of each shape at most; a tenth and a hundredth of it too", least=100, most=5000)
    parser.computes("--batch", 64, "pictures in a step of a network", least=1, most=1000)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    photos, unseen = load_photos()
    pool = draw_shapes(options.labels, photos, np.random.default_rng((options.seed, 0)))
    counts = [options.labels // share for share in SHARES]
    parts = [Digits(*(of_all[: count * len(SHAPES)] for of_all in pool)) for count in counts]
    models = [Classifier(ResNet(DEPTH, WIDTH), LR).to(options.device) for _ in parts]

    def sample(index: tuple[int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """One picture of each part, moved, and their classes: (parts, 1, 28, 28) and (parts,)."""
        chosen = [(part, index[0] % len(part)) for part in parts]
        images = [moved(part.images[i], rng) for part, i in chosen]
        return np.stack(images), np.array([part.labels[i] for part, i in chosen])

    with Run(options, {str(count): model for count, model in zip(counts, models, strict=True)}) as run:
        rates = [fall_to_zero(model.optimizer, options.steps, run.step) for model in models]
        for images, labels in run.batches(shuffled(options, range(len(pool)), transform=sample)):
            losses = [model.train_step(images[:, k], labels[:, k])["loss"] for k, model in enumerate(models)]
            run.record({f"loss_{count}": loss for count, loss in zip(counts, losses, strict=True)})
            for rate in rates:
                rate.step()
        if run.interrupted:
            return run.stopped()
        test = draw_shapes(HELD_OUT // len(SHAPES), unseen, np.random.default_rng((options.seed, 1)))
        right = {f"ResNet-{DEPTH}": [accuracy(model, test, options.device) for model in models]}
        for way, describe in DESCRIPTIONS.items():
            right[way] = [read(describe, part, test) for part in parts]
        errors = {way: (counts, [100.0 * (1.0 - share) for share in shares]) for way, shares in right.items()}
        lines([[errors]], options.out / "shallow.png", ["labels of each shape"], ["read wrong, per cent"])
        draw(test, options.out / "shapes.png")
        run.finish({"labels": counts, **right})
    print(f"{len(test)} held-out shapes on held-out photos: shares read right, by the number of labels of each shape:")
    print(f"{'':16}" + "".join(f"{count:>8}" for count in counts))
    print(*(f"{way:16}" + "".join(f"{share:8.1%}" for share in shares) for way, shares in right.items()), sep="\n")
    print(f"Look at {options.out / 'shallow.png'} and {options.out / 'shapes.png'}.")
    return 0


def moved(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture (1, 28, 28) moved by up to SHIFT pixels each way; its border is repeated."""
    top, left = rng.integers(2 * SHIFT + 1, size=2)
    around = np.pad(image, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)), mode="edge")
    return around[:, top : top + SIDE, left : left + SIDE]


def read(describe: Describe, known: Digits, asked: Digits) -> float:
    """The share of pictures that a linear classifier reads right by their descriptions."""
    vectors = standardise(describe(known.images), describe(asked.images))
    return float((classify(vectors[0], known.labels, vectors[1]) == asked.labels).mean())


def draw(shapes: Digits, path: Path, rows: int = 3, scale: int = 4) -> None:
    """Some of each shape, and under them what HOG sees: lines along the edges in a cell, brighter for stronger ones."""
    sheet = []
    for row in range(rows):
        some = shapes.images[row * len(SHAPES) : (row + 1) * len(SHAPES), 0]
        sheet.append([np.kron(image, np.ones((scale, scale)))[:, :, None].repeat(3, 2) for image in some])
        sheet.append([edges(image, scale)[:, :, None].repeat(3, 2) for image in some])
    image_grid(sheet, path, list(SHAPES), scale=1)


def edges(image: np.ndarray, scale: int) -> np.ndarray:
    """What HOG sees of an image, enlarged."""
    strengths = cells(image[None], CELL)[0]
    strengths /= strengths.max()
    picture = np.zeros((scale * SIDE, scale * SIDE))
    for place in np.argsort(strengths, axis=None):  # the strongest on top
        row, column, k = np.unravel_index(place, strengths.shape)
        middle, angle = scale * CELL * np.array([column + 0.5, row + 0.5]), np.pi * (k / strengths.shape[2] + 0.5)
        way = scale * CELL / 2.0 * np.array([np.cos(angle), np.sin(angle)])
        ends = [np.rint(end).astype(int).tolist() for end in (middle - way, middle + way)]
        cv2.line(picture, *ends, float(strengths[row, column, k]))
    return picture


if __name__ == "__main__":
    run_program("shallow", main)
