"""Is a paired dataset sound? For any, made here or downloaded, in one of the layouts of layouts.py.

What can be known for sure is a finding; what a rule of thumb suggests is a hint.
"""

import hashlib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from .images import ImageError, read_image, resize
from .layouts import Pair, Report, find_pairs
from .limits import photo_limits
from .manifest import halves, pair_paths, read_manifest
from .options import DatasetError
from .quality import lightness, mean_difference
from .split import SAME_PICTURE, perceptual_hash
from .workers import Workers

THUMBNAIL = 16  # pixels a side
ALIKE = 6  # levels by which the thumbnails of near-duplicates differ at most, on average
PLAIN = 12  # standard deviation, in levels, below which a thumbnail shows too little to be recognised
LEVEL = 0.2  # change of L (0..100) a pixel below which it belongs to a flat area; noise and texture are above
CLEARLY_FLATTER = 0.06  # difference of flat shares that leaves no doubt which side is the cartoon


@dataclass(frozen=True)
class Look:
    """What is kept of a pair once it was read."""

    hashes: list[str]  # of the files
    size: tuple[int, int]  # of the photo: width, height
    looks: int  # perceptual hash of the photo
    mirrored: int  # and of the mirrored photo
    thumbnails: tuple[np.ndarray, np.ndarray]  # photo and cartoon, (16, 16, 3)
    flatter: float  # flat share of the cartoon minus that of the photo


def check_dataset(folder: str | Path, workers: int | None = None, progress: bool = True) -> Report:
    """Read every pair and report what is wrong with names, sizes, direction, splits, and against the manifest.

    workers, progress: as in `build_dataset`. Raises DatasetError where there are no pictures at all.
    """
    report = find_pairs(Path(folder))
    check_pairs(report, workers, progress)
    return report


def check_pairs(report: Report, workers: int | None = None, progress: bool = True) -> dict[Pair, Look]:
    """Read the pairs of a report and add to it what is wrong with them. Returns what is kept of the sound ones."""
    with Workers(workers, len(report.pairs)) as pool:
        looked = pool.map(_look, report.pairs, "check", progress)
    looks: dict[Pair, Look] = {}
    for pair, result in zip(report.pairs, looked, strict=True):
        if isinstance(result, str):
            report.wrong(result, pair.name)
        else:
            looks[pair] = result
    for split in report.splits:
        sizes = sorted({look.size for pair, look in looks.items() if pair.split == split})
        report.splits[split] = [f"{width} x {height}" for width, height in sizes]
    _check_manifest(report, looks)
    _check_direction(report, looks)
    _check_leaks(report, looks)
    _check_repetition(report, looks)
    return looks


def _look(pair: Pair) -> Look | str:
    """Read a pair; or what is wrong with it."""
    try:
        with photo_limits():
            pictures = [read_image(path) for path in pair.paths]
    except ImageError as error:
        return "; ".join(str(error).split(": ", 1)[1:]) or str(error)
    if len(pictures) == 1:
        if pictures[0].shape[1] % 2:
            return "the width is odd, so there are no equal halves"
        pictures = list(halves(pictures[0]))
    photo, cartoon = pictures
    if photo.shape != cartoon.shape:
        return "the two pictures differ in size"
    return Look(
        hashes=[hashlib.sha256(path.read_bytes()).hexdigest() for path in pair.paths],
        size=(photo.shape[1], photo.shape[0]),
        looks=perceptual_hash(photo),
        mirrored=perceptual_hash(np.ascontiguousarray(photo[:, ::-1])),
        thumbnails=(resize(photo, THUMBNAIL, THUMBNAIL), resize(cartoon, THUMBNAIL, THUMBNAIL)),
        flatter=_flat_share(cartoon) - _flat_share(photo),
    )


def _flat_share(rgb: np.ndarray) -> float:
    dy, dx = np.gradient(lightness(rgb))
    return float((np.hypot(dx, dy) < LEVEL).mean())


