"""Plain Python threads for the CPU: NumPy releases the interpreter lock while it copies, multiplies or adds."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

from .blas import one_thread_each

count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(threads: int) -> None:
    """Work on this many cores (at the start: all that this process may use)."""
    global count
    if threads < 1:
        raise ValueError(f"set_num_threads: expected at least 1, got {threads}")
    count = threads


def parallel(task, arguments, threads, total=False):
    """task(*a) for each a in `arguments`, an equal run of neighbours to each thread; the sum if `total`."""
    shares = max(1, min(threads, len(arguments)))
    cuts = [len(arguments) * i // shares for i in range(shares + 1)]

    def run(first, last):
        result = None
        for a in arguments[first:last]:
            value = task(*a)
            if total:
                result = value if result is None else result + value
        return result

    with one_thread_each():
        others = [_pool(threads).submit(run, *cut) for cut in pairwise(cuts[1:])]
        results = [run(*cuts[:2])] + [other.result() for other in others]
    return sum(results[1:], results[0]) if total else None


@cache
def _pool(threads):
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="nnlite")
