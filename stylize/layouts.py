"""Where the pairs of a dataset lie, made here or downloaded, in one of these layouts:

side by side    DIR/<split>/NAME, or DIR/NAME: one picture, photo | cartoon
two folders     DIR/A/<split>/NAME and DIR/B/<split>/NAME (or DIR/A/NAME and DIR/B/NAME)
                DIR/<split>/A/NAME and DIR/<split>/B/NAME
                DIR/<split>A/NAME and DIR/<split>B/NAME, as in trainA and trainB
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from .formats import EXTENSIONS
from .manifest import read_manifest
from .options import SPLITS, DatasetError


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
    """The layout and the pairs, by names alone. Raises DatasetError for none, or if one side of a split is missing."""
    _require_folder(folder)
    try:
        return _find_pairs(folder)
    except OSError as error:
        raise DatasetError(f"{error.filename}: cannot read ({error.strerror}); check its permissions") from error


def _find_pairs(folder: Path) -> Report:
    sub = [child for child in folder.iterdir() if child.is_dir() and not child.name.startswith(".")]
    sub.sort(key=lambda child: _order(child.name))
    _refuse_halves(sub)
    doubles = _doubles(folder, sub)
    report = Report(folder, "two folders" if doubles else "side by side", _is_made_here(folder), [])
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
    inner = {child.name: (child / "A", child / "B") for child in sub if (child / "A").is_dir()}
    if inner:
        return inner
    stems = [child.name[:-1] for child in sub if child.name.endswith("A")]
    twos = {stem: (folder / f"{stem}A", folder / f"{stem}B") for stem in stems}
    return {stem: two for stem, two in twos.items() if two[1] in sub}


def _refuse_halves(sub: list[Path]) -> None:
    """Raise DatasetError for a folder of photos, such as trainA, without that of their cartoons, or the reverse."""
    sides = [child for child in sub if child.name[:-1] in ("", *SPLITS) and child.name[-1] in "AB"]
    sides += [child / side for child in sub for side in "AB" if (child / side).is_dir()]
    for side in sides:
        other = side.with_name(side.name[:-1] + ("B" if side.name[-1] == "A" else "A"))
        if not other.is_dir() and side.parent.name not in ("A", "B"):
            raise DatasetError(f"{side} has no {other.name} next to it; pairs need both, with equal names inside")


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
            report.wrong("a picture in A without one of its name in B", name)
        elif not files[0]:
            report.wrong("a picture in B without one of its name in A", name)
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


def _is_made_here(folder: Path) -> bool:
    """Whether it has a manifest of ours that can be read."""
    try:
        return bool(read_manifest(folder))
    except DatasetError:
        return False
