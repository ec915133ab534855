"""Edit handwriting: give a digit another slant, another thickness, or make it another digit, and keep the rest.

A fader network does so with one decoder for all edits. It is compared with the arithmetic of codes, where an attribute
is a direction in the code of a variational autoencoder (Larsen et al. 2016), and with OpenCV, which knows how to shear
strokes and how to widen them, but not what a digit is. The digits were not trained on; slant and thickness are measured
on the pixels (demos/shared/strokes.py), and LeNet-5 says which digit an image shows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.autoencoders import mse, warped
from demos.shared.digits import Digits, add_data, load_digits, load_lenet5, pictures
from demos.shared.images import in_batches, sheet, shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run
from demos.shared.strokes import shear, slant, thicken, thickness
from models.fader import Fader
from models.vae import VAE
from nnlite.optim.lr_scheduler import LinearLR
from nnlite.plot import image_grid

LR = 2e-3  # of the first step; it falls to a tenth
JUDGED = 1000  # held-out digits
DIGIT, SLANT, THICKNESS = slice(0, 10), 10, 11  # the attributes of an image, in this order: the digit takes ten
SHOWN = {"left": (SLANT, -0.3), "right": (SLANT, 0.7), "thin": (THICKNESS, 1.6), "thick": (THICKNESS, 4.2)}
SLANTS, THICKNESSES = np.linspace(-0.4, 0.8, 7), np.linspace(1.5, 4.5, 5)  # of the picture with both

Editor = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # images, attributes now and then -> images


def main() -> int:
    parser = Options("edit", __doc__.splitlines()[0], steps=3000)
    parser.computes("--latent", 16, "numbers in a code", least=1, most=4096)
    parser.computes("--beta", 1.0, "weight of the KL term", least=0.0, most=1e6)
    parser.computes("--secrecy", 30.0, "weight of keeping attributes out of the code", least=0.0, most=1e6)
    parser.computes("--batch", 128, "digits in a step", least=1, most=8000)
    parser.computes("--copies", 3, "times that each digit is warped, to have more to learn from", least=0, most=10)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    train, test = with_copies(train, options), Digits(test.images[:JUDGED], test.labels[:JUDGED])
    known, attributes = attributes_of(train), attributes_of(test)
    scale = Scale(known)
    fader = Fader(10, 2, options.latent, options.beta, options.secrecy, LR).to(options.device)
    vae = VAE("dense", options.latent, options.beta, LR).to(options.device)
    edit = by_fader(fader, scale, options.device)
    loader = shuffled(options, train.images, scale(known))
    with Run(options, {"fader": fader, "vae": vae}) as run:
        rates = [
            LinearLR(optimizer, 1.0, 0.1, total_iters=options.steps, last_epoch=run.step - 1)
            for optimizer in (fader.optimizer, fader.critic_optimizer, vae.optimizer)
        ]
        for images, wanted in run.batches(loader):
            losses = fader.train_step(images, wanted)
            run.record(losses | {"loss of the VAE": vae.train_step(images)["loss"]})
            for rate in rates:
                rate.step()
            if run.due():
                run.record_picture(slants_and_thicknesses(edit, test.images[0], attributes[0]))
        if run.interrupted:
            return run.stopped()
        codes = in_batches(lambda x: vae.encode(x)[0], train.images, options.device)
        editors = {
            "fader": edit,
            "vectors": by_vectors(vae, attribute_vectors(codes, scale(known)), scale, options.device),
            "OpenCV": by_hand,
            "no edit": lambda images, now, then: images,
        }
        draw(editors, test, options.out)
        figures = run.finish({name: judge(editor, test, options.device) for name, editor in editors.items()})
        how = {name: str(value) for name, value in options.computed.items()}
        networks = {"encoder": fader.encoder.state_dict(), "decoder": fader.decoder.state_dict()}
        nnlite.save(networks, options.out / "fader.safetensors", how)
    print(f"{len(test)} digits never seen in training:\n{'':44}" + "".join(f"{name:>10}" for name in editors))
    for text, asked, figure in LINES:
        print(f"{text:44}" + "".join(f"{figures[name][asked][figure]:10.3f}" for name in editors))
    print(
        f"Look at {options.out / 'edits.png'}, {options.out / 'digits.png'} and {options.out / 'grid.png'};\n"
        f"the weights are in {options.out / 'fader.safetensors'}."
    )
    return 0


def with_copies(digits: Digits, options: argparse.Namespace) -> Digits:
    """The digits, and each of them warped options.copies times; they are measured after that."""
    rng = np.random.default_rng(options.seed)
    copies = [np.stack([warped(image, rng) for image in digits.images]) for _ in range(options.copies)]
    return Digits(np.concatenate([digits.images, *copies]), np.tile(digits.labels, 1 + options.copies))


def attributes_of(digits: Digits) -> np.ndarray:
    """(N, 12): ten numbers of which that of the digit is 1 and the others 0, its slant and its thickness."""
    measured = np.stack([slant(digits.images), thickness(digits.images)], 1)
    return np.concatenate([np.eye(10)[digits.labels], measured], 1).astype(np.float32)


class Scale:
    """Slant and thickness as the networks see them: with mean 0 and variance 1 over the training digits."""

    def __init__(self, attributes: np.ndarray):
        numbers = attributes[:, SLANT:]
        self.mean, self.std = numbers.mean(0), numbers.std(0)

    def __call__(self, attributes: np.ndarray) -> np.ndarray:
        return np.concatenate([attributes[:, DIGIT], (attributes[:, SLANT:] - self.mean) / self.std], 1)


def by_fader(model: Fader, scale: Scale, device: str) -> Editor:
    """Encode, and decode with other attributes."""

    def edit(images: np.ndarray, now: np.ndarray, then: np.ndarray) -> np.ndarray:
        x, attributes = (nnlite.tensor(array, device=device) for array in (images, scale(then)))
        return model.edit(x, attributes).cpu().numpy()

    return edit


def by_vectors(model: VAE, vectors: np.ndarray, scale: Scale, device: str) -> Editor:
    """Encode, add what the attributes have changed by, times their vectors, and decode."""

    def edit(images: np.ndarray, now: np.ndarray, then: np.ndarray) -> np.ndarray:
        codes = in_batches(lambda x: model.encode(x)[0], images, device)
        return in_batches(model.decode, codes + (scale(then) - scale(now)) @ vectors, device)

    return edit


def attribute_vectors(codes: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    """(attributes, latent): the matrix W for which attributes @ W is nearest to the codes, by least squares.

    Of a digit this is the mean of its codes, apart from slant and thickness: from one digit to another leads the
    difference of their means.
    """
    return np.linalg.lstsq(attributes, codes, rcond=None)[0]


def by_hand(images: np.ndarray, now: np.ndarray, then: np.ndarray) -> np.ndarray:
    """Shear, and grow or shrink the ink, by OpenCV; the digit stays what it is."""
    more = then - now
    edited = shear(images, more[:, SLANT]) if more[:, SLANT].any() else images
    return thicken(edited, more[:, THICKNESS]) if more[:, THICKNESS].any() else edited


def requests(digits: Digits, now: np.ndarray) -> dict[str, np.ndarray]:
    """What to ask for: the slant, or the thickness, of another digit, drawn at random; or to be another digit."""
    rng = np.random.default_rng(0)
    others, classes = rng.permutation(len(now)), (digits.labels + rng.integers(1, 10, len(now))) % 10
    asked = {what: now.copy() for what in ("slant", "thickness", "digit")}
    asked["slant"][:, SLANT] = now[others, SLANT]
    asked["thickness"][:, THICKNESS] = now[others, THICKNESS]
    asked["digit"][:, DIGIT] = np.eye(10)[classes]
    return asked


def judge(editor: Editor, digits: Digits, device: str) -> dict[str, dict[str, float]]:
    """For each of the requests, how far the edited images are from it in every respect.

    slant, thickness   mean distance between what is asked for, which is to stay as it is unless it is to change, and
                       what is measured
    as_asked           the share that LeNet-5 reads as the digit asked for
    back               mean squared error of images that were edited, and edited back to what they were
    """
    now, lenet, figures = attributes_of(digits), load_lenet5(device=device), {}
    for what, then in requests(digits, now).items():
        edited = editor(digits.images, now, then)
        read = in_batches(lenet, edited, device).argmax(1)
        figures[what] = {
            "slant": float(abs(slant(edited) - then[:, SLANT]).mean()),
            "thickness": float(abs(thickness(edited) - then[:, THICKNESS]).mean()),
            "as_asked": float((read == then[:, DIGIT].argmax(1)).mean()),
            "back": mse(editor(edited, then, now), digits.images),
        }
    return figures


LINES = [  # of the table: text, request, figure
    ("Asked for another slant: off by", "slant", "slant"),
    ("    thickness is then off by", "slant", "thickness"),
    ("    read as the digit it was", "slant", "as_asked"),
    ("Asked for another thickness: off by", "thickness", "thickness"),
    ("    slant is then off by", "thickness", "slant"),
    ("    read as the digit it was", "thickness", "as_asked"),
    ("Asked for another digit: read as that one", "digit", "as_asked"),
    ("    slant is then off by", "digit", "slant"),
    ("    thickness is then off by", "digit", "thickness"),
    ("    and back again: squared error", "digit", "back"),
]


def draw(editors: dict[str, Editor], digits: Digits, out: Path) -> None:
    """One held-out digit of each class with other slants and thicknesses, as each of the ten, and with both at once."""
    chosen = [int(np.flatnonzero(digits.labels == k)[0]) for k in np.unique(digits.labels)]
    images = digits.images[chosen]
    now = attributes_of(Digits(images, digits.labels[chosen]))
    columns, titles = [images], ["input"]
    for title, (place, value) in SHOWN.items():
        for name in ("fader", "vectors", "OpenCV"):
            columns.append(editors[name](images, now, changed(now, place, value)))
            titles.append(f"{name}: {title}")
    image_grid(list(zip(*map(pictures, columns), strict=True)), out / "edits.png", titles, scale=4)
    for name, file in (("fader", "digits.png"), ("vectors", "digits-vectors.png")):
        columns = [images, *(editors[name](images, now, changed(now, DIGIT, one)) for one in np.eye(10))]
        titles = ["input", *(f"as {k}" for k in range(10))]
        image_grid(list(zip(*map(pictures, columns), strict=True)), out / file, titles)
    grids = [slants_and_thicknesses(editors["fader"], image, of_one) for image, of_one in zip(images, now, strict=True)]
    image_grid([grids[:3], grids[3:6], grids[6:9]], out / "grid.png")


def changed(attributes: np.ndarray, place: slice | int, value: np.ndarray | float) -> np.ndarray:
    """A copy of attributes (N, 12) where those at this place have another value."""
    attributes = attributes.copy()
    attributes[:, place] = value
    return attributes


def slants_and_thicknesses(editor: Editor, image: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    """A sheet of a digit (1, 28, 28): thicker from row to row, leaning further to the right from column to column."""
    then = np.repeat(attributes[None], len(SLANTS) * len(THICKNESSES), 0)
    then[:, [THICKNESS, SLANT]] = np.stack(np.meshgrid(THICKNESSES, SLANTS, indexing="ij"), -1).reshape(-1, 2)
    images = np.repeat(image[None], len(then), 0)
    cells = pictures(editor(images, np.repeat(attributes[None], len(then), 0), then))
    return sheet([cells[i : i + len(SLANTS)] for i in range(0, len(cells), len(SLANTS))])


if __name__ == "__main__":
    run_program("edit", main)
