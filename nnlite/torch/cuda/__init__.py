"""torch.cuda: the questions that scripts ask about the GPU, and FloatTensor and the like there.

Where PyTorch raises without a GPU, so does this, with DeviceError.
"""

from typing import Any

from ... import backend
from ...backend.random import manual_seed as _manual_seed
from ...cuda import is_available
from ..device import device as _device
from ..names import missing
from ..tensor_types import make as _make
from . import amp

globals().update(_make("gpu"))


def device_count() -> int:
    """1 where there is a GPU, else 0: nnlite uses one."""
    return int(is_available())


def manual_seed(seed: int) -> None:
    """Seed the random numbers; without a GPU nothing happens, as in PyTorch."""
    if is_available():
        _manual_seed(seed)


manual_seed_all = manual_seed


def set_device(device: Any) -> None:
    """Choose GPU 0, the only one that is used; a negative number is ignored. Raises DeviceError for another."""
    if not (isinstance(device, int) and device < 0):
        _require("set_device", device)


def current_device() -> int:
    _require("current_device")
    return 0


def get_device_name(device: Any = None) -> str:
    """The GPU's name, as its maker gives it."""
    properties = _require("get_device_name", device).cuda.runtime.getDeviceProperties(0)
    return properties["name"].decode()


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Its compute capability, (major, minor)."""
    major, minor = divmod(int(_require("get_device_capability", device).cuda.Device(0).compute_capability), 10)
    return major, minor


def synchronize(device: Any = None) -> None:
    """Wait until the GPU has finished its work."""
    _require("synchronize", device).cuda.Device(0).synchronize()


def empty_cache() -> None:
    """Give freed memory back to the GPU."""
    if is_available():
        _require("empty_cache").get_default_memory_pool().free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """Bytes in use by arrays; 0 without a GPU."""
    return int(_require("memory_allocated").get_default_memory_pool().used_bytes()) if is_available() else 0


def memory_reserved(device: Any = None) -> int:
    """Bytes held, in use or kept for later; 0 without a GPU."""
    return int(_require("memory_reserved").get_default_memory_pool().total_bytes()) if is_available() else 0


def _require(name: str, device: Any = None) -> Any:
    """CuPy. Raises DeviceError without a GPU, or for another than the first."""
    if device is not None and _device.make(device) != "gpu":
        raise ValueError(f"torch.cuda.{name}: expected a GPU, got {device}")
    return backend._gpu().cupy


__getattr__ = missing(__name__)
