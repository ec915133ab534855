"""New tensors. `from_numpy` and `as_tensor` share an array's memory, all others have their own."""

import math
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

import numpy as np

from . import backend as backends
from .backend import random
from .dtype import get_default_dtype
from .errors import DeviceError, ShapeError, guard
from .tensor import Tensor


class Kind(TypedDict, total=False):
    """What every function here takes: a dtype and a device if not the usual ones, and whether to require a gradient."""

    dtype: Any
    device: str | None
    requires_grad: bool


def tensor(data: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """A Tensor with a copy of `data` (Tensor, array, nested lists or a number).

    As in PyTorch, arrays and NumPy's numbers keep their dtype, and Python floats get the default one. Raises TypeError
    for anything but numbers, ValueError for ragged lists.
    """
    array = data.array if isinstance(data, Tensor) else data
    chosen = _holds_float64(array)
    if not hasattr(array, "dtype") or isinstance(array, np.generic):
        array = np.asarray(_plain(array))
    if not backends.is_array(array):
        raise TypeError(f"tensor: expected real numbers, got {type(data).__name__} of dtype {array.dtype}")
    if dtype is None and array.dtype == np.float64 and not chosen:
        dtype = get_default_dtype()
    converted = array.astype(dtype or array.dtype)
    if array.dtype.kind in "iu" and converted.dtype.kind in "iu" and bool((converted != array).any()):
        raise ValueError(f"tensor: {converted.dtype} cannot hold all of these numbers, {array.dtype} can")
    return Tensor(_place(converted, backends.device_of(array) if device is None else device), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """`tensor(data)`, but a Tensor or NumPy array is not copied unless its dtype or device must change."""
    if not isinstance(data, (Tensor, np.ndarray)):
        return tensor(data, dtype, device)
    shared = data if isinstance(data, Tensor) else from_numpy(data)
    return shared.to(dtype or shared.dtype).to(device=device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A Tensor over the array's own memory: writing into one changes the other.

    Raises TypeError for anything but an array, ValueError for one with an axis that runs backwards.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}; use nnlite.tensor(...)")
    result = Tensor(array)
    guard("layout", result)
    return result


def zeros(*size: Any, **kind: Unpack[Kind]) -> Tensor:
    """Zeros of a shape, given as numbers or one tuple."""
    return full(_size("zeros", size), 0.0, **kind)


def ones(*size: Any, **kind: Unpack[Kind]) -> Tensor:
    """Ones of a shape, given as numbers or one tuple."""
    return full(_size("ones", size), 1.0, **kind)


def empty(*size: Any, **kind: Unpack[Kind]) -> Tensor:
    """Memory that is still to be filled, of a shape given as numbers or one tuple."""
    return _new(np.empty, _size("empty", size), **kind)


def full(size: int | Sequence[int], fill_value: Any, **kind: Unpack[Kind]) -> Tensor:
    """One value in every place; a whole number or bool makes a tensor of such, as in PyTorch."""
    if not isinstance(fill_value, (int, float)):
        raise TypeError(f"full: fill_value is a number or bool, not {type(fill_value).__name__}")
    usual = None if isinstance(fill_value, float) else np.asarray(fill_value).dtype
    xp = backends.on(_device(kind.get("device"))).xp
    return _new(lambda s, d: xp.full(s, fill_value, d), _size("full", (size,)), usual, **kind)


def eye(n: int, m: int | None = None, **kind: Unpack[Kind]) -> Tensor:
    """(n, m) with ones on the diagonal; m = n unless given."""
    return _new(lambda s, d: np.eye(*s, dtype=d), _size("eye", (n, n if m is None else m)), **kind)


def arange(start: float, end: float | None = None, step: float = 1, **kind: Unpack[Kind]) -> Tensor:
    """start, start + step, ... below end (from 0 if only one is given); int64 if all three are whole."""
    first, last = (0, start) if end is None else (start, end)
    if not math.isfinite(first + last + step) or step == 0 or (last - first) * step < 0:
        raise ValueError(f"arange: steps of {step} do not lead from {first} to {last}")
    usual = np.int64 if all(isinstance(x, int) for x in (first, last, step)) else None
    if usual is None and np.dtype(kind.get("dtype") or np.float32).kind != "f":
        raise TypeError(f"arange: {kind['dtype']} cannot hold steps of {step} from {first}; give whole numbers")
    steps: Any = np.arange(math.ceil((last - first) / step), dtype=usual or np.float64)
    return _new(lambda _, d: (first + steps * step).astype(d), steps.shape, usual, **kind)


def linspace(start: float, end: float, steps: int, **kind: Unpack[Kind]) -> Tensor:
    """`steps` numbers at equal distances from start to end, both included. Raises TypeError for whole numbers."""
    _check_floating("linspace", **kind)
    return _new(lambda s, d: np.linspace(start, end, s[0]).astype(d), _size("linspace", (steps,)), **kind)


def rand(*size: Any, **kind: Unpack[Kind]) -> Tensor:
    """Uniform in [0, 1), from the device's generator, which `manual_seed` starts."""
    _check_floating("rand", **kind)
    device = _device(kind.get("device"))
    return _new(lambda s, d: random.uniform(s, d, device=device), _size("rand", size), **kind)


def randn(*size: Any, **kind: Unpack[Kind]) -> Tensor:
    """Standard normal, from the device's generator, which `manual_seed` starts."""
    _check_floating("randn", **kind)
    device = _device(kind.get("device"))
    return _new(lambda s, d: random.normal(s, d, device=device), _size("randn", size), **kind)


def randint(low: int, high: Any, size: Any = None, **kind: Unpack[Kind]) -> Tensor:
    """Whole numbers with low <= number < high; randint(high, size) starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise ValueError(f"randint: no whole number from {low} on lies below {high}")
    dtype = np.dtype(kind.get("dtype") or np.int64)
    limits = np.iinfo(dtype) if dtype.kind in "iu" else None
    if limits and not limits.min <= low <= high - 1 <= limits.max:
        raise ValueError(f"randint: {dtype} cannot hold all numbers from {low} to {high - 1}")
    return _new(lambda s, d: random.integers(low, high, s).astype(d), _size("randint", (size,)), np.int64, **kind)


def randperm(n: int, **kind: Unpack[Kind]) -> Tensor:
    """The numbers 0 .. n-1 in random order."""
    return _new(lambda s, d: random.permutation(*s).astype(d), _size("randperm", (n,)), np.int64, **kind)


def full_like(input: Tensor, fill_value: Any, **kind: Unpack[Kind]) -> Tensor:
    """A constant of the input's shape and memory order and, unless others are given, its dtype and device."""
    wanted = _like("full_like", input, kind)
    if backends.canonical(wanted["device"]) != input.device:
        return full(input.shape, fill_value, **wanted)
    xp = backends.of(input.array).xp
    return _new(lambda _, dtype: xp.full_like(input.array, fill_value, dtype=dtype), input.shape, **wanted)


def zeros_like(input: Tensor, **kind: Unpack[Kind]) -> Tensor:
    """Zeros, as `full_like` makes them."""
    return full_like(input, 0, **kind)


def ones_like(input: Tensor, **kind: Unpack[Kind]) -> Tensor:
    """Ones, as `full_like` makes them."""
    return full_like(input, 1, **kind)


def empty_like(input: Tensor, **kind: Unpack[Kind]) -> Tensor:
    """Memory to be filled, of the input's shape, dtype and device."""
    return empty(input.shape, **_like("empty_like", input, kind))


def rand_like(input: Tensor, **kind: Unpack[Kind]) -> Tensor:
    """`rand` of the input's shape, dtype and device."""
    return rand(input.shape, **_like("rand_like", input, kind))


def randn_like(input: Tensor, **kind: Unpack[Kind]) -> Tensor:
    """`randn` of the input's shape, dtype and device."""
    return randn(input.shape, **_like("randn_like", input, kind))


def randint_like(input: Tensor, low: int, high: int | None = None, **kind: Unpack[Kind]) -> Tensor:
    """`randint` of the input's shape, dtype and device."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, input.shape, **_like("randint_like", input, kind))


def _like(name: str, input: Tensor, kind: Kind) -> Any:
    """The input's dtype and device, where no others are given."""
    guard("require_tensors", name, input)
    given = {name: value for name, value in kind.items() if value is not None}
    return {"dtype": input.dtype, "device": input.device, **given}


def _new(make, size, usual=None, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """make(size, dtype) on a device, in the `usual` dtype, or the default one, unless another is given."""
    dtype = np.dtype(dtype or usual or get_default_dtype())
    if dtype.kind not in "biuf":
        raise TypeError(f"a tensor holds real numbers or bools, not {dtype}")
    try:
        array = make(size, dtype)
    except OverflowError as error:
        raise ValueError(f"{error}; use a wider dtype") from error
    return Tensor(_place(array, device), requires_grad)


def _check_floating(name, dtype=None, **kind):
    if dtype is not None and np.dtype(dtype).kind != "f":
        raise TypeError(f"{name}: expected a floating-point dtype, got {dtype}; use .to(dtype) on the result")


def _device(device: Any) -> Any:
    """The device that was asked for (0 is a GPU), or the CPU."""
    return "cpu" if device is None else device


def _place(array: Any, device: str | None) -> Any:
    return backends.to_device(array, _device(device))


def _size(name: str, size: tuple) -> tuple[int, ...]:
    """The sizes, whether given one by one or as one tuple. Raises TypeError or ShapeError for anything but a shape."""
    sizes = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    if not all(isinstance(n, (int, np.integer)) for n in sizes):
        raise TypeError(f"{name}: a shape is made of whole numbers, got {sizes}")
    if any(n < 0 for n in sizes):
        raise ShapeError(f"{name}: a shape has no negative sizes, got {sizes}")
    return tuple(int(n) for n in sizes)


def _holds_float64(data: Any) -> bool:
    """Whether these nested lists hold a number that is float64 already; NumPy turns Python's floats into it as well."""
    if isinstance(data, (list, tuple)):
        return any(_holds_float64(x) for x in data)
    return getattr(data, "dtype", None) == np.float64


def _plain(data: Any) -> Any:
    """Nested lists with the numbers out of any Tensors in them, which have one each."""
    if isinstance(data, (list, tuple)):
        return [_plain(x) for x in data]
    if isinstance(data, Tensor):
        if data.device != "cpu":
            raise DeviceError("tensor: a list with tensors on the gpu; use nnlite.stack, or .cpu() on each")
        if data.numel() != 1:
            raise ShapeError(f"tensor: a list with a tensor of shape {data.shape}; use nnlite.stack, or cat")
        return data.detach().numpy().reshape(())
    return data
