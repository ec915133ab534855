"""Photos, what they become at a quarter of their size, and crops of both to train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nnlite
from demos.shared.images import to_image, to_network
from demos.shared.program import UserError
from models.srgan import SCALE, shrink_bicubic
from stylize import find_images, read_image, resize_short_side

SHORT_SIDE = 512  # of a photo at most, pixels: larger ones are often blurred, and show less that could be learnt
CROPS_PER_EPOCH = 64  # of each photo

Pair = tuple[np.ndarray, np.ndarray]  # small (H, W, 3) and large (4 H, 4 W, 3), uint8


def split_pairs(sources: list[Path], smallest: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on, and those of each fifth photo, held out; photos with a side below `smallest` are left out.

    Raises ImageError for a file that is not an image, UserError with fewer than two photos.
    """
    photos = [read_image(path) for path in find_images(sources)]
    if not photos:
        raise UserError(f"no photos in {', '.join(map(str, sources))}; give image files or folders that hold some")
    pairs = [make_pair(photo) for photo in photos if min(photo.shape[:2]) >= smallest]
    if len(pairs) < 2:
        raise UserError(
            f"{len(photos) - len(pairs)} of {len(photos)} photos are smaller than {smallest}x{smallest}, and two are "
            "needed, to train on and to judge by; use more or larger photos"
        )
    held_out = pairs[::5]
    del pairs[::5]
    return pairs, held_out


def make_pair(photo: np.ndarray) -> Pair:
    """A photo, cut to multiples of 4 pixels, and before it what it becomes at a quarter of its size, in 8 bits."""
    photo = resize_short_side(photo, min(SHORT_SIDE, *photo.shape[:2]))
    height, width = (side // SCALE * SCALE for side in photo.shape[:2])
    large = photo[:height, :width]
    return from_batch(shrink_bicubic(to_batch(large))), large


def training_batches(pairs: list[Pair], crop: int, batch: int, seed: int, device: str) -> nnlite.DataLoader:
    """A loader of batches (small, large): random crops of the small photos, `crop` pixels wide, and what was there.

    They are turned by quarters and half of them mirrored.
    """

    def cut_and_turn(pair: Pair, rng: np.random.Generator) -> Pair:
        top, left = (rng.integers(side - crop + 1) for side in pair[0].shape[:2])
        quarters, step = rng.integers(4), rng.choice((1, -1))
        crops = (window(image, top, left, crop, scale) for image, scale in zip(pair, (1, SCALE), strict=True))
        small, large = (to_network(np.rot90(image, quarters)[:, ::step]) for image in crops)
        return small, large

    dataset = pairs * CROPS_PER_EPOCH
    return nnlite.DataLoader(
        dataset, batch, shuffle=True, drop_last=True, seed=seed, transform=cut_and_turn, device=device
    )


def window(image: np.ndarray, top: int, left: int, side: int, scale: int) -> np.ndarray:
    """What an image `scale` times as large shows of a square of the small one."""
    return image[scale * top : scale * (top + side), scale * left : scale * (left + side)]


def to_batch(image: np.ndarray) -> nnlite.Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in [-1, 1]."""
    return nnlite.Tensor(to_network(image)[None])


def from_batch(images: nnlite.Tensor) -> np.ndarray:
    """The first of images (N, 3, H, W) in [-1, 1], as (H, W, 3) uint8."""
    return to_image(images[0].cpu().numpy())
