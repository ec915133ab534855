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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from .console import counted
from .files import real_path, remove_leftovers
from .folder_lock import locked
from .folders import survey
from .images import ImageError, read_picture
from .limits import photo_limits
from .manifest import MANIFEST, Record, pair_paths, read_manifest, write_manifest
from .options import LAYOUTS, SPLITS, DatasetError, Options, TooFewPhotos
from .pair_files import Drawing, Skipped, altered, draw_pairs, file_hash, finished, prepare
from .plan import Photo, drawn_steps, plan_pairs, refuse_mixing
from .preprocess import parse_steps
from .registry import style_parameters, styles
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
    notes: list[str]  # what was skipped in the folders or in a photo, such as the other frames of an animation


Plan = dict[str, list[Record]]  # hash of a photo -> the records of its pairs
SAVE_EVERY = 60  # seconds; what a killed run drew since then is drawn again and compared


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
    overwrite: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> Summary:
    """Draw every photo under `sources` (files, or folders searched recursively) and write the pairs to `out`.

    style, parameters: how to draw; parameters of the style that differ from its defaults.
    preprocess: what is done to a photo first, as strings such as "rotate=-10..10" (see preprocess.py). A number
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
    overwrite: replace files in `out` that are in the way of a pair, or were altered since they were written.
    workers: processes; None: one for every 16 photos, at most one a CPU. Has no influence on the result.
    progress: show progress on stderr if it is a terminal.

    Photos that cannot be used are skipped, each with its reason in the summary and in the manifest.
    Near-duplicates are never put in different splits. If it is run again with more photos, it adds them and
    moves none of the old ones; pairs that were lost are drawn again.

    Raises DatasetError: too few usable photos (TooFewPhotos if a split cannot have its minimum), sources inside
    `out`, or an `out` that is not writable, is not a dataset, was made with other options, holds photos that are no
    longer among the sources, or has altered files or files in the way. Raises FileError if another run is writing into
    `out`, a source does not exist, or the disk is full; ValueError for an unknown style, parameter or step.
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
    files, notes = _find_sources([Path(source) for source in sources], out)
    with locked(out), Workers(workers, len(files)) as pool:
        known = _open(out, options, known_parameters, resume)
        scanned = pool.map(_scan, [(path, name, options) for path, name in files], "scan", progress)
        photos, skipped = _distinct(scanned, known, options, out)
        splits = _split(photos, known, options)
        between = [photo.name for sha256, photo in photos.items() if sha256 not in splits]
        skipped += [(name, "looks like photos of two splits") for name in between]
        notes += [f"{photos[sha256].name}: {note}" for sha256 in splits for note in photos[sha256].notes]
        plan = {
            sha256: plan_pairs(photos[sha256], split, options, known_parameters, known.get(sha256, ()))
            for sha256, split in splits.items()
        }
        for sha256, pairs in known.items():
            plan[sha256] = finished(out, plan[sha256], pairs)
        missing = {sha256: [pair for pair in pairs if pair["status"] != "done"] for sha256, pairs in plan.items()}
        jobs = [Drawing(photos[sha256], pairs, options, out, overwrite) for sha256, pairs in missing.items() if pairs]
        if not overwrite:
            _refuse_altered(out, [pair for job in jobs for pair in known.get(job.photo.sha256, ())])
        drawn = _draw(pool, jobs, out, plan, skipped, progress)
    return Summary(
        out=out,
        photos={split: sum(pairs[0]["split"] == split for pairs in plan.values()) for split in options.splits()},
        pairs={
            split: sum(pair["split"] == split for pairs in plan.values() for pair in pairs)
            for split in options.splits()
        },
        drawn=drawn,
        skipped=skipped,
        notes=notes,
    )


def _find_sources(sources: list[Path], out: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """Each image once, as (path, name), name relative to its source, and notes on what was skipped.

    Pictures in `out` and cartoons that our commands drew do not count.
    """
    for source in sources:
        if real_path(source).is_relative_to(real_path(out)):
            raise DatasetError(f"{source} lies inside the output folder {out}; write the dataset elsewhere")
    pairs = [path for record in read_manifest(out) if "file" in record for path in pair_paths(real_path(out), record)]
    found = survey(sources, output=out, ours=pairs)
    if not found.places:
        raise DatasetError(f"no image files in {', '.join(map(str, sources))}; name a folder of photos")
    files = [(path, place.as_posix()) for path, place in found.places.items()]
    return sorted(files, key=lambda file: (file[1], file[0])), found.notes


def _open(out: Path, options: Options, parameters: dict[str, Any], resume: bool) -> Plan:
    """Make the folders, or check that what is there was made with these options. The records of each photo
    there, by the hash of its bytes."""
    known: Plan = {}
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
            remove_leftovers(folder)
    except OSError as error:
        raise DatasetError(f"{out}: cannot write there ({error.strerror}); use another folder") from error
    for folder in folders:
        if not real_path(folder).is_relative_to(real_path(out)):
            raise DatasetError(f"{folder} is a link that leads out of {out}; use another folder")
    return known


def _scan(job: tuple[Path, str, Options]) -> Photo | Skipped:
    path, name, options = job
    if options.style not in styles():  # can only happen in a worker: the parent has checked it
        raise DatasetError(
            f"the worker processes do not know the style {options.style!r}; register it at the top level of a script "
            "or module, outside functions and if __name__ blocks, or use one worker"
        )
    try:
        with photo_limits():
            picture = read_picture(path, strict=True)
            photo = picture.on_white
            looks = perceptual_hash(photo)
            sha256 = file_hash(path)
            steps = drawn_steps(sha256, options)
            height, width = prepare(photo, steps, options).shape[:2]
    except ImageError as error:
        return name, str(error).removeprefix(f"{path}: ")
    except OSError as error:  # for example, it was moved away
        return name, f"cannot read ({error.strerror})"
    if options.size and min(height, width) < options.size:
        return name, f"{width} x {height} pixels is too small for crops of {options.size}"
    return Photo(path, name, sha256, looks, [str(step) for step in steps], width, height, picture.notes)


def _distinct(
    scanned: list[Photo | Skipped], known: Plan, options: Options, out: Path
) -> tuple[dict[str, Photo], list[Skipped]]:
    """The usable photos by hash (the first of equal files), and the others, each with its reason.

    A photo that is in the manifest but was never drawn may be missing, and is then forgotten.
    """
    photos: dict[str, Photo] = {}
    skipped: list[Skipped] = []
    for item in scanned:
        if isinstance(item, tuple):
            skipped.append(item)
        elif item.sha256 in photos:
            skipped.append((item.name, f"the same file as {photos[item.sha256].name}"))
        else:
            photos[item.sha256] = item
    gone = [records for sha256, records in known.items() if sha256 not in photos]
    drawn = [pairs[0]["source"] for pairs in gone if any(_is_begun(out, pair) for pair in pairs)]
    if drawn:
        reason = dict(skipped).get(drawn[0], "not found")
        raise DatasetError(
            f"{counted(len(drawn), 'photo')} of the dataset cannot be found in the sources, such as {drawn[0]} "
            f"({reason}); name all sources, or use another folder"
        )
    for pairs in gone:
        del known[pairs[0]["sha256"]]
    needed = 1 + sum(minimum > 0 for _, minimum in options.shares().values())
    if len(photos) < needed:
        example = f" ({skipped[0][0]}: {skipped[0][1]})" if skipped else ""
        usable = counted(len(photos), "usable photo")
        raise DatasetError(f"{usable}{example}; {' and '.join(options.splits())} need {needed}")
    for sha256, records in known.items():  # renamed since: its pairs keep their names
        photos[sha256] = replace(photos[sha256], name=records[0]["source"])
    return photos, skipped


def _is_begun(out: Path, pair: Record) -> bool:
    return pair["status"] == "done" or any(path.exists() for path in pair_paths(out, pair))


def _split(photos: dict[str, Photo], known: Plan, options: Options) -> dict[str, str]:
    """The split of each photo, by hash; those missing look like photos of two."""
    numbers = group_similar([photo.looks for photo in photos.values()])
    settled = {sha256: records[0]["split"] for sha256, records in known.items()}
    splits = assign_splits(dict(zip(photos, numbers, strict=True)), settled, options.shares(), options.seed)
    for split, (_, minimum) in options.shares().items():
        found = list(splits.values()).count(split)
        if found < minimum:
            different = counted(len(set(numbers)), "different photo")
            raise TooFewPhotos(
                f"of {different}, {found} can be in {split}, not {minimum}, as one has to be trained on; add photos "
                f"that look different (python -m stylize dataset can also ask for fewer, with --minimum-{split})"
            )
    return splits


def _refuse_altered(out: Path, pairs: list[Record]) -> None:
    files = altered(out, pairs)
    if files:
        more = f" and {counted(len(files) - 1, 'other file')} were" if len(files) > 1 else " was"
        what = "them" if len(files) > 1 else "it"
        raise DatasetError(
            f"{files[0]}{more} altered since the dataset was made; move {what} away and go on with --resume, to have "
            f"{what} drawn again (python -m stylize dataset can also replace {what}, with --overwrite)"
        )


def _draw(pool: Workers, jobs: list[Drawing], out: Path, plan: Plan, skipped: list[Skipped], progress: bool) -> int:
    """Draw, and keep plan and manifest up to date. Returns the number of photos drawn."""
    saved = monotonic()
    undrawn = len(jobs)

    def save() -> None:
        left_out = [{"source": name, "status": "skipped", "reason": reason} for name, reason in skipped]
        write_manifest(out, [pair for pairs in plan.values() for pair in pairs] + left_out)

    def note(job: Drawing, result: list[Record] | Skipped) -> None:
        nonlocal saved, undrawn
        sha256 = job.photo.sha256
        if isinstance(result, list):
            undrawn -= 1
            done = {pair["file"]: pair for pair in result}
            plan[sha256] = [done.get(pair["file"], pair) for pair in plan[sha256]]
        else:
            skipped.append(result)
            if len(job.pairs) == len(plan[sha256]):  # none of its pairs was there before
                del plan[sha256]
        if monotonic() - saved > SAVE_EVERY:
            save()
            saved = monotonic()

    save()
    try:
        pool.map(draw_pairs, jobs, "draw", progress, note)
    finally:
        save()
    return len(jobs) - undrawn
