"""Is a paired dataset sound? For any, made here or downloaded, in one of these layouts:

    side by side    DIR/<split>/NAME, or DIR/NAME: one picture, photo | cartoon
    two folders     DIR/A/<split>/NAME and DIR/B/<split>/NAME (or DIR/A/NAME and DIR/B/NAME)
                    DIR/<split>A/NAME and DIR/<split>B/NAME, as in trainA and trainB

What can be known for sure is a finding; what a rule of thumb suggests is a hint.
"""

import hashlib
import os
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from .formats import EXTENSIONS
from .images import ImageError, read_image, resize
from .limits import photo_limits
from .manifest import Record, halves, pair_paths, read_manifest
from .options import SPLITS, DatasetError
from .quality import lightness, mean_difference
from .split import SAME_PICTURE, perceptual_hash
from .workers import Workers

THUMBNAIL = 16  # pixels a side
ALIKE = 6  # levels by which the thumbnails of near-duplicates differ at most, on average
PLAIN = 12  # standard deviation, in levels, below which a thumbnail shows too little to be recognised
LEVEL = 0.2  # change of L (0..100) a pixel below which it belongs to a flat area; noise and texture are above
CLEARLY_FLATTER = 0.06  # difference of flat shares that leaves no doubt which side is the cartoon


@dataclass(frozen=True)
class Pair:
    """A pair as it lies in the folders."""

    split: str  # "" if there are none
    name: str  # of the file, with its split, for messages
    paths: tuple[Path, ...]  # one picture, side by side, or photo and cartoon


@dataclass
class Report:
    """What `check_dataset` found."""

    folder: Path
    layout: str
    made_here: bool
    pairs: list[Pair]
    splits: dict[str, list[str]] = field(default_factory=dict)  # split -> sizes of its photos
    direction: str = ""
    findings: dict[str, list[str]] = field(default_factory=dict)  # what is wrong -> with which pairs
    hints: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, what: str, which: str) -> None:
        self.findings.setdefault(what, []).append(which)

    def hint(self, what: str, which: str) -> None:
        self.hints.setdefault(what, []).append(which)


@dataclass(frozen=True)
class _Look:
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
    folder = Path(folder)
    _require_folder(folder)
    try:
        report = find_pairs(folder)
    except OSError as error:
        raise DatasetError(f"{error.filename}: cannot read ({error.strerror}); check its permissions") from error
    with Workers(workers, len(report.pairs)) as pool:
        looked = pool.map(_look, report.pairs, "check", progress)
    looks: dict[Pair, _Look] = {}
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
    return report


def _require_folder(path: Path) -> None:
    if os.path.isdir(path):
        return
    if os.path.exists(path):
        what = "a file" if os.path.isfile(path) else "a pipe or a device"
        raise DatasetError(f"{path} is {what}, not a folder; name the folder of a dataset")
    if os.path.islink(path):
        raise DatasetError(f"{path} is a broken link; name the folder of a dataset")
    raise DatasetError(f"{path}: no such folder; check spelling and permissions")


def find_pairs(folder: Path) -> Report:
    """The layout and the pairs, by names alone. Raises DatasetError if there are none."""
    sub = [child for child in folder.iterdir() if child.is_dir() and not child.name.startswith(".")]
    sub.sort(key=lambda child: _order(child.name))
    doubles = _doubles(folder, sub)
    report = Report(folder, "two folders" if doubles else "side by side", bool(_manifest_or_none(folder)), [])
    for split, (photos, cartoons) in doubles.items():
        report.splits[split] = []
        _match(report, split, photos, cartoons)
    if not doubles:
        singles = {child.name: child for child in sub if child.name in SPLITS or _pictures(child)}
        for split, place in (singles or {"": folder}).items():
            report.splits[split] = []
            files = [path for paths in _pictures(place).values() for path in paths]
            report.pairs += [Pair(split, _named(split, path), (path,)) for path in files]
    for pair in [pair for pair in report.pairs if any(_is_special(path) for path in pair.paths)]:
        report.wrong("not a regular file but a pipe or a device", pair.name)
        report.pairs.remove(pair)
    for split in report.splits:
        if not any(pair.split == split for pair in report.pairs):
            report.wrong("a split without pairs", split or "(all)")
    if not report.pairs and not report.findings.keys() - {"a split without pairs"}:
        raise DatasetError(f"{folder}: no pictures in folders that look like a paired dataset (A and B, trainA and "
                           "trainB, or train and test with pictures side by side)")  # fmt: skip
    return report


