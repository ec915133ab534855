"""Photographs to a paired dataset: photo and cartoon, as PNG, split by source photo.

    layout "side"       OUT/train/NAME.png                       photo left, cartoon right
    layout "folders"    OUT/A/train/NAME.png  OUT/B/train/NAME.png    photo, cartoon
    both                OUT/manifest.jsonl

Three passes. Scan: read every photo once and note its hashes, its size, or why it is left out. Plan: group,
split and choose crops, then write the manifest with every pair still pending. Draw: make the pairs that are
not there yet, and mark them done. Files appear under their names only when they are whole, and their names
and contents depend on nothing but photo and options; so a run that was stopped is completed by running it
again, and the result is the same, byte for byte, for any number of workers.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .files import real_path
from .folder_lock import locked
from .folders import find_images
from .images import ImageError, read_image, resize_short_side, write_image
from .manifest import LAYOUTS, MANIFEST, SPLITS, DatasetError, Record, pair_paths, read_manifest, write_manifest
from .plan import Options, Photo, drawn_steps, plan_pairs, refuse_mixing
from .preprocess import Step, parse_steps
from .preprocess import preprocess as apply_steps
from .registry import style_parameters, styles, stylize
from .split import assign_splits, group_similar, perceptual_hash
from .workers import Workers


@dataclass(frozen=True)
class Summary:
    """What a run of `build_dataset` left in the folder."""

    out: Path
    photos: dict[str, int]  # split -> source photos
    pairs: dict[str, int]  # split -> pairs
    drawn: int  # photos drawn by this run; the others were there already
    skipped: list[tuple[str, str]]  # (source, reason)


_Skipped = tuple[str, str]  # name, reason


def build_dataset(
    sources: Iterable[str | Path],
    out: str | Path,
    *,
    style: str = "toon",
    parameters: Mapping[str, float] | None = None,
    preprocess: Iterable[str] = (),
    short_side: int | None = None,
    strokes: int | None = None,
    size: int | None = None,
    crops: int = 1,
    flip: bool = False,
    layout: str = "side",
    test_fraction: float = 0.2,
    minimum_test: int = 1,
    val_fraction: float = 0.0,
    minimum_val: int | None = None,
    seed: int = 0,
    resume: bool = True,
    workers: int | None = None,
    progress: bool = True,
) -> Summary:
    """Draw every photo under `sources` (files, or folders searched recursively) and write the pairs to `out`.

    style, parameters: how to draw; parameters of the style that differ from its defaults.
    preprocess: what is done to a photo first, as texts such as "rotate=-10..10" (see preprocess.py). A number
    from a range is decided by the seed and the photo.
    short_side: photos with a longer short side are then shrunk to it; None keeps every photo as it is.
    strokes: draw with the strokes of a photo of this short side (stroke scale = strokes / 512); None: its
    own.
    size, crops: cut each pair into `crops` squares of this side, at random places; None: the whole photo.
    flip: add each of these once more, mirrored. The mirrored photo is drawn, not the drawing mirrored, so
    that hatching and halftone keep their direction and every pair shows the same style.
    layout: "side", photo and cartoon in one picture, or "folders", A for photos and B for cartoons.
    test_fraction, minimum_test: about this share of the photos, and at least that many, become the test
    split.
    val_fraction, minimum_val: the same for the split "val", which exists if one of them is above 0;
    minimum_val None: 1 if there is a val_fraction.
    seed: of the split, of the crops and of preprocessing.
    resume: go on where a stopped run ended, and add photos; False refuses an `out` that holds a dataset.
    workers: processes; None: one for every 16 photos, at most one a CPU. Has no influence on the result.
    progress: show progress on stderr if it is a terminal.

    Photos that cannot be used are skipped, each with its reason in the summary and in the manifest.
    Near-duplicates never stand in two splits. Run again with more photos, it adds them and moves none of
    the old ones; pairs that were lost or altered are drawn again.

    Raises DatasetError: too few usable photos, sources inside `out`, or an `out` that is not writable, that
    another run is writing into, that was made with other options, that holds photos which are no longer among
    the sources, or that is not a dataset. Raises ValueError for an unknown style, parameter or step, ImageError
    (a ValueError) for a source that does not exist or a disk that is full.
    """
    known_parameters = style_parameters(style, **(parameters or {}))
    options = Options(
        style=style,
        short_side=short_side,
        strokes=strokes,
        size=size,
        crops=crops,
        test_fraction=float(test_fraction),
        minimum_test=minimum_test,
        seed=seed,
        layout=layout,
        flip=flip,
        preprocess=[str(step) for step in parse_steps(preprocess)],
        val_fraction=float(val_fraction),
        minimum_val=int(val_fraction > 0) if minimum_val is None else minimum_val,
    )
    if workers is not None and workers < 1:
        raise DatasetError(f"workers is {workers}; it needs 1 or more")
    out = Path(out)
    files = _find_sources([Path(source) for source in sources], out)
    with locked(out), Workers(workers, len(files)) as pool:
        known = _open(out, options, known_parameters, resume)
        scanned = pool.map(_scan, [(path, name, options) for path, name in files], "scan", progress)
        photos, skipped = _distinct(scanned, known, options)
        splits = _split(photos, known, options)
        between = [photo.name for sha256, photo in photos.items() if sha256 not in splits]
        skipped += [(name, "looks like photos of two splits") for name in between]
        plan, undrawn = {}, []
        for sha256, split in splits.items():
            fresh = plan_pairs(photos[sha256], split, options, known_parameters)
            plan[sha256] = _finished(out, known.get(sha256, fresh)) or fresh
            if plan[sha256] is fresh:
                undrawn.append(sha256)
        if undrawn:
            _write(out, plan, skipped)
            jobs = [(photos[sha256], plan[sha256], options, out) for sha256 in undrawn]
            plan.update(zip(undrawn, pool.map(_draw, jobs, "draw", progress), strict=True))
        _write(out, plan, skipped)
    tally = list(splits.values())
    return Summary(
        out=out,
        photos={split: tally.count(split) for split in options.splits()},
        pairs={split: tally.count(split) * options.crops * (1 + options.flip) for split in options.splits()},
        drawn=len(undrawn),
        skipped=skipped,
    )


def _find_sources(sources: list[Path], out: Path) -> list[tuple[Path, str]]:
    """Each image once, as (path, name), name relative to its source; what `out` holds is left aside."""
    inside = real_path(out)
    found: dict[Path, tuple[Path, str]] = {}
    for source in sources:
        if real_path(source).is_relative_to(inside):
            raise DatasetError(f"{source} lies inside the output folder {out}; write the dataset elsewhere")
        for path in find_images([source]):
            name = path.relative_to(source).as_posix() if source.is_dir() else path.name
            if not real_path(path).is_relative_to(inside):
                found.setdefault(real_path(path), (path, name))
    if not found:
        raise DatasetError(f"no image files in {', '.join(map(str, sources))}; name a folder of photos")
    return sorted(found.values(), key=lambda item: (item[1], item[0]))


def _open(out: Path, options: Options, parameters: dict[str, Any], resume: bool) -> dict[str, list[Record]]:
    """Make the folders, or check that what is there was made with these options. The records of each photo
    there, by the hash of its bytes."""
    known: dict[str, list[Record]] = {}
    for record in read_manifest(out):
        if record["status"] != "skipped":
            refuse_mixing(out, record, options, parameters)
            known.setdefault(record["sha256"], []).append(record)
    if known and not resume:
        raise DatasetError(f"{out} holds a dataset; add --resume to complete it or add photos, or use another folder")
    taken = [out / side / split for sides in LAYOUTS.values() for side in sides for split in SPLITS]
    if not known and any(folder.is_dir() and any(folder.glob("[!.]*")) for folder in taken):
        raise DatasetError(f"{out} holds files but no {MANIFEST} that lists them; use another folder")
    folders = [out / side / split for side in LAYOUTS[options.layout] for split in options.splits()]
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for folder in [out, *folders]:
            for leftover in folder.glob(".*.tmp"):  # of a run that was killed
                leftover.unlink()
    except OSError as error:
        raise DatasetError(f"{out}: cannot write there ({error.strerror}); use another folder") from error
    return known


def _scan(job: tuple[Path, str, Options]) -> Photo | _Skipped:
    path, name, options = job
    if options.style not in styles():  # can only happen in a worker: the parent has checked it
        raise DatasetError(
            f"the worker processes do not know the style {options.style!r}; register it at the top level of a script "
            "or module, outside functions and if __name__ blocks, or use one worker"
        )
    try:
        photo = read_image(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        steps = drawn_steps(sha256, options)
        height, width = _prepare(photo, steps, options).shape[:2]
    except ImageError as error:
        return name, str(error).removeprefix(f"{path}: ")
    if options.size and min(height, width) < options.size:
        return name, f"{width} x {height} pixels is too small for crops of {options.size}"
    return Photo(path, name, sha256, perceptual_hash(photo), [str(step) for step in steps], width, height)


def _prepare(photo: np.ndarray, steps: list[Step], options: Options) -> np.ndarray:
    photo = apply_steps(photo, steps)
    if options.short_side and min(photo.shape[:2]) > options.short_side:
        return resize_short_side(photo, options.short_side)
    return photo


def _distinct(
    scanned: list[Photo | _Skipped], known: dict[str, list[Record]], options: Options
) -> tuple[dict[str, Photo], list[_Skipped]]:
    """The usable photos by hash, of equal files only the first; and the rest, each with its reason."""
    photos: dict[str, Photo] = {}
    skipped: list[_Skipped] = []
    for item in scanned:
        if isinstance(item, tuple):
            skipped.append(item)
        elif item.sha256 in photos:
            skipped.append((item.name, f"the same file as {photos[item.sha256].name}"))
        else:
            photos[item.sha256] = item
    gone = [records[0]["source"] for sha256, records in known.items() if sha256 not in photos]
    if gone:
        raise DatasetError(
            f"the dataset holds {len(gone)} photos that are not among the sources, such as {gone[0]}; "
            "name all sources, or use another folder"
        )
    needed = 1 + sum(minimum > 0 for _, minimum in options.shares().values())
    if len(photos) < needed:
        example = f" ({skipped[0][0]}: {skipped[0][1]})" if skipped else ""
        raise DatasetError(f"{len(photos)} usable photos{example}; {' and '.join(options.splits())} need {needed}")
    for sha256, records in known.items():  # renamed since: its pairs keep their names
        photos[sha256] = replace(photos[sha256], name=records[0]["source"])
    return photos, skipped


def _split(photos: dict[str, Photo], known: dict[str, list[Record]], options: Options) -> dict[str, str]:
    """The split of each photo, by hash; those missing look like photos of two."""
    numbers = group_similar([photo.looks for photo in photos.values()])
    settled = {sha256: records[0]["split"] for sha256, records in known.items()}
    splits = assign_splits(dict(zip(photos, numbers, strict=True)), settled, options.shares(), options.seed)
    for split, (_, minimum) in options.shares().items():
        found = list(splits.values()).count(split)
        if found < minimum:
            raise DatasetError(
                f"{len(set(numbers))} different photos leave {found} for {split}, not {minimum}, "
                f"as one has to be trained on; add photos or lower minimum_{split}"
            )
    return splits


def _finished(out: Path, pairs: list[Record]) -> list[Record] | None:
    """The records of a photo as done, if its pairs are all there and still as they were written; else None."""
    done = []
    for pair in pairs:
        paths = pair_paths(out, pair)
        if not all(path.is_file() for path in paths):
            return None
        hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        if pair.get("file_sha256", hashes) != hashes:
            return None
        done.append(pair | {"file_sha256": hashes, "status": "done"})
    return done


def _draw(job: tuple[Photo, list[Record], Options, Path]) -> list[Record]:
    """Write the pairs of one photo; their records. It is drawn whole, then cut: a crop has no borders of its own."""
    source, pairs, options, out = job
    photo = _prepare(read_image(source.path), parse_steps(source.steps), options)
    for flip in sorted({pair["flip"] for pair in pairs}):
        seen = np.ascontiguousarray(photo[:, ::-1]) if flip else photo
        cartoon = stylize(seen, options.style, pairs[0]["scale"], **pairs[0]["parameters"])
        for pair in pairs:
            if pair["flip"] == flip:
                box = _box(pair, seen)
                _write_pair(pair_paths(out, pair), seen[box], cartoon[box])
    return _finished(out, pairs) or pairs


def _box(pair: Record, seen: np.ndarray) -> tuple[slice, slice]:
    """The crop, which the record gives before mirroring, in what is drawn."""
    height, width = seen.shape[:2]
    left, top, w, h = pair["crop"] or (0, 0, width, height)
    if pair["flip"]:
        left = width - left - w
    return slice(top, top + h), slice(left, left + w)


def _write_pair(paths: list[Path], photo: np.ndarray, cartoon: np.ndarray) -> None:
    pictures = [np.hstack([photo, cartoon])] if len(paths) == 1 else [photo, cartoon]
    for path, picture in zip(paths, pictures, strict=True):
        write_image(path, picture)


def _write(out: Path, plan: dict[str, list[Record]], skipped: list[_Skipped]) -> None:
    left_out = [{"source": name, "status": "skipped", "reason": reason} for name, reason in skipped]
    write_manifest(out, [pair for pairs in plan.values() for pair in pairs] + left_out)
