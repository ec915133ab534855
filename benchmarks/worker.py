"""An object in a process of its own, which answers questions one at a time.

On the GPU one wrong address ends every later call of a process, and PyTorch's choice of convolution algorithms is
shared by all that runs in one. So each thing that is measured there lives alone, and harms no other if it goes wrong.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from stylize.interrupts import interrupts_kept_from_children


class Failed(Exception):
    """A worker could not answer; the message is its error."""


class Worker:
    """make(*arguments), in a new process that starts at once; `ask` calls its methods and has `patience` (seconds)."""

    def __init__(self, make: Callable[..., Any], *arguments: Any, patience: float = 150.0):
        context = multiprocessing.get_context("spawn")  # a forked process could not use the GPU
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._patience = patience
        with interrupts_kept_from_children():  # Ctrl-C is for this process to handle
            self._process.start()
        theirs.close()

    def ask(self, method: str, *arguments: Any) -> Any:
        """The method's result. Raises Failed with the method's error, or if there comes no answer now or ever."""
        try:
            self._pipe.send((method, arguments))
            if not self._pipe.poll(self._patience):
                self.stop()
                raise Failed(f"no answer within {self._patience:.0f} s")
            answer, error = self._pipe.recv()
        except (EOFError, OSError) as closed:
            self._process.join(10.0)
            raise Failed(f"its process ended with exit code {self._process.exitcode}") from closed
        if error:
            raise Failed(error)
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe, make, arguments):
    """Answer questions until nobody asks any more. What went wrong at the start is the answer to all of them."""
    subject, broken = _attempt(make, *arguments)
    with suppress(EOFError):
        while True:
            method, arguments = pipe.recv()
            pipe.send((None, broken) if broken else _attempt(getattr(subject, method), *arguments))


def _attempt(call, *arguments):
    """(result, None) or (None, the error in one line)."""
    try:
        return call(*arguments), None
    except Exception as error:
        lines = str(error).strip().splitlines()
        return None, f"{type(error).__name__}: {lines[0] if lines else ''}"
