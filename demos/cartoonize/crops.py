"""From whole pairs of photo and cartoon to crops: random ones to train on, a fixed grid of them to be judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
from tqdm import tqdm

from demos.shared.images import to_network
from nnlite import DataLoader
from stylize import resize_short_side, stylize

Photo = np.ndarray  # (H, W, 3) uint8
Pair = tuple[Photo, Photo]  # photo and cartoon

# An epoch shows each training pair this often, each time another crop of it.
CROPS_PER_EPOCH = 3


def variations(
    photos: list[Photo], style: str, scale: float, size: int, smallest: float, exposure: float, seed: int
) -> list[Pair]:
    """The variations of each photo, each drawn in the style by itself: shrinking a pair would shrink its strokes."""
    rng = np.random.default_rng(seed)
    varied = []
    for photo in tqdm(photos, desc="variations", unit="photo", disable=None):
        varied += [(image, stylize(image, style, scale)) for image in vary(photo, size, smallest, exposure, rng)]
    return varied


def vary(photo: Photo, size: int, smallest: float, exposure: float, rng: np.random.Generator) -> Iterator[Photo]:
    """A photo with its three colours in all six orders, shrunk and exposed at random.

    A few photos show few colours, and a network that has seen no blue sky miscolours the first one it meets. Each is
    shrunk to a share of its size between `smallest` and 1, but not below a crop of `size`, and its numbers, 0..1,
    are raised to a power between 1 / `exposure` and `exposure`.
    """
    whole = min(photo.shape[:2])
    for order in permutations(range(3)):
        short_side = round(rng.uniform(max(size, smallest * whole), whole))
        curve = np.rint(255 * np.linspace(0, 1, 256) ** exposure ** rng.uniform(-1, 1)).astype(np.uint8)
        yield curve[resize_short_side(photo, short_side)[:, :, order]]


def training_batches(pairs: list[Pair], size: int, batch: int, seed: int, device: str) -> DataLoader:
    """A loader of (photo, cartoon) batches: random crops of `size`, half of them mirrored."""

    def cut(pair: Pair, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return random_crop(pair, size, rng)

    dataset = pairs * CROPS_PER_EPOCH
    return DataLoader(dataset, batch, shuffle=True, drop_last=True, seed=seed, transform=cut, device=device)


def random_crop(images: Sequence[np.ndarray], size: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """The same crop of each of some images of one size, half of the times mirrored, as a network takes them."""
    height, width = images[0].shape[:2]
    top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    step = rng.choice((1, -1))
    return tuple(to_network(image[top : top + size, left : left + size][:, ::step]) for image in images)


def grid(image: np.ndarray, size: int, step: int | None = None) -> Iterator[np.ndarray]:
    """Crops side by side, or one every `step` pixels, that cover as much of the image as whole ones can."""
    height, width = image.shape[:2]
    for top in range(0, height - size + 1, step or size):
        for left in range(0, width - size + 1, step or size):
            yield image[top : top + size, left : left + size]


def centre(image: np.ndarray, size: int) -> np.ndarray:
    """The crop in the middle."""
    height, width = image.shape[:2]
    top, left = (height - size) // 2, (width - size) // 2
    return image[top : top + size, left : left + size]
