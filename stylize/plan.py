"""What a dataset is to hold, decided before anything is drawn: its options, and the records of each photo's pairs."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ._cv2 import cv2
from .images import MINIMUM_SIDE
from .manifest import LAYOUTS, SPLITS, DatasetError, Record
from .preprocess import Step, parse_steps
from .registry import REFERENCE_SIDE


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
    # Datasets made before these existed were made with the defaults given here.
    layout: str = "side"
    flip: bool = False
    preprocess: list[str] = field(default_factory=list)
    val_fraction: float = 0.0
    minimum_val: int = 0

    def __post_init__(self) -> None:
        """Raise DatasetError for values that make no dataset."""
        for name in ("short_side", "strokes", "size"):
            side = getattr(self, name)
            if side is not None and side < MINIMUM_SIDE:
                raise DatasetError(f"{name} is {side}; it needs {MINIMUM_SIDE} pixels or more")
        if self.size and self.short_side and self.size > self.short_side:
            raise DatasetError(f"crops of {self.size} do not fit into a short side of {self.short_side}")
        if self.crops < 1 or (self.crops > 1 and self.size is None):
            raise DatasetError(f"crops is {self.crops}; it needs 1 or more, and above 1 a size to cut to")
        if self.layout not in LAYOUTS:
            raise DatasetError(f"there is no layout {self.layout!r}; the layouts are {', '.join(LAYOUTS)}")
        if not (self.test_fraction >= 0 and self.val_fraction >= 0 and self.test_fraction + self.val_fraction < 1):
            raise DatasetError("test_fraction and val_fraction must be 0 or more and leave some photos for training")
        if min(self.minimum_test, self.minimum_val, self.seed) < 0:
            raise DatasetError("minimum_test, minimum_val and seed must be 0 or more")

    def shares(self) -> dict[str, tuple[float, int]]:
        """For each split but train: its fraction of the photos, and its minimum. `val` only if it was asked for."""
        shares = {"test": (self.test_fraction, self.minimum_test)}
        if self.val_fraction or self.minimum_val:
            shares["val"] = self.val_fraction, self.minimum_val
        return shares

    def splits(self) -> list[str]:
        return [split for split in SPLITS if split == "train" or split in self.shares()]


@dataclass(frozen=True)
class Photo:
    """A usable photo."""

    path: Path
    name: str  # relative to the folder it was found in
    sha256: str  # of its file
    looks: int  # perceptual hash
    steps: list[str]  # of preprocessing, with the numbers drawn for this photo
    width: int  # as it is drawn
    height: int


def drawn_steps(sha256: str, options: Options) -> list[Step]:
    """The steps of preprocessing for one photo: the numbers are decided by the seed and the photo, nothing else."""
    rng = np.random.default_rng([options.seed, int(sha256[:16], 16), 1])  # not the numbers of the crops
    return [step.drawn(rng) for step in parse_steps(options.preprocess)]


def plan_pairs(photo: Photo, split: str, options: Options, parameters: dict[str, Any]) -> list[Record]:
    """The records of a photo's pairs. The file names hold its hash, so they stay when other photos come."""
    rng = np.random.default_rng([options.seed, int(photo.sha256[:16], 16)])
    boxes = [_random_crop(rng, photo, options.size) for _ in range(options.crops)] if options.size else [None]
    return [
        {
            "file": f"{split}/{_name(photo, None if box is None else i, flip)}",
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


def refuse_mixing(out: Path, record: Record, options: Options, parameters: dict[str, Any]) -> None:
    """Raise DatasetError if a record of the dataset in `out` was made with other options or parameters."""
    then = asdict(Options(**record["options"])) | record["parameters"]
    now = asdict(options) | parameters
    if then != now:
        keys = [key for key in now if then.get(key) != now[key]][:3]  # enough to see what is meant
        changes = ", ".join(f"{key} {_shown(then.get(key))} (now {_shown(now[key])})" for key in keys)
        raise DatasetError(f"{out} was made with {changes}; use the same, or another folder")


def _shown(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(value) or "none"
    return "none" if value is None else str(value)


def _name(photo: Photo, crop: int | None, flip: bool) -> str:
    """A file name of at most 200 bytes: file systems allow 255, and a temporary name is longer."""
    stem = re.sub(r"[^\w-]+", "_", Path(photo.name).stem)[:60].encode()[:160].decode(errors="ignore")
    return f"{stem}-{photo.sha256[:8]}" + ("" if crop is None else f"-{crop}") + ("-flip" if flip else "") + ".png"


def _random_crop(rng: np.random.Generator, photo: Photo, size: int) -> list[int]:
    """[left, top, width, height]"""
    left, top = rng.integers(photo.width - size + 1), rng.integers(photo.height - size + 1)
    return [int(left), int(top), size, size]
