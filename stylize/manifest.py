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
from pathlib import Path
from typing import Any

import numpy as np

from .files import write_atomically
from .images import read_image

MANIFEST = "manifest.jsonl"
SPLITS = ("train", "val", "test")
LAYOUTS = {"side": ("",), "folders": ("A", "B")}  # layout -> the folders that hold the splits
Record = dict[str, Any]


class DatasetError(ValueError):
    """A dataset that cannot be made or read. The message is one line: what is wrong, what to do."""


def read_manifest(folder: str | Path) -> list[Record]:
    """All records of a dataset; none where there is no manifest. Raises DatasetError if it is damaged."""
    path = Path(folder) / MANIFEST
    if not path.is_file():
        return []
    records = []
    # bytes, because text would also be cut at the exotic line ends that names of photos may hold
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            record = json.loads(line)
            record["status"], record["source"]  # what every record has
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: line {number} is damaged; delete the folder") from error
        records.append(record)
    return records


def write_manifest(folder: str | Path, records: list[Record]) -> None:
    """Write the records, sorted, so that equal datasets have equal bytes. Raises FileError if that fails."""
    ordered = sorted(records, key=lambda record: (record["source"], record.get("file", "")))
    lines = "".join(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in ordered)
    # A file name that is no valid UTF-8 holds lone surrogates; \udc80 is how JSON writes them.
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
    return [(Path(record["file"]).stem, *_read_pair(pair_paths(folder, record))) for record in chosen]


def _read_pair(paths: list[Path]) -> list[np.ndarray]:
    pictures = [read_image(path) for path in paths]
    return list(halves(*pictures)) if len(pictures) == 1 else pictures


def halves(pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The left and the right half of a picture."""
    middle = pair.shape[1] // 2
    return pair[:, :middle].copy(), pair[:, middle:].copy()
