"""The files of a photo's pairs: check which are there unchanged, and draw the others.

A file that is already there is replaced only with `overwrite`. If it holds exactly what would be drawn, a run was
killed before it could note it, and the file counts as drawn. Any other may be somebody's own, and is an error.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .images import ImageError, read_image, resize_short_side, write_image
from .limits import photo_limits
from .manifest import Record, pair_paths
from .options import DatasetError, Options
from .plan import Photo
from .preprocess import Step, parse_steps
from .preprocess import preprocess as apply_steps
from .registry import stylize

Skipped = tuple[str, str]  # name of a photo, why it is left out


@dataclass(frozen=True)
class Drawing:
    """A photo to be drawn, and the pairs to be made of it."""

    photo: Photo
    pairs: list[Record]
    options: Options
    out: Path
    overwrite: bool


def finished(out: Path, pairs: Sequence[Record], known: Sequence[Record]) -> list[Record]:
    """The records of a photo's pairs: those in the manifest where the files are there unchanged, else the new ones."""
    done = {}
    for pair in known:
        if pair["status"] == "done" and all(path.is_file() for path in pair_paths(out, pair)):
            hashes = _hashes(out, pair)
            if pair.get("file_sha256", hashes) == hashes:  # early datasets have no hashes
                done[pair["file"]] = pair | {"file_sha256": hashes}
    return [done.get(pair["file"], pair) for pair in pairs]


def _hashes(out: Path, pair: Record) -> list[str]:
    return [file_hash(path) for path in pair_paths(out, pair)]


def altered(out: Path, pairs: Sequence[Record]) -> list[Path]:
    """The files of these pairs that were changed since they were written."""
    return [
        path
        for pair in pairs
        for path, sha256 in zip(pair_paths(out, pair), pair.get("file_sha256", []), strict=False)
        if path.is_file() and file_hash(path) != sha256
    ]


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def prepare(photo: np.ndarray, steps: Sequence[Step], options: Options) -> np.ndarray:
    """The photo after preprocessing, at the size at which it is drawn."""
    photo = apply_steps(photo, steps)
    if options.short_side and min(photo.shape[:2]) > options.short_side:
        return resize_short_side(photo, options.short_side)
    return photo


def draw_pairs(job: Drawing) -> list[Record] | Skipped:
    """Write the pairs of one photo; their records as done, or why the photo cannot be drawn.

    It is drawn whole, then cropped, so that the crops show no border effects. Raises DatasetError if a different file
    is in the way, FileError if writing fails, for example on a full disk.
    """
    name, pairs = job.photo.name, job.pairs
    try:
        with photo_limits():
            photo = prepare(read_image(job.photo.path), parse_steps(job.photo.steps), job.options)
            for flip in sorted({pair["flip"] for pair in pairs}):
                seen = np.ascontiguousarray(photo[:, ::-1]) if flip else photo
                cartoon = stylize(seen, pairs[0]["style"], pairs[0]["scale"], **pairs[0]["parameters"])
                for pair in pairs:
                    if pair["flip"] == flip:
                        box = _box(pair, seen)
                        _write_pair(pair_paths(job.out, pair), seen[box], cartoon[box], job.overwrite)
    except ImageError as error:
        return name, str(error).removeprefix(f"{job.photo.path}: ")
    return [pair | {"file_sha256": _hashes(job.out, pair), "status": "done"} for pair in pairs]


def _box(pair: Record, seen: np.ndarray) -> tuple[slice, slice]:
    """The crop in the picture that is drawn. (The record gives it before mirroring.)"""
    height, width = seen.shape[:2]
    left, top, w, h = pair["crop"] or (0, 0, width, height)
    if pair["flip"]:
        left = width - left - w
    return slice(top, top + h), slice(left, left + w)


def _write_pair(paths: list[Path], photo: np.ndarray, cartoon: np.ndarray, overwrite: bool) -> None:
    pictures = [np.hstack([photo, cartoon])] if len(paths) == 1 else [photo, cartoon]
    for path, picture in zip(paths, pictures, strict=True):
        if overwrite or not os.path.lexists(path):
            write_image(path, picture)
        elif not _holds(path, picture):
            raise DatasetError(
                f"{path} already exists and is not what would be drawn; move it away and go on with --resume "
                "(python -m stylize dataset can also replace it, with --overwrite)"
            )


def _holds(path: Path, picture: np.ndarray) -> bool:
    try:
        return path.is_file() and np.array_equal(read_image(path), picture)
    except ImageError:
        return False
