"""torch.device: nnlite's devices, named as in PyTorch."""

from typing import Any

from ..backend import Device, canonical
from ..errors import DeviceError
from .names import StandIn


class device(metaclass=StandIn):
    """device("cuda:0"), device("cuda", 0), device(0) or device("cpu"): what `tensor.device` says."""

    kind = Device

    @staticmethod
    def make(type: Any = "cpu", index: int | None = None) -> Device:
        spelled = f"cuda:{type}" if isinstance(type, int) else str(type)
        name, _, number = spelled.partition(":")
        if index not in (None, 0) or number not in ("", "0"):
            raise DeviceError(f"device {spelled}: there is one device of each kind here; use {name}:0")
        return canonical(name)
