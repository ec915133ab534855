"""How a program starts and stops: one clear line for a mistake, a device, a pause at Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NoReturn

import nnlite
from stylize import console


class UserError(Exception):
    """Something the user can fix; the message says what is wrong and what to do."""


def run_program(program: str, main: Callable[[], int | None]) -> NoReturn:
    """Call main() and exit with its status; a foreseeable failure becomes one line on stderr, without a traceback.

    Exit status: 0 done, 2 a mistake in the arguments or the data, 130 interrupted.
    """
    nnlite.backends.keep_freed_memory()  # the next training step wants as much again
    console.run(program, main, _is_foreseen, needs=["stylize._cv2"])


def _is_foreseen(error: Exception) -> bool:
    """Whether this is a mistake of the user or a fault of the machine, rather than one of the program."""
    from stylize import DatasetError, FileError

    ours = (
        nnlite.CheckpointError,
        nnlite.DataError,
        nnlite.DeviceError,
        nnlite.NonFiniteError,
        DatasetError,
        FileError,
    )
    return isinstance(error, (UserError, *ours))


class Interrupt:
    """Ctrl-C or SIGTERM as a flag to check between steps, so that a step is never left half done.

        with Interrupt() as interrupt:
            for batch in loader:
                if interrupt.requested: ...

    The second Ctrl-C interrupts at once.
    """

    requested = False

    def __enter__(self) -> Interrupt:
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, *_: object) -> None:
        self.requested = True
        self.__exit__()


def choose_device(name: str) -> str:
    """'cpu' or 'gpu' for 'auto', 'cpu' or 'gpu'. Raises DeviceError if the GPU is asked for and absent."""
    if name == "auto":
        return "gpu" if nnlite.gpu_available() else "cpu"
    nnlite.tensor(0.0, device=name)
    return name
