"""Two folders of images: those of A learn to look like those of B, and the other way round; a fifth is held out.

There is no target for any image, so the figures are others than those of pairs. Whether G(a) looks like B is asked of
all images at once: how far apart are their colours and their sharpness, as distributions? Whether G(a) still shows what
a did is asked through F: how far is F(G(a)) from a? A generator that changes nothing would have no error there, so the
change is given too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import nnlite
from demos.cartoonize.crops import CROPS_PER_EPOCH, Photo, centre, grid, random_crop
from demos.cartoonize.tiles import draw
from demos.cartoonize.weights import save_generator
from demos.shared.images import sheet, shuffled
from demos.shared.program import UserError
from demos.shared.run import Run
from models.cyclegan import ResNetGenerator
from nnlite.metrics import frechet_distance, l1
from nnlite.plot import image_grid
from stylize import find_images, read_image, resize_short_side

MOST = 1000  # images of a folder that are read
SCALE = 2  # the short side of an image is so many crops long
LOOKED_AT = 16  # side of the crops whose looks are compared, pixels: the smallest image has room for four
SHOWN = 4  # images of each folder in a picture
Trip = tuple[Photo, Photo, Photo]  # an image, what it becomes, and what that becomes on the way back
TITLES = ("A", "A to B", "and back", "B", "B to A", "and back")


def unpaired(some: Sequence[Photo], others: Sequence[Photo], options: argparse.Namespace) -> nnlite.DataLoader:
    """Batches of crops of some images, each with a crop of any of the others."""
    epoch = list(some) * CROPS_PER_EPOCH
    if options.batch > len(epoch):
        raise UserError(f"--batch {options.batch} is more than the {len(epoch)} crops of an epoch; make it smaller")

    def cut(image: tuple[Photo], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        other = others[rng.integers(len(others))]
        return random_crop(image, options.size, rng) + random_crop([other], options.size, rng)

    return shuffled(options, epoch, drop_last=True, transform=cut)


class Folders:
    """The images of --a and of --b, to learn from and, each fifth of them, to be judged by.

    Raises ImageError for images that cannot be read, UserError for too few or too small ones.
    """

    def __init__(self, options: argparse.Namespace):
        self.options = options
        a, b = self.read(options.a, "a"), self.read(options.b, "b")
        self.learnt, self.held_out = zip(*(split(images) for images in (a, b)), strict=True)

    def read(self, folder: Path, name: str) -> list[Photo]:
        files, size = find_images([folder]), self.options.size
        images = [read_image(file) for file in files[:: -(-len(files) // MOST)]] if files else []
        images = [resize_short_side(image, min(SCALE * size, *image.shape[:2])) for image in images]
        fits = [image for image in images if min(image.shape[:2]) >= size]
        if len(fits) < 3:
            raise UserError(
                f"--{name} {folder} has {len(fits)} images with room for a crop of {size}x{size}; give it at least 3, "
                "2 to learn from and 1 to be judged by"
            )
        return fits

    def loader(self) -> nnlite.DataLoader:
        """Batches of crops of A, each with one of any image of B."""
        return unpaired(*self.learnt, self.options)

    def draw_samples(self, there: ResNetGenerator, back: ResNetGenerator) -> np.ndarray:
        """What some held-out images become, and become again on the way back: TITLES, in columns."""
        return sheet(rows(*self.trips(there, back, SHOWN)))

    def trips(self, there: ResNetGenerator, back: ResNetGenerator, most: int) -> tuple[list[Trip], list[Trip]]:
        """Up to `most` held-out images of each folder, each in the other's looks, and back."""

        def trip(image: Photo, first: ResNetGenerator, second: ResNetGenerator) -> Trip:
            translated = draw(image, first, self.options.device)
            return image, translated, draw(translated, second, self.options.device)

        a, b = (images[:most] for images in self.held_out)
        return [trip(image, there, back) for image in a], [trip(image, back, there) for image in b]

    def conclude(self, run: Run, there: ResNetGenerator, back: ResNetGenerator, network: dict[str, str]) -> str:
        """Write both weights, and figures and a picture of the held-out images; what there is to say."""
        for name, generator in (("a_to_b", there), ("b_to_a", back)):
            save_generator(generator, run.out / f"{name}.safetensors", network | {"translation": name})
        trips = self.trips(there, back, MOST)
        image_grid(rows(*(of_side[:SHOWN] for of_side in trips)), run.out / "test.png", TITLES)
        figures = run.finish(judge(*trips, *self.learnt))
        return (
            f"{report(figures)}\n"
            f"Look at {run.out / 'test.png'} and {run.out / 'progress.png'}. For an image like those of --a:\n"
            f"  python -m demos.translate apply IMAGE --model {run.out / 'a_to_b.safetensors'}\n"
            "and for one like those of --b, b_to_a.safetensors."
        )


