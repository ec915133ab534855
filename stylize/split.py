"""Which photos train, validate and test: near-duplicates stay together, and nobody moves when photos are added.

A network tested on a photo whose twin it was trained on is tested on memory. So photos are first grouped by
what they look like, and a whole group goes to one split, decided by a hash of its own rather than by its
place in a list.
"""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from ._cv2 import cv2

SAME_PICTURE = 10  # bits of 64 in which the perceptual hashes of near-duplicates may differ


def perceptual_hash(rgb: np.ndarray) -> int:
    """64 bits that say what a picture looks like (Zauner 2010): resized, recompressed or brightened copies
    differ in a few bits, different pictures in about half of them.

    The 8x8 lowest frequencies of the cosine transform of the grey image at 32x32, each compared with the
    median.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    lowest = cv2.dct(small)[:8, :8].ravel()
    return int.from_bytes(np.packbits(lowest > np.median(lowest)).tobytes(), "big")


def group_similar(hashes: Sequence[int]) -> list[int]:
    """A group number for each hash, equal for those linked by steps of at most SAME_PICTURE bits."""
    values = np.array(hashes, np.uint64)
    group = np.arange(len(values))
    for i, value in enumerate(values):
        near = np.bitwise_count(values[: i + 1] ^ value) <= SAME_PICTURE
        joined = np.isin(group, group[: i + 1][near])
        group[joined] = group[joined].min()
    return group.tolist()


def assign_splits(
    groups: Mapping[str, int], known: Mapping[str, str], shares: Mapping[str, tuple[float, int]], seed: int
) -> dict[str, str]:
    """The split of each photo: "train", or one of `shares`.

    groups: photo -> its group number, a photo being named by the hash of its bytes. known: the splits of
    photos that have one already; they keep it, and newcomers to their groups get the same. (A newcomer that
    looks like photos of two splits gets none and is missing from the result.) shares: split -> (fraction,
    minimum). The other groups stand in the order of hash(group, seed), in 0..1, which the fractions divide:
    below the first fraction, the first split, and so on, the rest to train. But first the lowest go where
    the minimum, in photos, is not reached yet. One group always stays in train.
    """
    members: dict[int, list[str]] = {}
    for photo in sorted(groups):
        members.setdefault(groups[photo], []).append(photo)
    splits = {photo: split for photo, split in known.items() if photo in groups}
    free = []
    for photos in members.values():
        sides = {splits[photo] for photo in photos if photo in splits}
        if not sides:
            free.append(photos)
        elif len(sides) == 1:
            splits.update(dict.fromkeys(photos, *sides))

    free.sort(key=lambda photos: _position(photos[0], seed))
    if free and "train" not in splits.values():
        splits.update(dict.fromkeys(free.pop(), "train"))
    for split, (_, minimum) in shares.items():
        while free and list(splits.values()).count(split) < minimum:
            splits.update(dict.fromkeys(free.pop(0), split))
    ends = dict(zip(shares, accumulate(fraction for fraction, _ in shares.values()), strict=True))
    for photos in free:
        position = _position(photos[0], seed)
        split = next((split for split, end in ends.items() if position < end), "train")
        splits.update(dict.fromkeys(photos, split))
    return splits


def _position(photo: str, seed: int) -> float:
    """A hash of (photo, seed), uniform in 0..1."""
    digest = hashlib.sha256(f"{seed}:{photo}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
