"""Photographs to a paired dataset: photo left, cartoon right, one PNG a pair, split by source photo.

    OUT/train/NAME.png   OUT/test/NAME.png   OUT/manifest.jsonl

Three passes. Scan: read every photo once and note its hashes, its size, or why it is left out. Plan: group,
split and choose crops, then write the manifest with every pair still pending. Draw: make the pairs that are
not there yet, and mark them done. Files appear under their names only when they are whole, and their names
and contents depend on nothing but photo and options; so a run that was stopped is completed by running it
again, and the result is the same, byte for byte, for any number of workers.
"""

import hashlib
import re
from collections.abc import Iterable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ._cv2 import cv2
from .images import MINIMUM_SIDE, ImageError, find_images, read_image, resize_short_side, write_image
from .manifest import MANIFEST, SPLITS, DatasetError, Record, read_manifest, write_manifest
from .registry import REFERENCE_SIDE, style_parameters, stylize
from .split import assign_splits, group_similar, perceptual_hash
from .workers import Workers


@dataclass(frozen=True)
class Options:
    """What decides a dataset besides its photos. Sides in pixels; meanings in `build_dataset`."""

    style: str
    short_side: int | None
    strokes: int | None
    size: int | None
    crops: int
    test_fraction: float
    minimum_test: int
    seed: int

    def check(self) -> None:
        """Raise ValueError for an unknown style, DatasetError for values that make no dataset."""
        style_parameters(self.style)
        for name in ("short_side", "strokes", "size"):
            side = getattr(self, name)
            if side is not None and side < MINIMUM_SIDE:
                raise DatasetError(f"{name} is {side}; it needs {MINIMUM_SIDE} pixels or more")
        if self.size and self.short_side and self.size > self.short_side:
            raise DatasetError(f"crops of {self.size} do not fit into a short side of {self.short_side}")
        if self.crops < 1 or (self.crops > 1 and self.size is None):
            raise DatasetError(f"crops is {self.crops}; it needs 1 or more, and above 1 a size to cut to")
        if not 0 <= self.test_fraction < 1 or self.minimum_test < 0 or self.seed < 0:
            raise DatasetError("test_fraction must be in 0..1 and below 1; minimum_test and seed at least 0")


@dataclass(frozen=True)
class Summary:
    """What a run of `build_dataset` left in the folder."""

    out: Path
    photos: dict[str, int]  # split -> source photos
    pairs: dict[str, int]  # split -> pairs
    drawn: int  # photos drawn by this run; the others were there already
    skipped: list[tuple[str, str]]  # (source, reason)


@dataclass(frozen=True)
class _Photo:
    path: Path
    name: str  # relative to the folder it was found in
    sha256: str
    looks: int  # perceptual hash
    width: int  # as it enters the dataset
    height: int


_Skipped = tuple[str, str]  # name, reason