def _check_manifest(report: Report, looks: dict[Pair, Look]) -> None:
    """Files missing, altered or not listed; one source in two splits; a run that was not finished."""
    try:
        records = [record for record in read_manifest(report.folder) if record["status"] != "skipped"]
    except DatasetError as error:
        report.wrong("the manifest cannot be read", str(error))
        return
    if not records:
        return
    listed = {tuple(pair_paths(report.folder, record)): record for record in records}
    there = {pair.paths: pair for pair in report.pairs}
    splits: dict[str, set[str]] = {}
    for paths, record in listed.items():
        splits.setdefault(record["source"], set()).add(record["split"])
        look = looks.get(there[paths]) if paths in there else None
        if record["status"] == "pending":
            report.wrong("not drawn yet: complete it with --resume", record["file"])
        elif not all(path.exists() for path in paths):
            report.wrong("in the manifest but not there", record["file"])
        elif look and record.get("file_sha256", look.hashes) != look.hashes:
            report.wrong("altered since it was written", record["file"])
    for paths, pair in there.items():
        if paths not in listed:
            report.wrong("not in the manifest", pair.name)
    for source, found in splits.items():
        if len(found) > 1:
            report.wrong("a photo in two splits", f"{source} in {' and '.join(sorted(found))}")


def _check_direction(report: Report, looks: dict[Pair, Look]) -> None:
    """The cartoon is the flatter side. Say which that is in most pairs, and name those that are clearly otherwise."""
    sides = ("left", "right") if report.layout == "side by side" else ("A", "B")
    if not looks:
        return
    values = np.array([look.flatter for look in looks.values()])
    usual = 1 if np.median(values) > 0 else -1
    if abs(np.median(values)) < CLEARLY_FLATTER:  # as of a style with grain or hatching
        report.direction = "neither side is clearly flatter, so which is the cartoon cannot be told"
        return
    agree = int((values * usual > 0).sum())
    report.direction = f"the flatter side, the cartoon, is {sides[usual > 0]} in {agree} of {len(values)} pairs"
    if report.made_here and usual < 0:
        report.hint("photo and cartoon look swapped against the manifest", "most pairs")
    for pair, look in looks.items():
        if look.flatter * usual < -CLEARLY_FLATTER:
            report.hint("photo and cartoon look swapped", pair.name)


def _check_leaks(report: Report, looks: dict[Pair, Look]) -> None:
    """Pairs that are in two splits, or have nearly the same photo, mirrored or not."""
    for one, other in combinations(report.splits, 2):
        ours = [pair for pair in looks if pair.split == one]
        theirs = [pair for pair in looks if pair.split == other]
        if not ours or not theirs:
            continue
        same = {tuple(looks[pair].hashes): pair for pair in theirs}
        hashes = np.array([(looks[pair].looks, looks[pair].mirrored) for pair in theirs], np.uint64)
        for pair in ours:
            if twin := same.get(tuple(looks[pair].hashes)):
                report.wrong("the same pair in two splits", f"{pair.name} = {twin.name}")
                continue
            bits = np.bitwise_count(hashes ^ np.uint64(looks[pair].looks))
            for i, j in np.argwhere(bits <= SAME_PICTURE):
                seen = looks[theirs[i]].thumbnails[0]
                if _alike(looks[pair].thumbnails[0], seen[:, ::-1] if j else seen):
                    report.wrong("nearly the same photo in two splits", f"{pair.name} = {theirs[i].name}")
                    break


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two thumbnails show the same, in whatever light; never for one that shows next to nothing."""
    flat = min(float(image.mean(axis=2).std()) for image in (a, b)) < PLAIN
    lighter = np.clip(a.astype(np.int16) + round(float(b.mean() - a.mean())), 0, 255)
    return not flat and mean_difference(lighter, b) <= ALIKE


def _check_repetition(report: Report, looks: dict[Pair, Look]) -> None:
    """Equal pictures in one split, which do no harm, and pairs whose two sides have nothing in common."""
    first: dict[tuple[str, ...], Pair] = {}
    for pair, look in looks.items():
        twin = first.setdefault((pair.split, *look.hashes), pair)
        if twin is not pair:
            report.hint("the same pair twice", f"{pair.name} = {twin.name}")
        grey = [image.mean(axis=2).ravel() for image in look.thumbnails]
        if min(g.std() for g in grey) > PLAIN and np.corrcoef(*grey)[0, 1] < 0.3:
            report.hint("photo and cartoon do not show the same", pair.name)