def _doubles(folder: Path, sub: list[Path]) -> dict[str, tuple[Path, Path]]:
    """Split -> the folders of its photos and its cartoons; none if the pictures lie side by side."""
    a, b = folder / "A", folder / "B"
    if a in sub and b in sub:
        inside = {child.name for side in (a, b) for child in side.iterdir() if child.is_dir()}
        return {split: (a / split, b / split) for split in sorted(inside, key=_order)} or {"": (a, b)}
    stems = [child.name[:-1] for child in sub if child.name.endswith("A")]
    twos = {stem: (folder / f"{stem}A", folder / f"{stem}B") for stem in stems}
    return {stem: two for stem, two in twos.items() if two[1] in sub}


def _order(name: str) -> tuple[int, str]:
    """train, val, test, then whatever else there is."""
    return next((i for i, split in enumerate(SPLITS) if name.startswith(split)), len(SPLITS)), name


def _match(report: Report, split: str, photos: Path, cartoons: Path) -> None:
    """The pairs of two folders by equal names; the extension may differ."""
    left, right = _pictures(photos), _pictures(cartoons)
    for stem in sorted(left.keys() | right.keys()):
        files = left.get(stem, []), right.get(stem, [])
        name = _named(split, (files[0] or files[1])[0])
        if not files[1]:
            report.wrong("a photo without a cartoon of its name", name)
        elif not files[0]:
            report.wrong("a cartoon without a photo of its name", name)
        elif len(files[0]) > 1 or len(files[1]) > 1:
            report.wrong("more than one file of the same name", name)
        else:
            report.pairs.append(Pair(split, name, (files[0][0], files[1][0])))


def _pictures(folder: Path) -> dict[str, list[Path]]:
    """Stem -> the pictures of that name, directly in a folder."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".") and not path.is_dir():
            found.setdefault(path.stem, []).append(path)
    return found


def _is_special(path: Path) -> bool:
    """Whether reading it might never end. (A broken link is found when it is read.)"""
    return path.exists() and not path.is_file()


def _named(split: str, path: Path) -> str:
    return f"{split}/{path.name}" if split else path.name


def _look(pair: Pair) -> _Look | str:
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
        return "photo and cartoon differ in size"
    return _Look(
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


def _manifest_or_none(folder: Path) -> list[Record] | None:
    try:
        return read_manifest(folder)
    except DatasetError:
        return None


def _check_manifest(report: Report, looks: dict[Pair, _Look]) -> None:
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


def _check_direction(report: Report, looks: dict[Pair, _Look]) -> None:
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


def _check_leaks(report: Report, looks: dict[Pair, _Look]) -> None:
    """Pairs of two splits with nearly the same photo, mirrored or not."""
    for one, other in combinations(report.splits, 2):
        ours = [pair for pair in looks if pair.split == one]
        theirs = [pair for pair in looks if pair.split == other]
        if not ours or not theirs:
            continue
        hashes = np.array([(looks[pair].looks, looks[pair].mirrored) for pair in theirs], np.uint64)
        for pair in ours:
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


def _check_repetition(report: Report, looks: dict[Pair, _Look]) -> None:
    """Equal pictures in one split, which do no harm, and pairs whose two sides have nothing in common."""
    first: dict[tuple[str, ...], Pair] = {}
    for pair, look in looks.items():
        twin = first.setdefault((pair.split, *look.hashes), pair)
        if twin is not pair:
            report.hint("the same pair twice", f"{pair.name} = {twin.name}")
        grey = [image.mean(axis=2).ravel() for image in look.thumbnails]
        if min(g.std() for g in grey) > PLAIN and np.corrcoef(*grey)[0, 1] < 0.3:
            report.hint("photo and cartoon do not show the same", pair.name)
