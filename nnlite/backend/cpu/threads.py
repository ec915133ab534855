"""Plain Python threads for the CPU: NumPy releases the interpreter lock while it copies, multiplies or adds.

A fork copies the memory of a process but only the thread that forks: in the child a pool would wait for threads that
are not there, and a lock that another thread held would stay locked. So a fork waits until no task runs, and ends the
pools first; parent and child each start their own when they next compute.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from ..tricks import on
from .blas import one_thread_each

_lock = threading.RLock()  # one `parallel` at a time; a signal's handler may fork in the middle of one, hence the R
_pools: dict[int, ThreadPoolExecutor] = {}

count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(threads: int) -> None:
    """Work on this many cores (at the start: all that this process may use)."""
    global count
    if threads < 1:
        raise ValueError(f"set_num_threads: expected at least 1, got {threads}")
    count = threads


def working() -> int:
    """How many threads share the work."""
    return count if on("threads") else 1


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

    with _lock, one_thread_each():
        others = [_pool(threads).submit(run, *cut) for cut in pairwise(cuts[1:])]
        results = [run(*cuts[:2])] + [other.result() for other in others]
    return sum(results[1:], results[0]) if total else None


def _pool(threads):
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads - 1, thread_name_prefix="nnlite")
    return _pools[threads]


def _before_fork():
    _lock.acquire()
    for pool in _pools.values():
        pool.shutdown()
    _pools.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release)
