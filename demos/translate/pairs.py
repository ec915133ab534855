"""Pairs of pictures, those to learn from and those held out. All are (H, W, 3) uint8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demos.cartoonize.crops import CROPS_PER_EPOCH, Pair, training_batches
from demos.shared.program import UserError
from demos.translate.baselines import Fit
from nnlite import DataLoader
from stylize.console import counted, say
from stylize.split import assign_splits, group_similar

JUDGED = 512  # pixels: of a larger test picture, only the middle is judged
TEST_FRACTION = 0.2
NAMED = 3  # pairs named in a message


@dataclass(frozen=True)
class Pairs:
    """What a run learns from, (input, target), what it is judged by, and what it is compared with."""

    name: str  # of the translation, such as "derain"
    train: list[Pair]
    test: list[Pair]
    baselines: Sequence[Fit]
    hole: tuple[int, int, int] | None = None  # the colour of what is to be drawn, if the rest stays as it is

    def batches(self, size: int, batch: int, seed: int, device: str) -> DataLoader:
        """Random crops of the training pairs, repeated if they are too few for a batch."""
        repeats = -(-batch // (CROPS_PER_EPOCH * len(self.train)))
        return training_batches(self.train * repeats, size, batch, seed, device)


def hold_out(looks: Mapping[str, int], seed: int) -> set[str]:
    """The names of the pictures to judge by: a fifth, at least 4 of 16 or more, near-duplicates on one side.

    looks: name -> perceptual hash. Plain pictures, such as maps of labels, all look alike; then names alone decide.
    Raises UserError for fewer than two pictures.
    """
    if len(looks) < 2:
        raise UserError(f"{counted(len(looks), 'pair')}, and two are needed, to train on and to judge by; add some")
    share = {"test": (TEST_FRACTION, 4 if len(looks) >= 16 else 1)}
    alike = dict(zip(looks, group_similar(list(looks.values())), strict=True))
    alone = {name: number for number, name in enumerate(looks)}
    for groups in (alike, alone):
        splits = assign_splits(groups, {}, share, seed)
        if chosen := {name for name, split in splits.items() if split == "test"}:
            break
    return chosen


def large_enough(sides: Mapping[str, int], size: int) -> list[str]:
    """The names of the pictures whose short side, in pixels, has room for a crop. The others are told.

    Raises UserError if none has.
    """
    small = [name for name, side in sides.items() if side < size]
    if small and len(small) == len(sides):
        raise UserError(
            f"no picture has room for a crop of {size}x{size}: the largest short side is {max(sides.values())}; use "
            "larger pictures or a smaller --size"
        )
    if small:
        say("translate", f"left out, smaller than a crop of {size}x{size}: {some(small)}")
    return [name for name in sides if name not in small]


def middle(pair: Pair) -> Pair:
    """The square of JUDGED pixels in the middle of both, or all there is."""
    height, width = pair[0].shape[:2]
    top, left = max(0, height - JUDGED) // 2, max(0, width - JUDGED) // 2
    one, other = (image[top : top + JUDGED, left : left + JUDGED] for image in pair)
    return np.ascontiguousarray(one), np.ascontiguousarray(other)


def some(names: Sequence[str]) -> str:
    """a, b, c and 4 more"""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
