"""The manifest of a paired dataset: what each file is, where it came from, how it was made. And the way
back in.

OUT/manifest.jsonl holds one JSON object a line:

    a pair         file, source, sha256 (of the source), split, crop [left, top, width, height] or null,
    style,
                   parameters, scale, options, versions, status: "done" (or "pending" while a run is under
                   way)
    a left-out     source, status: "skipped", reason
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .images import read_image, write_atomically

MANIFEST = "manifest.jsonl"
SPLITS = ("train", "test")
Record = dict[str, Any]


class DatasetError(ValueError):
    """A dataset that cannot be made or read. The message is one line: what is wrong, what to do."""


def read_manifest(folder: str | Path) -> list[Record]:
    """All records of a dataset; none where there is no manifest. Raises DatasetError if it is damaged."""
    path = Path(folder) / MANIFEST
    if not path.is_file():
        return []
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise DatasetError(f"{path}: line {number} is damaged; delete the folder") from error
    return records


def write_manifest(folder: str | Path, records: list[Record]) -> None:
    """Write the records, sorted, so that equal datasets have equal bytes. Raises ImageError if that fails."""
    ordered = sorted(records, key=lambda record: (record["source"], record.get("file", "")))
    lines = (json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in ordered)
    write_atomically(Path(folder) / MANIFEST, "".join(lines).encode("utf-8"))


def load_pairs(folder: str | Path, split: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The pairs of one split, "train" or "test", sorted by name: (name, photo, cartoon), both RGB, uint8,
    (H, W, 3).

    Raises DatasetError: no dataset there, not finished, or no such split. Raises ImageError for a damaged
    pair.
    """
    if split not in SPLITS:
        raise DatasetError(f"there is no split {split!r}; the splits are {', '.join(SPLITS)}")
    records = read_manifest(folder)
    if not records:
        raise DatasetError(f"{folder}: no {MANIFEST} there; make it first (python -m stylize dataset)")
    if any(record["status"] == "pending" for record in records):
        raise DatasetError(f"{folder}: the dataset is not finished; run the command that makes it again")
    files = sorted(record["file"] for record in records if record.get("split") == split)
    return [(Path(file).stem, *_halves(read_image(Path(folder) / file))) for file in files]


def _halves(pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = pair.shape[1] // 2
    return pair[:, :middle].copy(), pair[:, middle:].copy()