def split(images: list[Photo]) -> tuple[list[Photo], list[Photo]]:
    """Those to learn from, and each fifth, held out."""
    return [image for i, image in enumerate(images) if i % 5], images[::5]


def rows(a: Sequence[Trip], b: Sequence[Trip]) -> list[list[Photo]]:
    """The middles of the images on a trip from A and on one from B, side by side."""
    side = min(min(trip[0].shape[:2]) for trip in (*a, *b))
    return [[centre(image, side) for image in (*one, *other)] for one, other in zip(a, b, strict=False)]


def looks(images: Sequence[Photo]) -> np.ndarray:
    """(crops, 7) in 0..1: mean and standard deviation of each colour, and the mean step to the next pixel, of crops."""
    crops = np.stack([crop for image in images for crop in grid(image, LOOKED_AT)]) / 255.0
    steps = np.abs(np.diff(crops, axis=1)).mean((1, 2, 3)) + np.abs(np.diff(crops, axis=2)).mean((1, 2, 3))
    return np.column_stack([crops.mean((1, 2)), crops.std((1, 2)), steps / 2.0])


def judge(a: Sequence[Trip], b: Sequence[Trip], known_a: Sequence[Photo], known_b: Sequence[Photo]) -> dict[str, dict]:
    """Figures of held-out images on their trips. The images that were learnt from say what the other side looks like.

    distance    Frechet distance of the looks of the translated images from those of the other side
    untouched   the same of the images as they are
    reached     the same of held-out images of the other side: as near as a translation can be expected to come
    change, cycle   mean absolute difference of the translated image, and of the one that came back, from the image
    """
    figures = {}
    for name, trips, others, known in (("a_to_b", a, b, known_b), ("b_to_a", b, a, known_a)):
        images, translated, back = zip(*trips, strict=True)
        real = looks(known)
        sides = {"distance": translated, "untouched": images, "reached": [trip[0] for trip in others]}
        figures[name] = {side: frechet_distance(looks(of_side), real) for side, of_side in sides.items()}
        for what, of_image in (("change", translated), ("cycle", back)):
            pairs = zip(of_image, images, strict=True)
            figures[name][what] = float(np.mean([l1(x / 255.0, image / 255.0) for x, image in pairs]))
    return figures


def report(figures: dict) -> str:
    """The figures as a table."""
    lines = ["Held-out images: how far their colours and sharpness are from the other side's (Frechet distance),"]
    lines.append("and how much of the range of colours they differ from what they were, there and back.")
    lines.append(f"{'':8}{'as they are':>13}{'translated':>12}{'the real':>10}{'changed by':>12}{'and back':>10}")
    for name, title in (("a_to_b", "A to B"), ("b_to_a", "B to A")):
        f = figures[name]
        distances = f"{f['untouched']:13.4f}{f['distance']:12.4f}{f['reached']:10.4f}"
        lines.append(f"{title:8}{distances}{f['change']:12.3f}{f['cycle']:10.3f}")
    return "\n".join(lines)
