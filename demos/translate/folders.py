"""A paired dataset, as people have them, becomes pairs to learn from and pairs to be judged by.

stylize/layouts.py says where pairs may lie. Trained on is `train`, judged is `test`, or `val` if there is none; without
either, some pairs are held out. What is wrong with single pairs is told, and they are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from demos.cartoonize.crops import Pair as Pictures
from demos.shared.program import UserError
from demos.translate.baselines import affine
from demos.translate.pairs import Pairs, hold_out, large_enough, middle, some
from stylize.check import Look, check_pairs
from stylize.console import counted, say
from stylize.layouts import Pair, Report, find_pairs
from stylize.manifest import read_pair
from stylize.options import SPLITS

MOST = {"train": 1000, "test": 40}  # pairs that are read
MOST_BYTES = 10**9  # of pictures in memory


def pairs_in_folder(folder: Path, direction: str, size: int, seed: int) -> Pairs:
    """The pairs of a dataset, input first: A for the direction "AtoB", B for "BtoA".

    Raises DatasetError for a folder without pairs, UserError if none can be used, or none are for training.
    """
    report = find_pairs(folder)
    parts = choose(report, seed)
    report.pairs = [pair for pairs in parts.values() for pair in pairs]
    looks = check_pairs(report)
    sound = {split: [pair for pair in pairs if pair in looks] for split, pairs in parts.items()}
    if not sound["train"]:
        raise UserError(f"none of the pairs for training in {folder} can be used: {'; '.join(faults(report))}")
    for line in [*faults(report), *reversals(report, direction)]:
        say("translate", line)
    if not sound["test"]:
        sound = split_by_name(sound["train"], looks, seed)
    backwards = direction == "BtoA"
    train = [pair[::-1] if backwards else pair for pair in read(sound["train"], looks, size)]
    test = [middle(pair[::-1] if backwards else pair) for pair in read(sound["test"], looks, size)]
    return Pairs(f"{folder.resolve().name} {direction}", train, test, [affine])


def choose(report: Report, seed: int) -> dict[str, list[Pair]]:
    """The pairs to train on and to judge by, at most MOST of each. Raises UserError if none are for training."""
    splits: dict[str, list[Pair]] = {split: [] for split in ("", *SPLITS)}
    for pair in report.pairs:
        splits[next((split for split in SPLITS if pair.split.startswith(split)), "")].append(pair)
    others = splits.pop("")
    if not any(splits.values()):
        splits["train"], others = others, []
    if not splits["train"]:
        found = ", ".join(split for split, pairs in splits.items() if pairs) or "nothing"
        reasons = "; ".join(faults(report)) or "put those to learn from in train"
        raise UserError(f"{report.folder} has pairs for {found} and none for training: {reasons}")
    if others:
        say("translate", f"left out, in neither train, val nor test: {some([pair.name for pair in others])}")
    parts = {"train": splits["train"], "test": splits["test"] or splits["val"]}
    for split, pairs in parts.items():
        if len(pairs) > MOST[split]:
            say("translate", f"{MOST[split]} of {len(pairs)} {split} pairs are used, chosen by --seed")
            chosen = np.random.default_rng(seed).permutation(len(pairs))[: MOST[split]]
            parts[split] = [pairs[i] for i in sorted(chosen)]
    return parts


def faults(report: Report) -> list[str]:
    """What is wrong, and with which pairs, a line for each kind."""
    return [f"{what}: {some(names)}" for what, names in report.findings.items()]


def reversals(report: Report, direction: str) -> list[str]:
    """What is the wrong way round. Only a manifest of ours tells which side is the photo."""
    if not report.made_here:
        return []
    lines = [f"{what}: {some(names)}" for what, names in report.hints.items()]
    if direction == "BtoA":
        lines.append("by its manifest A holds photos and B their cartoons; BtoA learns photos from cartoons")
    return lines


def split_by_name(pairs: list[Pair], looks: dict[Pair, Look], seed: int) -> dict[str, list[Pair]]:
    """Hold out some of the training pairs."""
    held_out = hold_out({pair.name: looks[pair].looks for pair in pairs}, seed)
    say("translate", f"no pairs in test or val: {len(held_out)} of {len(pairs)} are held out, by name and --seed")
    return {
        "train": [pair for pair in pairs if pair.name not in held_out],
        "test": [pair for pair in pairs if pair.name in held_out],
    }


def read(pairs: Iterable[Pair], looks: dict[Pair, Look], size: int) -> list[Pictures]:
    """The pictures of pairs that a crop fits into, as many as MOST_BYTES hold."""
    fit = large_enough({pair.name: min(looks[pair].size) for pair in pairs}, size)
    pictures, held = [], 0
    for pair in (pair for pair in pairs if pair.name in fit):
        held += 6 * looks[pair].size[0] * looks[pair].size[1]
        if pictures and held > MOST_BYTES:
            say("translate", f"{len(pictures)} of {counted(len(fit), 'pair')} are used; more take over a gigabyte")
            break
        pictures.append(read_pair(pair.paths))
    return pictures
