"""What Ctrl-C does, for the length of a block: nothing, be noted, or interrupt once. (console.py has what it does to a
whole program.) Only the main thread may decide this; in others the blocks change nothing.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def first_interrupt_noted() -> Iterator[list[int]]:
    """Within the block the first Ctrl-C is only noted in the list; the second raises KeyboardInterrupt as usual."""
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield heard
        return

    def hear(number: int, _: object) -> None:
        heard.append(number)
        if len(heard) > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interrupts_kept_from_children() -> Iterator[None]:
    """Within the block this thread blocks Ctrl-C, and processes that start inherit that: from their first moment they
    ignore it, though the terminal sends it to every process. This process receives it at the end of the block."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Within the block Ctrl-C is ignored, and processes that start there always ignore it."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set this
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def only_first_interrupt() -> Iterator[None]:
    """Within the block only the first Ctrl-C interrupts; the others are ignored, while what was done is saved."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()  # only the main thread may set this
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
