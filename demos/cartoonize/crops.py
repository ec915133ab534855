"""From whole pairs of photo and cartoon to crops: random ones to train on, a fixed grid of them to be judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
from tqdm import tqdm

from demos.common import to_network
from nnlite import DataLoader
from stylize import resize_short_side, stylize

Pair = tuple[np.ndarray, np.ndarray]  # photo and cartoon, (H, W, 3) uint8

# An epoch shows each training pair this often, each time another crop of it.
CROPS_PER_EPOCH = 3


def variations(pairs: list[Pair], style: str, scale: float, size: int, smallest: float, seed: int) -> list[Pair]:
    """Each photo with its three colours in all six orders and shrunk at random, each drawn in the style by itself.

    A few photos show few colours, and a network that has seen no blue sky miscolours the first one it meets. Shrinking
    a pair would shrink its strokes too; so the photo is shrunk, to a share of its size between `smallest` and 1 but not
    below a crop of `size`, and then drawn.
    """
    rng = np.random.default_rng(seed)
    varied = []
    for photo, _ in tqdm(pairs, desc="variations", unit="photo", disable=None):
        whole = min(photo.shape[:2])
        for order in permutations(range(3)):
            short_side = round(rng.uniform(max(size, smallest * whole), whole))
            recoloured = np.ascontiguousarray(resize_short_side(photo, short_side)[:, :, order])
            varied.append((recoloured, stylize(recoloured, style, scale)))
    return varied


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


def grid(image: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Crops side by side that cover as much of the image as whole ones can."""
    height, width = image.shape[:2]
    for top in range(0, height - size + 1, size):
        for left in range(0, width - size + 1, size):
            yield image[top : top + size, left : left + size]


def centre(image: np.ndarray, size: int) -> np.ndarray:
    """The crop in the middle."""
    height, width = image.shape[:2]
    top, left = (height - size) // 2, (width - size) // 2
    return image[top : top + size, left : left + size]
