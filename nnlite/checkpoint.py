"""Saving and loading, in safetensors files: the format holds arrays and text only, so no file can run code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from . import backend as backends
from .errors import CheckpointError
from .tensor import Tensor

# Plain values of a nested state (step counts, settings) travel in the file's text part under this name.
_VALUES = "nnlite.values"


def save(state: Mapping[str, Any], path: str | os.PathLike, metadata: Mapping[str, str] | None = None) -> None:
    """Write a state_dict, or a nested dictionary of them and of plain values, to a safetensors file.

    Names of nested dictionaries are joined by "/": {"model": {"weight": w}, "step": 3} stores the array
    "model/weight" and the value "step". `metadata` is text of the caller's own. Arrays are written in PyTorch's
    order. The file appears under its name only when it is whole. Raises CheckpointError if it cannot be written,
    TypeError for what is no dictionary.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"save: expected a dictionary, got {type(state).__name__}; pass module.state_dict()")
    arrays, values = {}, {}
    tree: dict[str, Any] = {}  # refuses names that `load` could not tell apart
    for name, value in _flatten(state):
        _put(tree, name, None)
        if isinstance(value, (Tensor, np.ndarray)) or hasattr(value, "dtype"):
            data = backends.to_device(value.array if isinstance(value, Tensor) else np.asarray(value), "cpu")
            arrays[name] = np.array(data, order="C", copy=None)
        else:
            values[name] = value
    text = {**(metadata or {}), **({_VALUES: json.dumps(values)} if values else {})}
    try:
        with atomic_path(path) as temporary:
            safetensors.numpy.save_file(arrays, temporary, metadata=text or None)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"cannot write {path}: {error}; choose a folder that can be written") from error


def load(path: str | os.PathLike) -> dict[str, Any]:
    """Read what `save` (or PyTorch's safetensors) wrote: names to Tensors on the CPU, nested where names have a "/".

    Raises CheckpointError for a file that is missing, cut short, or no safetensors file.
    """
    state: dict[str, Any] = {}
    with _open(path) as file:
        names = file.keys()
        for name in names:
            _put(state, name, Tensor(file.get_tensor(name)))
        for name, value in _values(path, (file.metadata() or {}).get(_VALUES, "{}")).items():
            _put(state, name, value)
    return state


def load_metadata(path: str | os.PathLike) -> dict[str, str]:
    """The text that `save` was given as metadata. Raises CheckpointError as `load` does."""
    with _open(path) as file:
        return {name: text for name, text in (file.metadata() or {}).items() if name != _VALUES}


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path beside `path`; what was written there takes the final name when the block ends without error."""
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _open(path):
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            yield file
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no file {path}; check the path, or train a model first") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path} is no readable safetensors file ({error}); it may be cut short") from error


def _values(path, text):
    try:
        values = json.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{path}: its {_VALUES} are no JSON ({error})") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: its {_VALUES} are no dictionary, but {type(values).__name__}")
    return values


def _flatten(state, prefix=""):
    for name, value in state.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def _put(state, name, value):
    *folders, last = name.split("/")
    for folder in folders:
        state = state.setdefault(folder, {})
        if not isinstance(state, dict):
            raise CheckpointError(f"{name!r} has its place inside {folder!r}, which is a value itself; rename one")
    if last in state:
        raise CheckpointError(f"the name {name!r} is there twice, or is that of a dictionary too; rename one")
    state[last] = value
