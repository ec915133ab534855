"""torch.device: nnlite's name for a device, with PyTorch's way to ask what it is."""

from typing import Any

from ..backend import canonical
from ..errors import DeviceError


class device(str):
    """'cpu' or 'gpu' (PyTorch's "cuda" is taken for it), equal to what `tensor.device` says."""

    index: int | None  # type: ignore[assignment]  # PyTorch's name; no string is searched here

    def __new__(cls, type: Any = "cpu", index: int | None = None) -> "device":
        spelled = f"cuda:{type}" if isinstance(type, int) else str(type)
        name, _, number = spelled.partition(":")
        if number:
            index = int(number)
        if index not in (None, 0):
            raise DeviceError(f"device {name}:{index}: there is one device of each kind here; use {name}:0")
        self = super().__new__(cls, canonical(name))
        self.index = index
        return self

    @property
    def type(self) -> str:
        """PyTorch's name of the kind: 'cpu' or 'cuda'."""
        return "cuda" if self == "gpu" else "cpu"
