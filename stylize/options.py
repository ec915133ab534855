"""The options that decide a dataset, besides its photos, and the names that all of its modules share."""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

from .images import MINIMUM_SIDE
from .registry import REFERENCE_SIDE, SCALES

SPLITS = ("train", "val", "test")
LAYOUTS = {"side": ("",), "folders": ("A", "B")}  # layout -> the folders that hold the splits
MOST_CROPS = 10_000  # from one photo
MOST_STROKES = int(SCALES[1] * REFERENCE_SIDE)


class DatasetError(ValueError):
    """A dataset that cannot be made or read. The message is one line: what is wrong, what to do."""


class TooFewPhotos(DatasetError):
    """Too few different photos for the least number that a split is to have."""


@dataclass(frozen=True)
class Options:
    """The options of a dataset, explained in `build_dataset`. Sides are in pixels."""

    style: str
    short_side: int | None
    strokes: int | None
    size: int | None
    crops: int
    test_fraction: float
    minimum_test: int
    seed: int
    # Early datasets do not list the options below; they were made with these defaults.
    layout: str = "side"
    flip: bool = False
    preprocess: list[str] = field(default_factory=list)
    val_fraction: float = 0.0
    minimum_val: int = 0

    def __post_init__(self) -> None:
        """Raise DatasetError for values that cannot make a dataset."""
        for name in ("crops", "minimum_test", "minimum_val", "seed"):
            if type(getattr(self, name)) is not int:  # True is an int, too
                raise DatasetError(f"{name} is {getattr(self, name)!r}; it needs a whole number")
        for name in ("short_side", "strokes", "size"):
            side = getattr(self, name)
            if side is not None and (type(side) is not int or side < MINIMUM_SIDE):
                raise DatasetError(f"{name} is {side!r}; it needs {MINIMUM_SIDE} pixels or more")
        if self.strokes and self.strokes > MOST_STROKES:
            raise DatasetError(f"strokes is {self.strokes}; it needs {MINIMUM_SIDE} to {MOST_STROKES} pixels")
        if self.size and self.short_side and self.size > self.short_side:
            raise DatasetError(f"crops of {self.size} do not fit into a short side of {self.short_side}")
        if not 1 <= self.crops <= MOST_CROPS or (self.crops > 1 and self.size is None):
            raise DatasetError(f"crops is {self.crops}; it needs 1 to {MOST_CROPS}, and above 1 a size to cut to")
        if self.layout not in list(LAYOUTS):
            raise DatasetError(f"there is no layout {self.layout!r}; the layouts are {', '.join(LAYOUTS)}")
        shares = self.test_fraction, self.val_fraction
        if not all(type(share) in (int, float) and share >= 0 for share in shares) or sum(shares) >= 1:
            raise DatasetError("test_fraction and val_fraction must be 0 or more and leave some photos for training")
        if min(self.minimum_test, self.minimum_val, self.seed) < 0:
            raise DatasetError("minimum_test, minimum_val and seed must be 0 or more")
        if type(self.flip) is not bool:
            raise DatasetError(f"flip is {self.flip!r}; it needs True or False")
        steps = self.preprocess
        if not isinstance(self.style, str) or not isinstance(steps, list) or any(type(s) is not str for s in steps):
            raise DatasetError("style must be a string, and preprocess a list of strings")

    @classmethod
    def from_record(cls, options: dict[str, Any]) -> Self:
        """The options in a manifest. Raises DatasetError if one is unknown, missing or wrong."""
        known = {one.name: one.default is MISSING and one.default_factory is MISSING for one in fields(cls)}
        for name in sorted(options.keys() - known.keys()):
            raise DatasetError(f"there is no option {name!r}; was it made with a later version?")
        for name in (name for name, needed in known.items() if needed and name not in options):
            raise DatasetError(f"the option {name!r} is missing")
        return cls(**options)

    def shares(self) -> dict[str, tuple[float, int]]:
        """For each split but train: its fraction of the photos, and its minimum. `val` only if it was asked for."""
        shares = {"test": (self.test_fraction, self.minimum_test)}
        if self.val_fraction or self.minimum_val:
            shares["val"] = self.val_fraction, self.minimum_val
        return shares

    def splits(self) -> list[str]:
        return [split for split in SPLITS if split == "train" or split in self.shares()]
