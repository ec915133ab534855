"""Do one thing to many inputs on several processes, with a progress bar, and stop cleanly on Ctrl-C."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from math import ceil
from multiprocessing import get_context, parent_process
from typing import Any

from tqdm import tqdm

from ._cv2 import cv2
from .manifest import DatasetError

JOBS_PER_WORKER = 16  # fewer are done sooner than another process has started


class Workers:
    """A context manager around worker processes; this process itself, where one is enough.

    count: processes; None: one for every 16 jobs, at most one a CPU. They are spawned, not forked, because
    OpenCV's threads do not survive a fork; so a script that uses more than one needs the usual `if __name__
    == "__main__"`.
    """

    def __init__(self, count: int | None, jobs: int) -> None:
        if count is None:
            count = max(1, min(os.cpu_count() or 1, ceil(jobs / JOBS_PER_WORKER)))
        self._executor = None
        if count > 1:
            self._executor = ProcessPoolExecutor(count, get_context("spawn"), initializer=_start_worker)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor:  # after an exception, what is under way is finished and the rest dropped
            self._executor.shutdown(cancel_futures=True)

    def map(self, function: Callable[[Any], Any], jobs: Sequence[Any], label: str, progress: bool) -> list:
        """[function(job) for job in jobs]; the bar, on stderr, shows only if `progress` and on a terminal.

        Raises what a job raises, and DatasetError if a process dies.
        """
        with tqdm(total=len(jobs), desc=label, unit="photo", disable=None if progress else True) as bar:
            if self._executor is None:
                return [_counted(bar, function(job)) for job in jobs]
            try:
                with interrupts_ignored():  # processes start on submit and inherit this
                    futures = [self._executor.submit(function, job) for job in jobs]
                for future in as_completed(futures):
                    _counted(bar, future.result())
            except BrokenProcessPool as error:
                raise DatasetError(
                    "a worker process died: for want of memory, or because what started it is no script file or lacks "
                    'if __name__ == "__main__"; go on with fewer workers, or one'
                ) from error
            return [future.result() for future in futures]


def _counted(bar: tqdm, result: Any) -> Any:
    bar.update()
    return result


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all; the parent alone decides
    cv2.setNumThreads(1)  # one thread a process: the processes are the parallelism
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)  # it was killed; without this a worker waits for its next job for ever


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Ctrl-C is not heard within the block; and processes that start there do not hear it at all."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set this
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
