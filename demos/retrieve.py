"""Find digits of kinds never seen: codes learnt from pairs and triplets of 0 to 6 are asked for 7, 8 and 9.

demos.search learns its codes without labels. Here labels say which digits are alike, in the hope that this teaches what
makes any two alike. Seven classes are few to learn that from, so a digit turned by a quarter, or mirrored, counts as a
class of its own. For comparison: pixels, and an autoencoder of the same digits with the same encoder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.search import FOUND, nearest
from demos.shared.autoencoders import warped
from demos.shared.digits import Digits, add_data, load_digits, pictures
from demos.shared.images import in_batches, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.autoencoder import Autoencoder, convolutional
from models.siamese import Siamese, Triplet
from nnlite.plot import image_grid

NEW = 7  # 7, 8 and 9 are in no training
LR = 2e-3  # of the first step; it falls to 0
ROUND = 2  # 0 and 1 look much the same mirrored
HARDNESS = (0.0, 0.1, 0.5)  # of the queries in the picture: the hardest, one harder than nine in ten, the median
SHOWN = 6  # found for each of them

Sample = tuple[np.ndarray, int, np.ndarray, np.ndarray]


def main() -> int:
    parser = Options("retrieve", __doc__.splitlines()[0], steps=1000)
    parser.computes("--latent", 16, "numbers in a code", least=1, most=784)
    parser.computes("--batch", 128, "digits in a step", least=2, most=256)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    known, gallery, queries = of_classes(train, 0, NEW), of_classes(train, NEW, 10), of_classes(test, NEW, 10)
    encoder, decoder = convolutional(options.latent)
    models = {
        "autoencoder": Autoencoder(encoder, decoder, LR).to(options.device),
        "pairs": Siamese(convolutional(options.latent)[0], LR).to(options.device),
        "triplets": Triplet(convolutional(options.latent)[0], LR).to(options.device),
    }

    def encode(way: str, images: np.ndarray) -> np.ndarray:
        if way == "pixels":
            return images.reshape(len(images), -1)
        return in_batches(models[way].encode, images, options.device)

    def find(way: str, digits: Digits) -> np.ndarray:
        return nearest(encode(way, digits.images), encode(way, queries.images), FOUND)

    loader = shuffled(options, known.images, known.labels, transform=sample)
    with Run(options, models) as run:
        rates = [fall_to_zero(m.optimizer, options.steps, run.step) for m in models.values()]
        for images, classes, changed, upright in run.batches(loader):
            run.record(
                {
                    "autoencoder": models["autoencoder"].train_step(changed, upright)["mse"],
                    "pairs": models["pairs"].train_step(images, classes)["loss"],
                    "triplets": models["triplets"].train_step(images, classes)["loss"],
                }
            )
            for rate in rates:
                rate.step()
            if run.due():
                run.record_validation({way: right(find(way, gallery), gallery, queries).mean() for way in models})
        if run.interrupted:
            return run.stopped()
        ways = ("pixels", *models)
        found = {way: find(way, gallery) for way in ways}
        figures = {
            "among_new": {way: float(right(found[way], gallery, queries).mean()) for way in ways},
            "among_all": {way: float(right(find(way, train), train, queries).mean()) for way in ways},
        }
        draw(gallery, queries, found, options.out / "retrieved.png")
        for name in ("pairs", "triplets"):
            nnlite.save(models[name].network.state_dict(), options.out / f"{name}.safetensors")
        run.finish(figures)
    print(report(figures, options.latent, len(queries)))
    print(f"Look at {options.out / 'retrieved.png'}: what is found for some of them; wrong digits are red.")
    return 0


def of_classes(digits: Digits, first: int, end: int) -> Digits:
    """The digits from `first` on, before `end`."""
    chosen = (first <= digits.labels) & (digits.labels < end)
    return Digits(digits.images[chosen], digits.labels[chosen])


def sample(digit: tuple[np.ndarray, int], rng: np.random.Generator) -> Sample:
    """A digit as another hand might have drawn it, turned or mirrored at random, and its class; changed; as it is.

    A quarter to the left, and one to the right, but no half turn: that would make a 9 of a 6.
    """
    image, label = digit
    changed = warped(image, rng)
    turns, mirrored = rng.choice((0, 1, 3)), rng.integers(2)
    new_class = label + 10 * (turns > 0 if label < ROUND else turns + 4 * mirrored)
    turned = np.rot90(changed, turns, (1, 2))[:, :, :: 1 - 2 * mirrored]
    return np.ascontiguousarray(turned), int(new_class), changed, image


def right(found: np.ndarray, gallery: Digits, queries: Digits) -> np.ndarray:
    """(queries, FOUND): which of those found in the gallery are of the class of the query."""
    return gallery.labels[found] == queries.labels[:, None]


def report(figures: dict[str, dict[str, float]], latent: int, count: int) -> str:
    """The figures as a table."""
    among_new, among_all = figures["among_new"], figures["among_all"]
    lines = [f"Precision at {FOUND} for {count} held-out 7s, 8s and 9s, by codes of {latent} numbers taught by 0 to 6:"]
    lines.append(f"{'':14}{'among 7 to 9':>14}{'among all ten':>15}")
    lines += [f"{way:14}{among_new[way]:14.1%}{among_all[way]:15.1%}" for way in among_new]
    return "\n".join(lines)


def draw(gallery: Digits, queries: Digits, found: dict[str, np.ndarray], path: Path) -> None:
    """Queries of each class, and what is nearest by pixels and by triplets."""
    good = {way: right(of_way, gallery, queries) for way, of_way in found.items()}
    mean = np.mean([of_way.mean(1) for of_way in good.values()], axis=0)
    rows, titles = [], ["query"]
    for label in np.unique(queries.labels):
        own = np.flatnonzero(queries.labels == label)
        own = own[mean[own].argsort(kind="stable")]
        for query in own[[int(share * (len(own) - 1)) for share in HARDNESS]]:
            row = pictures(queries.images[[query]])
            for way in ("pixels", "triplets"):
                answers = zip(pictures(gallery.images[found[way][query, :SHOWN]]), good[way][query], strict=False)
                row += [
                    np.full_like(row[0], 255),
                    *(image if ok else image * np.uint8([1, 0, 0]) for image, ok in answers),
                ]
            rows.append(row)
    for way in ("pixels", "triplets"):
        titles += ["", way, *map(str, range(2, SHOWN + 1))]
    image_grid(rows, path, titles)


if __name__ == "__main__":
    run_program("retrieve", main)
