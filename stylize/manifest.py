"""The manifest of a paired dataset: what each file is, where it came from, how it was made. And the way back in.

OUT/manifest.jsonl holds one JSON object a line:

    a pair         file, file_sha256, source, sha256 (of the source's file), split, crop [left, top, width, height]
                   (before mirroring) or null, flip, preprocess, style, parameters, scale, options, versions,
                   status: "done" (or, in a run that was stopped, "pending": then there is no file_sha256)
    a left-out     source, status: "skipped", reason

`file` is the pair's name, "train/NAME.png". The layout says where it lies: "side", one picture, photo left and cartoon
right, OUT/train/NAME.png; "folders", two of equal name, photo OUT/A/train/NAME.png and cartoon OUT/B/train/NAME.png.
`file_sha256` lists the hashes of these files.
"""

import json
import re
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from .files import real_path, write_atomically
from .images import read_image
from .options import LAYOUTS, SPLITS, DatasetError, Options

MANIFEST = "manifest.jsonl"
LONGEST_NAME = 250  # file systems allow 255
Record = dict[str, Any]


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -inf < value < inf


def _is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(type(x) is int and x >= 0 for x in value)


def _is_list_of(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(kind, value))


def _is_dictionary_of(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(kind, value.values()))


# The keys of a record -> (a test of the value, the same in words).
_LEFT_OUT = {
    "source": (_is_string, "a string"),
    "reason": (_is_string, "a string"),
}
_PAIR = {
    "file": (_is_string, "a string"),
    "source": (_is_string, "a string"),
    "sha256": (_is_hash, "64 hex digits"),
    "split": (lambda value: value in SPLITS, f"one of {', '.join(SPLITS)}"),
    "crop": (lambda value: value is None or _is_box(value), "null or [left, top, width, height]"),
    "style": (_is_string, "a string"),
    "parameters": (_is_dictionary_of(_is_number), "a dictionary of numbers"),
    "scale": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "options": (lambda value: isinstance(value, dict), "a dictionary"),
    "versions": (_is_dictionary_of(_is_string), "a dictionary of strings"),
}
_SINCE = {  # keys that early datasets lack; "file_sha256" comes only when a pair is done
    "file_sha256": (_is_list_of(_is_hash), "a list of hashes of 64 hex digits"),
    "flip": (lambda value: isinstance(value, bool), "true or false"),
    "preprocess": (_is_list_of(_is_string), "a list of strings"),
}


def read_manifest(folder: str | Path) -> list[Record]:
    """All records of a dataset; none if there is no manifest.

    Raises DatasetError, which names the line, for a damaged record or one whose files are outside the folder.
    """
    folder, path = Path(folder), Path(folder) / MANIFEST
    if not path.is_file():
        return []
    try:
        # bytes: text would also be split at exotic line ends, which names of photos may hold
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DatasetError(f"{path}: cannot read ({error.strerror}); check its permissions") from error
    records: list[Record] = []
    files: dict[str, int] = {}
    inside = real_path(folder)
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            _check(record)
            if record["status"] != "skipped":
                first = files.setdefault(record["file"], number)
                if first != number:
                    raise DatasetError(f"{record['file']} is already listed in line {first}")
                for place in pair_paths(folder, record):
                    if not real_path(place).is_relative_to(inside):
                        raise DatasetError(f"{place} leads out of {folder}")
        except (ValueError, RecursionError) as error:  # DatasetError is a ValueError too
            what = str(error) if isinstance(error, DatasetError) else "it is not JSON in UTF-8"
            raise DatasetError(
                f"{path}: line {number} is damaged: {what}; put back an undamaged copy of {MANIFEST}, or make "
                "the dataset in another folder"
            ) from error
        records.append(record)
    return records


def _check(record: Any) -> None:
    """Raise DatasetError for anything that is not a sound record."""
    if not isinstance(record, dict):
        raise DatasetError("it is not a JSON object")
    status = record.get("status")
    if status not in ("done", "pending", "skipped"):
        raise DatasetError(f"its status is {status!r}, not done, pending or skipped")
    needed = _LEFT_OUT if status == "skipped" else _PAIR
    for key, (fits, words) in (needed | _SINCE).items():
        if key not in record:
            if key in needed:
                raise DatasetError(f"it has no {key!r}")
        elif not fits(record[key]):
            raise DatasetError(f"its {key} is {json.dumps(record[key])[:60]}, not {words}")
    if status != "skipped":
        options = Options.from_record(record["options"])
        if not re.fullmatch(rf"{record['split']}/[^/\\\0]+\.png", record["file"]) or len(record["file"]) > LONGEST_NAME:
            raise DatasetError(f"its file is {record['file']!r}, not {record['split']}/NAME.png")
        if len(record.get("file_sha256", LAYOUTS[options.layout])) != len(LAYOUTS[options.layout]):
            raise DatasetError(f"its file_sha256 does not fit the layout {options.layout}")


def write_manifest(folder: str | Path, records: list[Record]) -> None:
    """Write the records, sorted, so that equal datasets have equal bytes. Raises FileError if that fails."""
    ordered = sorted(records, key=lambda record: (record["source"], record.get("file", "")))
    lines = "".join(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in ordered)
    # A file name that is not valid UTF-8 holds lone surrogates, which JSON writes as \udc80.
    write_atomically(Path(folder) / MANIFEST, lines.encode("utf-8", "backslashreplace"))


def pair_paths(folder: str | Path, record: Record) -> list[Path]:
    """Where the picture of a pair lies, or its two pictures, photo first."""
    layout = record["options"].get("layout", "side")
    return [Path(folder) / side / record["file"] for side in LAYOUTS[layout]]


def load_pairs(folder: str | Path, split: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The pairs of one split, "train", "val" or "test", sorted by name: (name, photo, cartoon), both RGB, uint8,
    (H, W, 3). Either layout.

    Raises DatasetError: no dataset there, not finished, or no such split. Raises ImageError for a damaged pair.
    """
    records = read_manifest(folder)
    if not records:
        raise DatasetError(f"{folder}: no {MANIFEST} there; make it first (python -m stylize dataset)")
    if any(record["status"] == "pending" for record in records):
        raise DatasetError(f"{folder}: the dataset is not finished; finish it (python -m stylize dataset ... --resume)")
    pairs = [record for record in records if record["status"] == "done"]
    splits = [known for known in SPLITS if any(record["split"] == known for record in pairs)]
    if split not in splits:
        raise DatasetError(f"{folder} has no split {split!r}; its splits are {', '.join(splits)}")
    chosen = sorted((record for record in pairs if record["split"] == split), key=lambda record: record["file"])
    return [(Path(record["file"]).stem, *read_pair(pair_paths(folder, record))) for record in chosen]


def read_pair(paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Photo and cartoon, RGB, uint8, (H, W, 3), from one file, side by side, or two. Raises ImageError."""
    pictures = [read_image(path) for path in paths]
    photo, cartoon = halves(*pictures) if len(pictures) == 1 else pictures
    return photo, cartoon


def halves(pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The left and the right half of a picture."""
    middle = pair.shape[1] // 2
    return pair[:, :middle].copy(), pair[:, middle:].copy()