def build_dataset(
    sources: Iterable[str | Path],
    out: str | Path,
    *,
    style: str = "toon",
    short_side: int | None = None,
    strokes: int | None = None,
    size: int | None = None,
    crops: int = 1,
    test_fraction: float = 0.2,
    minimum_test: int = 1,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> Summary:
    """Draw every photo under `sources` (files, or folders searched recursively) and write the pairs to `out`.

    short_side: photos with a longer short side are shrunk to it; None keeps every photo as it is.
    strokes: draw with the strokes of a photo of this short side (stroke scale = strokes / 512); None: its
    own.
    size, crops: cut each pair into `crops` squares of this side, at random places; None: the whole photo.
    test_fraction, minimum_test: about this share of the photos, and at least that many, become the test
    split.
    seed: of the split and of the crops.
    workers: processes; None: one for every 16 photos, at most one a CPU. Has no influence on the result.
    progress: show progress on stderr if it is a terminal.

    Photos that cannot be used are skipped, each with its reason in the summary and in the manifest.
    Near-duplicates never stand in two splits. Run again with more photos, it adds them and moves none of
    the old ones.

    Raises DatasetError: no or one usable photo, sources inside `out`, or an `out` that is not writable, was
    made with other options, holds photos that are no longer among the sources, or is not a dataset. Raises
    ValueError for an unknown style, ImageError (a ValueError) for a source that does not exist or a disk
    that is full.
    """
    options = Options(style, short_side, strokes, size, crops, test_fraction, minimum_test, seed)
    options.check()
    if workers is not None and workers < 1:
        raise DatasetError(f"workers is {workers}; it needs 1 or more")
    out = Path(out)
    files = _find_sources([Path(source) for source in sources], out)
    known = _open(out, options)
    try:
        with Workers(workers, len(files)) as pool:
            scanned = pool.map(_scan, [(path, name, options) for path, name in files], "scan", progress)
            photos, skipped = _distinct(scanned, known)
            splits = _split(photos, known, options)
            between = [photo.name for sha256, photo in photos.items() if sha256 not in splits]
            skipped += [(name, "looks like photos of both splits") for name in between]
            plan = {sha256: _plan(photos[sha256], split, options) for sha256, split in splits.items()}
            undrawn = [sha256 for sha256, pairs in plan.items() if not _all_there(out, pairs)]
            if undrawn:
                _write(out, plan, skipped, "pending")
                jobs = [(photos[sha256].path, plan[sha256], options, out) for sha256 in undrawn]
                pool.map(_draw, jobs, "draw", progress)
            _write(out, plan, skipped, "done")
    except BrokenProcessPool as error:
        raise DatasetError("a worker process died, perhaps for want of memory; use workers=1") from error
    tally = list(splits.values())
    return Summary(
        out=out,
        photos={split: tally.count(split) for split in SPLITS},
        pairs={split: tally.count(split) * options.crops for split in SPLITS},
        drawn=len(undrawn),
        skipped=skipped,
    )


def _find_sources(sources: list[Path], out: Path) -> list[tuple[Path, str]]:
    """Each image once, as (path, name), name relative to its source; what `out` holds is left aside."""
    inside = out.resolve()
    found: dict[Path, tuple[Path, str]] = {}
    for source in sources:
        if source.resolve().is_relative_to(inside):
            raise DatasetError(f"{source} lies inside the output folder {out}; write the dataset elsewhere")
        for path in find_images([source]):
            name = path.relative_to(source).as_posix() if source.is_dir() else path.name
            if not path.resolve().is_relative_to(inside):
                found.setdefault(path.resolve(), (path, name))
    if not found:
        raise DatasetError(f"no image files in {', '.join(map(str, sources))}; name a folder of photos")
    return sorted(found.values(), key=lambda item: (item[1], item[0]))


def _open(out: Path, options: Options) -> dict[str, Record]:
    """Make the folders, or check that what is there was made with these options. One record for each photo
    there, by the hash of its bytes."""
    known = {record["sha256"]: record for record in read_manifest(out) if record["status"] != "skipped"}
    if not known and any((out / split).is_dir() and any((out / split).iterdir()) for split in SPLITS):
        raise DatasetError(f"{out} holds files but no {MANIFEST} that lists them; use another folder")
    for record in known.values():
        then = record["options"] | record["parameters"]
        now = asdict(options) | style_parameters(options.style)
        if then != now:
            keys = [key for key in now if then.get(key) != now[key]][:3]  # enough to see what is meant
            changes = ", ".join(f"{key} {then.get(key)} (now {now[key]})" for key in keys)
            raise DatasetError(f"{out} was made with {changes}; use the same, or another folder")
    try:
        for split in SPLITS:
            (out / split).mkdir(parents=True, exist_ok=True)
            for leftover in (out / split).glob(".*.tmp"):  # of a run that was killed
                leftover.unlink()
    except OSError as error:
        raise DatasetError(f"{out}: cannot write there ({error.strerror}); use another folder") from error
    return known


def _scan(job: tuple[Path, str, Options]) -> _Photo | _Skipped:
    path, name, options = job
    try:
        photo = _read(path, options)
    except ImageError as error:
        return name, str(error).removeprefix(f"{path}: ")
    height, width = photo.shape[:2]
    if options.size and min(height, width) < options.size:
        return name, f"{width} x {height} pixels is too small for crops of {options.size}"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return _Photo(path, name, sha256, perceptual_hash(photo), width, height)


def _read(path: Path, options: Options) -> np.ndarray:
    photo = read_image(path)
    if options.short_side and min(photo.shape[:2]) > options.short_side:
        return resize_short_side(photo, options.short_side)
    return photo


def _distinct(
    scanned: list[_Photo | _Skipped], known: dict[str, Record]
) -> tuple[dict[str, _Photo], list[_Skipped]]:
    """The usable photos by hash, of equal files only the first; and the rest, each with its reason."""
    photos: dict[str, _Photo] = {}
    skipped: list[_Skipped] = []
    for item in scanned:
        if isinstance(item, tuple):
            skipped.append(item)
        elif item.sha256 in photos:
            skipped.append((item.name, f"the same file as {photos[item.sha256].name}"))
        else:
            photos[item.sha256] = item
    gone = [record["source"] for sha256, record in known.items() if sha256 not in photos]
    if gone:
        raise DatasetError(
            f"the dataset holds {len(gone)} photos that are not among the sources, such as {gone[0]}; "
            "name all sources, or use another folder"
        )
    if len(photos) < 2:
        example = f" ({skipped[0][0]}: {skipped[0][1]})" if skipped else ""
        raise DatasetError(f"{len(photos)} usable photos{example}; training and testing need at least two")
    for sha256, record in known.items():  # renamed since: its pairs keep their names
        photos[sha256] = replace(photos[sha256], name=record["source"])
    return photos, skipped


def _split(photos: dict[str, _Photo], known: dict[str, Record], options: Options) -> dict[str, str]:
    """The split of each photo, by hash; those missing look like photos of both."""
    numbers = group_similar([photo.looks for photo in photos.values()])
    settled = {sha256: record["split"] for sha256, record in known.items()}
    groups = dict(zip(photos, numbers, strict=True))
    splits = assign_splits(groups, settled, options.test_fraction, options.minimum_test, options.seed)
    tested = list(splits.values()).count("test")
    if tested < options.minimum_test:
        raise DatasetError(
            f"{len(set(numbers))} different photos leave {tested} for testing, not {options.minimum_test}, "
            "as one has to be trained on; add photos or lower minimum_test"
        )
    return splits


def _plan(photo: _Photo, split: str, options: Options) -> list[Record]:
    """The records of a photo's pairs. The file names hold its hash, so they stay when other photos come."""
    stem = re.sub(r"[^\w-]+", "_", Path(photo.name).stem)[:60] + "-" + photo.sha256[:8]
    files = [f"{stem}.png"] if options.size is None else [f"{stem}-{i}.png" for i in range(options.crops)]
    rng = np.random.default_rng([options.seed, int(photo.sha256[:16], 16)])
    return [
        {
            "file": f"{split}/{file}",
            "source": photo.name,
            "sha256": photo.sha256,
            "split": split,
            "crop": _random_crop(rng, photo, options.size) if options.size else None,
            "style": options.style,
            "parameters": style_parameters(options.style),
            "scale": (options.strokes or min(photo.width, photo.height)) / REFERENCE_SIDE,
            "options": asdict(options),
            "versions": {"numpy": np.__version__, "opencv": cv2.__version__},
        }
        for file in files
    ]


def _random_crop(rng: np.random.Generator, photo: _Photo, size: int) -> list[int]:
    """[left, top, width, height]"""
    left, top = rng.integers(photo.width - size + 1), rng.integers(photo.height - size + 1)
    return [int(left), int(top), size, size]


def _all_there(out: Path, pairs: list[Record]) -> bool:
    return all((out / pair["file"]).is_file() for pair in pairs)


def _draw(job: tuple[Path, list[Record], Options, Path]) -> None:
    """Write the pairs of one photo. It is drawn whole, then cut: a crop has no borders of its own."""
    path, pairs, options, out = job
    photo = _read(path, options)
    cartoon = stylize(photo, options.style, pairs[0]["scale"])
    for pair in pairs:
        left, top, width, height = pair["crop"] or (0, 0, photo.shape[1], photo.shape[0])
        box = slice(top, top + height), slice(left, left + width)
        write_image(out / pair["file"], np.hstack([photo[box], cartoon[box]]))


def _write(out: Path, plan: dict[str, list[Record]], skipped: list[_Skipped], status: str) -> None:
    pairs = [pair | {"status": status} for pairs in plan.values() for pair in pairs]
    left_out = [{"source": name, "status": "skipped", "reason": reason} for name, reason in skipped]
    write_manifest(out, pairs + left_out)
