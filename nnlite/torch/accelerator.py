"""torch.accelerator: the GPU, asked for without its name."""

from ..backend import GPU, Device
from . import cuda
from .names import missing

is_available, device_count, synchronize = cuda.is_available, cuda.device_count, cuda.synchronize
current_device_index, set_device_index = cuda.current_device, cuda.set_device
empty_cache, memory_allocated, memory_reserved = cuda.empty_cache, cuda.memory_allocated, cuda.memory_reserved


def current_accelerator(check_available: bool = False) -> Device | None:
    """torch.device("cuda"), or None without a GPU."""
    return GPU if is_available() else None


__getattr__ = missing(__name__)
