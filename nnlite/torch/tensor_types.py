"""torch.Tensor, torch.FloatTensor, ...: PyTorch's old constructors, which are also types of tensors.

nnlite has one class, Tensor, whose constructor wraps an array. So these are types without instances of their own:
calling one makes an nnlite Tensor, and `isinstance` looks at that tensor's dtype and device. A subclass would not do:
whatever an operation returns is a plain Tensor, so isinstance(x + x, torch.FloatTensor) would be False.
"""

from typing import Any

import numpy as np

from .. import creation
from ..dtype import get_default_dtype
from ..tensor import Tensor as OurTensor
from ..views import Size

NAMES = {
    "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16", "ByteTensor": "uint8",
    "CharTensor": "int8", "ShortTensor": "int16", "IntTensor": "int32", "LongTensor": "int64", "BoolTensor": "bool",
}  # fmt: skip


class TensorType(type):
    """A type of tensors: all of them, or those of one dtype on one device."""

    numbers: np.dtype | None = None
    place: str | None = None

    def __call__(cls, *data: Any, device: Any = None) -> OurTensor:
        """A tensor of these sizes (filled with zeros), or with the numbers of a list, an array or another tensor.

        The memory of a tensor is shared, and that of an array of this dtype; all else is copied. Raises TypeError for a
        plain tuple of whole numbers, which could be a shape as well as two numbers, and for a tensor of another dtype.
        """
        kind: Any = {"dtype": cls.numbers or get_default_dtype(), "device": cls.place if device is None else device}
        if not data or all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in data):
            return creation.zeros(data or (0,), **kind)
        if len(data) > 1 or not hasattr(data[0], "__len__") or isinstance(data[0], str):
            raise TypeError(f"{cls.__name__}: expected sizes, or one list, array or tensor, got {data!r:.60}")
        return _from(cls, data[0], kind)

    def __instancecheck__(cls, value: Any) -> bool:
        if not isinstance(value, OurTensor):
            return False
        return (cls.numbers is None or value.dtype == cls.numbers) and (cls.place is None or value.device == cls.place)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(OurTensor, name)

    # type(x) == torch.Tensor, which holds for whatever is no Parameter

    def __eq__(cls, other: object) -> bool:
        return cls is other or (cls is Tensor and other is OurTensor)

    def __hash__(cls) -> int:
        return hash(OurTensor) if cls.numbers is None else type.__hash__(cls)


def _from(cls, data, kind):
    if isinstance(data, Size):
        return creation.zeros(data, **kind)
    if isinstance(data, OurTensor):
        if not isinstance(data, cls):
            given = f"{data.dtype} on {str(data.device)!r}"
            raise TypeError(f"{cls.__name__}: got a tensor of {given}; use x.type(torch.{cls.__name__})")
        return data.detach()
    if isinstance(data, tuple) and data and all(isinstance(n, int) for n in data):
        raise TypeError(
            f"{cls.__name__}({data}): are these sizes, or numbers? "
            f"Write {cls.__name__}{data} or x.size() for sizes, {cls.__name__}({list(data)}) for numbers"
        )
    if isinstance(data, np.ndarray) and data.dtype == kind["dtype"]:
        return creation.as_tensor(data, **kind)
    return creation.tensor(list(data) if isinstance(data, range) else data, **kind)


class Tensor(metaclass=TensorType):
    """Any tensor; the constructor's are of the default dtype."""


def make(place: str) -> dict[str, TensorType]:
    """FloatTensor, LongTensor and the like on a device."""
    return {name: _made(name, np.dtype(dtype), place) for name, dtype in NAMES.items()}


def _made(name, dtype, place):
    prefix = "nnlite.torch" if place == "cpu" else "nnlite.torch.cuda"
    return TensorType(name, (), {"numbers": dtype, "place": place, "dtype": dtype, "__module__": prefix})


def name_of(tensor: OurTensor) -> str:
    """PyTorch's name for a tensor's type, such as torch.FloatTensor or torch.cuda.LongTensor."""
    names = {np.dtype(dtype): name for name, dtype in NAMES.items()}
    return f"torch.{'' if tensor.device == 'cpu' else 'cuda.'}{names[tensor.dtype]}"


def dtype_and_device(kind: Any) -> tuple[Any, str | None]:
    """The dtype and device that x.type(kind) asks for: a dtype, one of the types here, or the name of one."""
    if isinstance(kind, str) and kind.startswith("torch."):
        _, *cuda, name = kind.split(".")
        if name not in NAMES or cuda not in ([], ["cuda"]):
            raise ValueError(f"type: there is no {kind}; the names are torch.{', torch.'.join(NAMES)}")
        return np.dtype(NAMES[name]), "gpu" if cuda else "cpu"
    if isinstance(kind, TensorType):
        return kind.numbers or get_default_dtype(), kind.place
    return np.dtype(kind), None
