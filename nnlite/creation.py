"""New tensors. Each has memory of its own but for `from_numpy` and `as_tensor`, which share the array's."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import backend as backends
from .backend import random
from .dtype import get_default_dtype
from .errors import DeviceError, ShapeError
from .guards.common import require_tensors
from .tensor import Tensor

Size = int | Sequence[int]


def tensor(data: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """A Tensor with a copy of `data` (Tensor, array, nested lists or a number).

    As in PyTorch, an array keeps its dtype and Python floats get the default one. Raises TypeError for what is no
    number, ValueError for ragged lists.
    """
    array = data.array if isinstance(data, Tensor) else data
    typed = hasattr(array, "dtype")
    if not typed or isinstance(array, np.generic):
        array = np.asarray(_plain(array))
    if not backends.is_array(array):
        raise TypeError(f"tensor: expected real numbers, got {type(data).__name__} of dtype {array.dtype}")
    if dtype is None and not typed and array.dtype == np.float64:
        dtype = get_default_dtype()
    converted = array.astype(dtype or array.dtype)
    if array.dtype.kind in "iu" and converted.dtype.kind in "iu" and bool((converted != array).any()):
        raise ValueError(f"tensor: {converted.dtype} cannot hold all of these numbers, {array.dtype} can")
    return Tensor(_place(converted, device or backends.device_of(array)), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """`tensor(data)`, but a Tensor or NumPy array is not copied unless its dtype or device must change."""
    if not isinstance(data, (Tensor, np.ndarray)):
        return tensor(data, dtype, device)
    shared = data if isinstance(data, Tensor) else from_numpy(data)
    return shared.to(dtype or shared.dtype).to(device or shared.device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A Tensor over the array's own memory: writing into one changes the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}; use nnlite.tensor(...)")
    return Tensor(array)


def zeros(*size: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, given as numbers or one tuple."""
    return full(_size("zeros", size), 0.0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones(*size: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape, given as numbers or one tuple."""
    return full(_size("ones", size), 1.0, dtype=dtype, device=device, requires_grad=requires_grad)


def empty(*size: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Whatever was in memory, under a shape given as numbers or one tuple; to be filled."""
    return _new(np.empty, _size("empty", size), dtype, device, requires_grad)


def full(
    size: Size, fill_value: Any, *, dtype: Any = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """One value in every place; a whole number or bool makes a tensor of such, as in PyTorch."""
    if not isinstance(fill_value, (int, float)):
        raise TypeError(f"full: fill_value is a number or bool, not {type(fill_value).__name__}")
    if dtype is None and not isinstance(fill_value, float):
        dtype = np.asarray(fill_value).dtype
    xp = backends.on(device or "cpu").xp
    return _new(lambda s, d: xp.full(s, fill_value, d), _size("full", (size,)), dtype, device, requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """(n, m) with ones on the diagonal; m = n unless given."""
    size = _size("eye", (n, n if m is None else m))
    return _new(lambda s, d: np.eye(*s, dtype=d), size, dtype, device, requires_grad)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below end (from 0 if only one is given); int64 if all three are whole."""
    first, last = (0, start) if end is None else (start, end)
    if not math.isfinite(first + last + step) or step == 0 or (last - first) * step < 0:
        raise ValueError(f"arange: steps of {step} do not lead from {first} to {last}")
    whole = all(isinstance(x, int) for x in (first, last, step))
    count = math.ceil((last - first) / step)
    steps = np.arange(count, dtype=np.int64) if whole else np.arange(count, dtype=np.float64)
    return _new(lambda _, d: (first + steps * step).astype(d), (count,), dtype or (np.int64 if whole else None),
                device, requires_grad)  # fmt: skip


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal distances from start to end, both included."""
    size = _size("linspace", (steps,))
    return _new(lambda _, d: np.linspace(start, end, steps).astype(d), size, dtype, device, requires_grad)


def rand(*size: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Uniform in [0, 1), from the device's generator, which `manual_seed` starts."""
    draw = functools.partial(random.uniform, device=device or "cpu")
    return _new(draw, _size("rand", size), dtype, device, requires_grad)


def randn(*size: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Tensor:
    """Standard normal, from the device's generator, which `manual_seed` starts."""
    draw = functools.partial(random.normal, device=device or "cpu")
    return _new(draw, _size("randn", size), dtype, device, requires_grad)


def randint(low: int, high: Any, size: Any = None, *, dtype: Any = np.int64, device: str | None = None) -> Tensor:
    """Whole numbers with low <= number < high; randint(high, size) starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    if not low < high:
        raise ValueError(f"randint: no whole number from {low} on lies below {high}")
    limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    if limits and not limits.min <= low <= high - 1 <= limits.max:
        raise ValueError(f"randint: {np.dtype(dtype)} cannot hold all numbers from {low} to {high - 1}")
    return _new(lambda s, d: random.integers(low, high, s).astype(d), _size("randint", (size,)), dtype, device)


def randperm(n: int, *, device: str | None = None) -> Tensor:
    """The numbers 0 .. n-1 in random order."""
    return _new(lambda s, d: random.permutation(*s), _size("randperm", (n,)), np.int64, device)


def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """A constant of the input's shape and, unless others are given, its dtype, device and memory order."""
    require_tensors("*_like", input)
    if device is not None and backends.canonical(device) != input.device:
        return full(input.shape, fill_value, dtype=dtype or input.dtype, device=device)
    return Tensor(backends.of(input.array).xp.full_like(input.array, fill_value, dtype=dtype))


def zeros_like(input: Tensor, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Zeros of the input's shape, dtype, device and memory order."""
    return full_like(input, 0, dtype=dtype, device=device)


def ones_like(input: Tensor, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Ones of the input's shape, dtype, device and memory order."""
    return full_like(input, 1, dtype=dtype, device=device)


def empty_like(input: Tensor, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Memory to be filled, of the input's shape, dtype and device."""
    require_tensors("empty_like", input)
    return empty(input.shape, dtype=dtype or input.dtype, device=device or input.device)


def rand_like(input: Tensor, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """`rand` of the input's shape, dtype and device."""
    require_tensors("rand_like", input)
    return rand(input.shape, dtype=dtype or input.dtype, device=device or input.device)


def randn_like(input: Tensor, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """`randn` of the input's shape, dtype and device."""
    require_tensors("randn_like", input)
    return randn(input.shape, dtype=dtype or input.dtype, device=device or input.device)


def randint_like(input: Tensor, low: int, high: int | None = None, *, dtype: Any = None) -> Tensor:
    """`randint` of the input's shape, dtype and device."""
    require_tensors("randint_like", input)
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, input.shape, dtype=dtype or input.dtype, device=input.device)


def _new(
    make: Callable[[tuple[int, ...], Any], Any],
    size: tuple[int, ...],
    dtype: Any,
    device: str | None,
    requires_grad: bool = False,
) -> Tensor:
    dtype = np.dtype(dtype or get_default_dtype())
    if dtype.kind not in "biuf":
        raise TypeError(f"a tensor holds real numbers or bools, not {dtype}")
    try:
        array = make(size, dtype)
    except OverflowError as error:
        raise ValueError(f"{error}; use a wider dtype") from error
    return Tensor(_place(array, device), requires_grad)


def _place(array: Any, device: str | None) -> Any:
    return backends.to_device(array, device or "cpu")


def _size(name: str, size: tuple) -> tuple[int, ...]:
    """The sizes, whether given one by one or as one tuple. Raises TypeError or ShapeError for what is no shape."""
    sizes = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    if not all(isinstance(n, (int, np.integer)) for n in sizes):
        raise TypeError(f"{name}: a shape is made of whole numbers, got {sizes}")
    if any(n < 0 for n in sizes):
        raise ShapeError(f"{name}: a shape has no negative sizes, got {sizes}")
    return tuple(int(n) for n in sizes)


def _plain(data: Any) -> Any:
    """Nested lists with the numbers out of any Tensors in them."""
    if isinstance(data, (list, tuple)):
        return [_plain(x) for x in data]
    if isinstance(data, Tensor):
        if data.device != "cpu":
            raise DeviceError("tensor: a list with tensors on the gpu; use nnlite.stack, or .cpu() on each")
        return data.numpy()
    return data
