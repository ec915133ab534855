"""torch.save and torch.load, in safetensors files: no file can run code, unlike the pickles that PyTorch writes.

A file holds the tensors as arrays, and their places in lists and dictionaries as text (JSON): "tensor": name for a
tensor, and so on for whatever JSON does not have. A state_dict alone is a safetensors file like any other.
"""

import argparse
import collections
import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from .. import checkpoint
from ..errors import CheckpointError, DeviceError
from ..nn.module import Module, Parameter
from ..tensor import Tensor
from ..views import Size
from .device import device

_TREE = "nnlite.torch"  # the name of our text in the file
_PLAIN = (type(None), bool, int, float, str)


class ModuleState(collections.OrderedDict):
    """The state_dict of a module that was saved whole. Any use as the module itself says what to do instead."""

    module = ""  # the name of its class

    def _explain(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(self._line())

    def _line(self) -> str:
        name = self.module.rpartition(".")[2]
        return (
            f"torch.load: files hold no code, so this is the state_dict of {self.module}, not the module; write "
            f"model = {name}(...) and model.load_state_dict(torch.load(path))"
        )

    __call__ = _explain

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self._line()} (asked for {name!r})")


def save(
    obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2, _use_new_zipfile_serialization: bool = True
) -> None:
    """Write tensors, state_dicts, and lists, tuples, dictionaries and plain values of them to a path or a file object.

    Of a module its state_dict is kept, and a warning says so. Two names for one memory are two tensors after loading.
    Raises TypeError, naming the place, for anything that would need a pickle, CheckpointError if it cannot be written.
    """
    arrays: dict[str, Any] = {}
    tree = _described(obj, (), arrays)
    checkpoint.save(arrays, f, {_TREE: json.dumps(tree)})


def load(
    f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None,
    mmap: bool | None = None,
) -> Any:  # fmt: skip
    """What `save` was given, from a path or a file object; from other safetensors files a dictionary of tensors.

    Tensors come to the device they were on, or where map_location says: a device, a dictionary from old to new names,
    or a function (tensor on the CPU, old name) -> tensor, or None to leave it. `weights_only` changes nothing.
    Raises FileNotFoundError, and CheckpointError for a file that is damaged or a pickle of PyTorch's.
    """
    _refuse_pickle(f)
    arrays, text = checkpoint.read(f)
    move = _mover(map_location)
    if _TREE in text:
        return _restored(json.loads(text[_TREE]), arrays, move)
    if checkpoint.VALUES in text:
        raise CheckpointError(f"{f} was written by nnlite.save with values besides tensors; read it with nnlite.load")
    return {name: move(Tensor(array), "cpu") for name, array in arrays.items()}


def _refuse_pickle(f: Any) -> None:
    """Raise CheckpointError for a file of PyTorch's own format, FileNotFoundError for a path with no file."""
    with nullcontext(f) if hasattr(f, "read") else open(f, "rb") as file:
        start = file.tell()
        head = file.read(9)
        file.seek(start)
    if head[8:] != b"{" and (head[:4] == b"PK\x03\x04" or head[:1] == b"\x80"):
        raise CheckpointError(
            f"{f} is a pickle (PyTorch's own format), which runs code when it is read; convert it where PyTorch is: "
            "safetensors.torch.save_file(torch.load(path), 'model.safetensors'), and load that file"
        )


# Saving: objects as JSON, arrays aside


