"""Memory that is used again.

New memory comes from the system page by page, each one filled with zeros first. Compared with a product of a few
milliseconds that takes long. The plain version allocates each time; `scratch` keeps one piece of memory for windows.
"""

import ctypes
import math
import threading

import numpy as np

from ..tricks import on

_own = threading.local()


def scratch(name, shape, dtype):
    """An array of this thread's own, to be overwritten by the next call with this name."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = _kept(name, size) if on("scratch") else np.empty(size, np.uint8)
    return memory[:size].view(dtype).reshape(shape)


def _kept(name, size):
    """At least `size` bytes, the same ones as long as they are enough."""
    memory = getattr(_own, name, None)
    if memory is None or len(memory) < size:
        memory = np.empty(size, np.uint8)
        setattr(_own, name, memory)
    return memory


def keep_freed_memory() -> None:
    """Let the C library keep what is freed, for the next arrays, and not hand it back to the system at once.

    It does that by itself once arrays of up to 32 MB have been freed; small networks have none, and their training
    steps take a fifth longer without this. It changes the whole process, so a program asks for it: our demos and
    benchmarks do. Only glibc has the switch; elsewhere nothing happens.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # TypeError on Windows, where a library needs a name
        return
    mallopt(mmap_threshold, 2**25)
    mallopt(trim_threshold, 2**28)
