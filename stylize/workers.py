"""Apply one function to many inputs in several processes, with a progress bar, and stop cleanly on Ctrl-C.

Each worker has its own pipe to this process and is given one job at a time. They share no queues, locks or threads, so
nothing can hang if a worker, or this process, is stopped at any moment.
"""

import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, cast

from tqdm import tqdm

from ._cv2 import cv2
from .interrupts import first_interrupt_noted, interrupts_ignored, interrupts_kept_from_children
from .options import DatasetError

JOBS_PER_WORKER = 16  # fewer are done before another process has even started


class Workers:
    """A context manager around worker processes; with a count of 1, this process does the work itself.

    count: processes; None: one for every 16 jobs, at most one a CPU. They are spawned, not forked, because
    OpenCV's threads do not survive a fork; so a script that uses more than one needs the usual `if __name__
    == "__main__"`.
    """

    def __init__(self, count: int | None, jobs: int) -> None:
        if count is None:
            count = max(1, min(os.cpu_count() or 1, ceil(jobs / JOBS_PER_WORKER)))
        self._count = count
        self._workers: dict[Connection, BaseProcess] = {}

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers at once: they are idle by now, or a second Ctrl-C was pressed."""
        with interrupts_ignored():
            for process in self._workers.values():
                process.kill()
            for connection, process in self._workers.items():
                process.join()
                connection.close()

    def map(
        self,
        function: Callable[[Any], Any],
        jobs: Sequence[Any],
        label: str,
        progress: bool,
        note: Callable[[Any, Any], None] = lambda job, result: None,
    ) -> list:
        """[function(job) for job in jobs]; the bar, on stderr, shows only if `progress` and on a terminal.

        note(job, result) is called here as soon as a job is done, in whatever order. On Ctrl-C the workers finish what
        they are doing, then KeyboardInterrupt is raised; after a second Ctrl-C it is raised at once. Raises what a job
        raises, and DatasetError if a process dies, both after the other workers have finished what they are doing.
        """
        results: list[Any] = [None] * len(jobs)
        with tqdm(total=len(jobs), desc=label, unit="photo", disable=None if progress else True) as bar:

            def done(number: int, result: Any) -> None:
                results[number] = result
                bar.update()
                note(jobs[number], result)

            if self._count == 1:
                for number, job in enumerate(jobs):
                    done(number, function(job))
            else:
                self._share_out(function, jobs, done)
        return results

    def _share_out(self, function: Callable[[Any], Any], jobs: Sequence[Any], done: Callable[[int, Any], None]) -> None:
        """Give the jobs to the workers, and pass each result on: done(number of the job, result)."""
        numbers = iter(range(len(jobs)))
        idle, busy = list(self._workers), dict[Connection, int]()
        failure: Exception | None = None
        with first_interrupt_noted() as interrupts:
            while True:
                while not failure and not interrupts and (idle or len(self._workers) < self._count):
                    number = next(numbers, None)
                    if number is None:
                        break
                    worker = idle.pop() if idle else self._start()
                    busy[worker] = number
                    with suppress(OSError):  # it has died, as recv below will tell
                        worker.send((function, jobs[number]))
                if not busy:
                    break
                for worker in cast(list[Connection], wait(list(busy))):  # those with an answer
                    number = busy.pop(worker)
                    try:
                        result, error = worker.recv()
                    except (EOFError, OSError):
                        failure = DatasetError(
                            "a worker process died: out of memory, or started from something other than a script file "
                            'with if __name__ == "__main__"; try again with fewer workers, or one'
                        )
                        continue
                    idle.append(worker)
                    failure = failure or error
                    if not error:
                        done(number, result)
        if interrupts:
            raise KeyboardInterrupt
        if failure:
            raise failure

    def _start(self) -> Connection:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        with interrupts_kept_from_children():
            process.start()
        theirs.close()  # otherwise the pipe would stay open after the worker has ended
        self._workers[ours] = process
        return ours


def _work(connection: Connection) -> None:
    """The loop of a worker: job after job, until it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)  # the processes already use every core
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        data = connection.recv_bytes()
        try:
            function, job = pickle.loads(data)
            answer: tuple[Any, Exception | None] = function(job), None
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))  # where in the worker it was raised
            answer = None, error
        connection.send(answer)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None, "only workers call this"
    parent.join()
    os._exit(1)  # without this, the workers of a killed process would wait for jobs forever