def _described(obj: Any, place: tuple, arrays: dict[str, Any]) -> Any:
    """An object as JSON; its arrays are added to `arrays`, named after their place in it."""
    if type(obj) in _PLAIN:
        return obj
    if isinstance(obj, (Tensor, np.ndarray, np.generic)):
        return _array(obj, place, arrays)
    if isinstance(obj, Module):
        return _module(obj, place, arrays)
    for name, (kind, parts, _) in _KINDS.items():
        if type(obj) is kind:
            return {name: [_described(part, (*place, i), arrays) for i, part in enumerate(parts(obj))]}
    if type(obj) in (dict, collections.OrderedDict):
        items = [
            [_described(key, (*place, "key"), arrays), _described(value, (*place, key), arrays)]
            for key, value in obj.items()
        ]
        return {"dict" if type(obj) is dict else "OrderedDict": items}
    if isinstance(obj, np.dtype):
        return {"dtype": obj.name}
    if isinstance(obj, device):
        return {"device": str(obj)}
    where = "".join(f"[{key!r}]" for key in place)
    raise TypeError(
        f"torch.save: {type(obj).__module__}.{type(obj).__qualname__}{' at ' + where if where else ''} would need a "
        "pickle, and files hold no code here; save its state_dict(), or the numbers it is made of"
    )


def _array(obj, place, arrays):
    name = ".".join(map(str, place)).replace("/", ".") or "tensor"
    while name in arrays:  # the keys 1 and "1"
        name += "'"
    arrays[name] = obj
    if not isinstance(obj, Tensor):
        return {"number" if isinstance(obj, np.generic) else "ndarray": name}
    described: dict[str, Any] = {"tensor": name}
    if obj.device != "cpu":
        described["device"] = "cuda:0"
    if obj.requires_grad:
        described["requires_grad"] = True
    if isinstance(obj, Parameter):
        described["parameter"] = True
    return described


def _module(module, place, arrays):
    name = f"{type(module).__module__}.{type(module).__qualname__}"
    warnings.warn(
        f"torch.save: of the module {type(module).__name__} its state_dict is saved, since files hold no code; read it "
        "with model.load_state_dict(torch.load(path))",
        stacklevel=4,
    )
    return {"module": name, "state": _described(dict(module.state_dict()), place, arrays)}


# name -> type, its parts, and the object of its parts again
_KINDS: dict[str, tuple[type, Callable[[Any], Any], Callable[[list], Any]]] = {
    "list": (list, list, list),
    "tuple": (tuple, tuple, tuple),
    "Size": (Size, tuple, Size),
    "set": (set, list, set),
    "Namespace": (argparse.Namespace, lambda args: [vars(args)], lambda parts: argparse.Namespace(**parts[0])),
}

# Loading


def _restored(node: Any, arrays: Mapping[str, np.ndarray], move: Callable) -> Any:
    """The object that `_described` wrote as this."""
    if not isinstance(node, dict):
        return node
    if "tensor" in node:
        tensor = move(Tensor(arrays[node["tensor"]]), node.get("device", "cpu"))
        tensor = Parameter(tensor) if "parameter" in node else tensor
        return tensor.requires_grad_("requires_grad" in node)
    if "module" in node:
        state = ModuleState(_restored(node["state"], arrays, move))
        vars(state)["module"] = node["module"]
        return state
    ((kind, value),) = node.items()
    if kind in _KINDS:
        return _KINDS[kind][2]([_restored(part, arrays, move) for part in value])
    if kind in ("dict", "OrderedDict"):
        pairs = [(_restored(key, arrays, move), _restored(part, arrays, move)) for key, part in value]
        return dict(pairs) if kind == "dict" else collections.OrderedDict(pairs)
    if kind in ("ndarray", "number"):
        return arrays[value] if kind == "ndarray" else arrays[value][()]
    return np.dtype(value) if kind == "dtype" else device.make(value)


def _mover(map_location: Any) -> Callable[[Tensor, str], Tensor]:
    """A function (tensor on the CPU, the device it was on) -> tensor, as map_location asks."""

    def to(tensor: Tensor, target: Any) -> Tensor:
        try:
            return tensor.to(device.make(target))
        except DeviceError as error:
            raise DeviceError(f"torch.load: {error}; or pass map_location='cpu'") from error

    if map_location is None:
        return to
    if callable(map_location):
        return lambda tensor, old: changed if (changed := map_location(tensor, old)) is not None else to(tensor, old)
    if isinstance(map_location, dict):
        names = {str(old): new for old, new in map_location.items()}
        return lambda tensor, old: to(tensor, names.get(old, old))
    return lambda tensor, _: to(tensor, map_location)
