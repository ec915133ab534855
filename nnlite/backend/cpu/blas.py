"""The number of threads inside NumPy's matrix product, which NumPy itself does not let one set.

When our own threads each multiply a block, every product must stay on its own thread, or they fight over
the cores. Even between products they would: after each one, OpenBLAS's own threads spin for some 25 ms
waiting for the next, and a training step on two cores took 520 ms instead of 350. NumPy's wheels carry
OpenBLAS, whose switch is reached through ctypes. With another BLAS the switch is missing,
`one_thread_each` does nothing, and everything works, only slower.
"""

import ctypes
import functools
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..tricks import on


@functools.cache
def _switch():
    """(get, set) of the OpenBLAS that NumPy loaded, or None."""
    for path in sorted(Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas*")):
        library = ctypes.CDLL(str(path))
        for name in ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads"):
            if hasattr(library, name.format("set")):
                return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


@contextmanager
def one_thread_each():
    """Inside, a matrix product uses only the thread that calls it; after, as many as before. Not for two at once."""
    switch = _switch() if on("one_blas_thread") else None
    if switch is None:
        yield
        return
    get, set_ = switch
    before = get()
    set_(1)
    try:
        yield
    finally:
        set_(before)
