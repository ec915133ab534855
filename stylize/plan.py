"""What a dataset is to hold, decided before anything is drawn: the records of each photo's pairs."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._cv2 import cv2
from .manifest import MANIFEST, Record
from .options import DatasetError, Options
from .preprocess import Step, parse_steps
from .registry import REFERENCE_SIDE

DIGITS = 32  # of a photo's hash in the names of its pairs, enough to be unique
EARLY_DIGITS = 8  # in older datasets, whose files keep their names


@dataclass(frozen=True)
class Photo:
    """A usable photo."""

    path: Path
    name: str  # relative to the folder it was found in
    sha256: str  # of its file
    looks: int  # perceptual hash
    steps: list[str]  # of preprocessing, with the numbers drawn for this photo
    width: int  # at which it is drawn
    height: int
    notes: tuple[str, ...]  # for the user, such as that only the first frame of an animation is drawn


def drawn_steps(sha256: str, options: Options) -> list[Step]:
    """The steps of preprocessing for one photo: the numbers are decided by the seed and the photo, nothing else."""
    rng = np.random.default_rng([options.seed, int(sha256[:16], 16), 1])  # not the numbers of the crops
    return [step.drawn(rng) for step in parse_steps(options.preprocess)]


def plan_pairs(
    photo: Photo, split: str, options: Options, parameters: dict[str, Any], known: Sequence[Record] = ()
) -> list[Record]:
    """The records of a photo's pairs. The file names hold its hash, so they stay when other photos come.

    known: this photo's records in the manifest. Raises DatasetError if they list other pairs.
    """
    made_early = bool(known) and f"-{photo.sha256[:DIGITS]}" not in known[0]["file"]
    digits = EARLY_DIGITS if made_early else DIGITS
    rng = np.random.default_rng([options.seed, int(photo.sha256[:16], 16)])
    boxes = [_random_crop(rng, photo, options.size) for _ in range(options.crops)] if options.size else [None]
    pairs = [
        {
            "file": f"{split}/{_name(photo, digits, None if box is None else i, flip)}",
            "source": photo.name,
            "sha256": photo.sha256,
            "split": split,
            "crop": box,
            "flip": flip,
            "preprocess": photo.steps,
            "style": options.style,
            "parameters": parameters,
            "scale": (options.strokes or min(photo.width, photo.height)) / REFERENCE_SIDE,
            "options": asdict(options),
            "versions": {"numpy": np.__version__, "opencv": cv2.__version__},
            "status": "pending",
        }
        for i, box in enumerate(boxes)
        for flip in ([False, True] if options.flip else [False])
    ]
    if known and {pair["file"] for pair in pairs} != {pair["file"] for pair in known}:
        raise DatasetError(
            f"{MANIFEST} does not list the pairs that these options make of {photo.name}; put back an "
            "undamaged copy, or use another folder"
        )
    return pairs


def refuse_mixing(out: Path, record: Record, options: Options, parameters: dict[str, Any]) -> None:
    """Raise DatasetError if a record of the dataset in `out` was made with other options or parameters."""
    then = asdict(Options.from_record(record["options"])) | record["parameters"]
    now = asdict(options) | parameters
    if then != now:
        keys = [key for key in then | now if then.get(key) != now.get(key)][:3]  # a few are enough
        changes = ", ".join(f"{key} {_shown(then.get(key))} (now {_shown(now.get(key))})" for key in keys)
        raise DatasetError(f"{out} was made with {changes}; use the same, or another folder")


def _shown(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(value) or "none"
    return "none" if value is None else str(value)


def _name(photo: Photo, digits: int, crop: int | None, flip: bool) -> str:
    """A file name of at most 220 bytes: file systems allow 255, and a temporary name is longer."""
    stem = re.sub(r"[^\w-]+", "_", Path(photo.name).stem)[:60].encode()[:160].decode(errors="ignore")
    return f"{stem}-{photo.sha256[:digits]}" + ("" if crop is None else f"-{crop}") + ("-flip" if flip else "") + ".png"


def _random_crop(rng: np.random.Generator, photo: Photo, size: int) -> list[int]:
    """[left, top, width, height]"""
    left, top = rng.integers(photo.width - size + 1), rng.integers(photo.height - size + 1)
    return [int(left), int(top), size, size]
