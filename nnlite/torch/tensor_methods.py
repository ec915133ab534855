"""Methods that PyTorch's tensors have and that compute nothing new. nnlite/methods.py lists them."""

from functools import partial
from typing import Any, NoReturn

import numpy as np

from .. import conversions, creation
from ..errors import DeviceError
from ..tensor import Tensor
from .differences import why_not
from .names import refuse
from .tensor_types import TensorType, dtype_and_device, name_of


def ndimension(self: Tensor) -> int:
    return self.ndim


def nelement(self: Tensor) -> int:
    return self.numel()


def element_size(self: Tensor) -> int:
    """Bytes per element."""
    return self.dtype.itemsize


def is_floating_point(self: Tensor) -> bool:
    return self.dtype.kind == "f"


def is_complex(self: Tensor) -> bool:
    return False


def get_device(self: Tensor) -> int:
    """The number of its GPU; -1 on the CPU."""
    return -1 if self.device == "cpu" else 0


def is_cuda(self: Tensor) -> bool:
    return self.device != "cpu"


def is_sparse(self: Tensor) -> bool:
    return False


is_mps = is_xpu = is_quantized = is_sparse


def type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of its type; given a type (torch.LongTensor, its name, or a dtype), the tensor converted to it."""
    if dtype is None:
        return name_of(self)
    wanted, place = dtype_and_device(dtype)
    return conversions.to(self, wanted, device=place)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor with another one's dtype, on its device."""
    return conversions.to(self, other)


byte = partial(conversions.to, dtype=np.uint8)
char = partial(conversions.to, dtype=np.int8)
short = partial(conversions.to, dtype=np.int16)

# New tensors like this one: its dtype and device, unless others are given


def _kind(self: Tensor, kind: dict[str, Any]) -> dict[str, Any]:
    refuse("new_...", layout=kind.pop("layout", None), pin_memory=kind.pop("pin_memory", None))
    return {"dtype": self.dtype, "device": self.device, **{name: v for name, v in kind.items() if v is not None}}


def new_zeros(self: Tensor, *size: Any, **kind: Any) -> Tensor:
    return creation.zeros(*size, **_kind(self, kind))


def new_ones(self: Tensor, *size: Any, **kind: Any) -> Tensor:
    return creation.ones(*size, **_kind(self, kind))


def new_empty(self: Tensor, *size: Any, **kind: Any) -> Tensor:
    return creation.empty(*size, **_kind(self, kind))


def new_full(self: Tensor, size: Any, fill_value: float, **kind: Any) -> Tensor:
    return creation.full(size, fill_value, **_kind(self, kind))


def new_tensor(self: Tensor, data: Any, **kind: Any) -> Tensor:
    return creation.tensor(data, **_kind(self, kind))


def new(self: Tensor, *data: Any) -> Tensor:
    """torch.FloatTensor(*data), or whichever this tensor's type is."""
    name = name_of(self).rpartition(".")[2]
    return TensorType(name, (), {"numbers": self.dtype, "place": self.device})(*data)


# Memory


def pin_memory(self: Tensor) -> Tensor:
    """The tensor itself: memory is not pinned here. Raises DeviceError without a GPU, as in PyTorch."""
    from .. import cuda

    if not cuda.is_available():
        raise DeviceError("pin_memory() is for copies to a GPU, and there is none; leave it out")
    return self


def share_memory_(self: Tensor) -> NoReturn:
    raise TypeError(f"share_memory_(): {why_not('torch.Tensor.share_memory_')}")


def data_ptr(self: Tensor) -> int:
    """The address of its first element."""
    array: Any = self.array
    return array.ctypes.data if self.device == "cpu" else array.data.ptr


def storage(self: Tensor) -> NoReturn:
    raise TypeError(f"storage(): {why_not('torch.Tensor.storage')}")
