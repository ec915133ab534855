"""Memory that is used again.

New memory comes from the system page by page, each one filled with zeros first. Compared with a product of a few
milliseconds that takes long.
"""

import ctypes


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
