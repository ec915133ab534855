"""Saving and loading, in safetensors files: the format holds arrays and text only, so no file can run code."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import backend as backends
from .errors import CheckpointError
from .files import atomic_path
from .tensor import Tensor

# Our entries in the file's text part: plain values of a nested state (step counts, settings), and the checksum.
VALUES, _CHECKSUM = "nnlite.values", "nnlite.sha256"

_DTYPES = {
    **{"F64": np.float64, "F32": np.float32, "F16": np.float16, "BOOL": np.bool_},
    **{"I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8},
    **{"U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8},
}


def save(state: Mapping[str, Any], path: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Write a state_dict, or a nested dictionary of them and of plain values, to a safetensors file (or an open one).

    Names of nested dictionaries are joined by "/": {"model": {"weight": w}, "step": 3} stores the array
    "model/weight" and the value "step". `metadata` is text of the caller's own. Arrays are written in PyTorch's
    order. A checksum of everything is added, so that `load` notices damage. The file appears under its name only when
    it is complete. Raises CheckpointError if it cannot be written, TypeError if `state` is not a dictionary.
    """
    import safetensors.numpy  # here, so that `import nnlite` needs NumPy only

    if not isinstance(state, Mapping):
        raise TypeError(f"save: expected a dictionary, got {type(state).__name__}; pass module.state_dict()")
    _check_metadata(metadata or {})
    arrays, values = {}, {}
    tree: dict[str, Any] = {}  # refuses names that `load` could not tell apart
    for name, value in _flatten(state):
        _put(tree, name, None)
        if isinstance(value, (Tensor, np.ndarray)) or hasattr(value, "dtype"):
            data = backends.to_device(value.array if isinstance(value, Tensor) else np.asarray(value), "cpu")
            arrays[name] = np.array(data, data.dtype.newbyteorder("="), order="C", copy=None)
        else:
            values[name] = value
    text = {name: value for name, value in (metadata or {}).items() if name not in (VALUES, _CHECKSUM)}
    text |= {VALUES: json.dumps(values)} if values else {}
    text |= {_CHECKSUM: _checksum(arrays, text)}
    try:
        data = _in_order(safetensors.numpy.save(arrays, text))
        if hasattr(path, "write"):
            path.write(data)
            return
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
    except (OSError, UnicodeError, safetensors.SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"cannot write {path}: {reason}; choose a folder that exists and is writable") from error


def _in_order(data: bytes) -> bytes:
    """A file with the names in its header sorted, so that equal contents are equal bytes."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[end:]


def load(path: Any, *, checksum_required: bool = False) -> dict[str, Any]:
    """Read what `save` (or PyTorch's safetensors) wrote: names to Tensors on the CPU, nested where names have a "/".

    `path` may be an open file. bfloat16 becomes float32, which holds all its values. The checksum is verified if there
    is one; files from other programs have none. With `checksum_required` such a file is refused: use it for files that
    only `save` can have written, where a missing checksum means damage. Raises CheckpointError for a file that is
    missing, damaged, or not a safetensors file.
    """
    arrays, text = read(path, checksum_required)
    state: dict[str, Any] = {}
    try:
        for name, array in arrays.items():
            _put(state, name, Tensor(array))
        for name, value in _values(text.get(VALUES, "{}")).items():
            _put(state, name, value)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return state


def load_metadata(path: Any) -> dict[str, str]:
    """The text that `save` was given as metadata. Raises CheckpointError as `load` does."""
    return {name: text for name, text in read(path)[1].items() if name != VALUES}


def _check_metadata(metadata):
    strings = [*metadata, *metadata.values()] if isinstance(metadata, Mapping) else [None]
    if not all(isinstance(text, str) for text in strings):
        raise TypeError(
            f"save: metadata must be a dictionary of strings, got {metadata!r:.50}; convert values by str()"
        )


def read(path: Any, checksum_required: bool = False) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the text of a file, after verifying the checksum, which is left out."""
    import safetensors

    data = _bytes(path)
    try:
        tensors = safetensors.deserialize(data)
        text = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__") or {}
    except (safetensors.SafetensorError, ValueError) as error:
        raise CheckpointError(f"{path} is not a safetensors file, or it is damaged or cut short ({error})") from error
    del data  # the arrays have their own memory
    # sorted, as safetensors gives them in any order
    arrays = {name: _array(f"{path}: {name}", **tensor) for name, tensor in sorted(tensors, key=lambda pair: pair[0])}
    checksum = text.pop(_CHECKSUM, None)
    if checksum is None and checksum_required:
        raise CheckpointError(
            f"{path} has no checksum: it is damaged, or was written by another program or an earlier version; "
            "take another copy, or start again"
        )
    if checksum is not None and checksum != _checksum(arrays, text):
        raise CheckpointError(f"{path} is damaged: it does not match its checksum; take another copy, or start again")
    return arrays, text


def _bytes(path):
    if hasattr(path, "read"):
        return path.read()
    try:
        if not stat.S_ISREG(os.stat(os.fspath(path)).st_mode):  # reading a pipe or a device might never end
            raise CheckpointError(f"{path} is a folder, a pipe or a device, not a file; name a safetensors file")
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no file {path}; check the path, or train a model first") from error
    except (OSError, UnicodeError) as error:
        raise CheckpointError(f"cannot read {path} ({error}); check the path and its permissions") from error


def _array(name, dtype, shape, data):
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if dtype not in _DTYPES:
        raise CheckpointError(
            f"{name} has the dtype {dtype}, which NumPy does not know; convert it before saving (PyTorch: x.float())"
        )
    return np.frombuffer(data, _DTYPES[dtype]).reshape(shape)


def _checksum(arrays, text):
    """SHA-256 of everything that is loaded: names, types, shapes, bytes and text."""
    digest = hashlib.sha256(json.dumps(sorted(text.items())).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.reshape(-1).view(np.uint8))
    return digest.hexdigest()


def _values(text):
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its {VALUES} are not JSON ({error})") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"its {VALUES} must be a dictionary, got {type(values).__name__}")
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
