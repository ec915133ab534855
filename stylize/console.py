"""How every program here starts, prints and ends: one line per message, on any terminal, and no traceback for a mistake
of the user, a fault of the machine or a closed pipe. Imports only the standard library, so that it works without
OpenCV."""

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

# Exit statuses. The last two are those that a shell shows for a program ended by SIGINT and by SIGPIPE.
MISTAKE, INTERRUPTED, UNREAD = 2, 130, 141


def say(program: str, message: object) -> None:
    """One line on stderr."""
    print(f"{program}: {one_line(message)}", file=sys.stderr)


def counted(number: int, noun: str) -> str:
    """1 photo, 2 photos."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def one_line(message: object) -> str:
    """The message with its unprintable characters escaped: file names may hold line ends, which become \\n."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(message))


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        command = self.prog.removeprefix("python -m ")
        program = command.split()[0].removeprefix("demos.")
        self.exit(MISTAKE, f"{program}: {one_line(message)}; see python -m {command} --help\n")


def path_argument(text: str) -> Path:
    """The type of an argument that names a file or folder. "", as from an unset variable, is not the current folder."""
    if not text:
        raise argparse.ArgumentTypeError('the name is empty; name a file or folder ("." is the current one)')
    return Path(text)


def run(
    program: str,
    main: Callable[[], int | None],
    is_foreseen: Callable[[Exception], bool] = lambda error: False,
    needs: Sequence[str] = (),
) -> NoReturn:
    """Call `attempt` for a whole program: any text can be printed, and the status becomes the exit status.

    The status is 141 if the output is no longer read (`... | head`).
    """
    open_streams()
    try:
        status: int | str | None = attempt(program, main, is_foreseen, needs)
    except SystemExit as end:  # raised by argparse
        status = end.code
    lost = _flush(program)
    sys.exit(status or lost)


def attempt(
    program: str,
    main: Callable[[], int | None],
    is_foreseen: Callable[[Exception], bool] = lambda error: False,
    needs: Sequence[str] = (),
) -> int:
    """Call main(); its status (0 for None), or one line on stderr and 2 for a mistake, 130 if it was interrupted.

    is_foreseen  whether an exception is the user's mistake; OSError, ImportError and MemoryError are always foreseen
    needs        modules with compiled code that `main` imports: imported here, before Ctrl-C becomes an exception

    Any other exception is a fault of the program and passes through.
    """
    try:
        for module in needs:
            import_module(module)
        with _interruptible():
            return main() or 0
    except KeyboardInterrupt as interrupt:
        new_line = "\n" if sys.stderr.isatty() else ""  # after the ^C that a terminal shows
        return _end(new_line + program, f"interrupted; {str(interrupt) or 'what was finished is kept'}", INTERRUPTED)
    except BrokenPipeError:
        return UNREAD
    except MemoryError as error:
        remedy = "ask for smaller images, batches or networks, or close other programs"
        return _end(program, f"not enough memory ({str(error) or 'none is left'}); {remedy}", MISTAKE)
    except Exception as error:
        if not isinstance(error, (OSError, ImportError)) and not is_foreseen(error):
            raise
        return _end(program, error, MISTAKE)


def open_streams() -> None:
    """Make stdout and stderr able to print any text, even if they were closed when the program started.

    The next file to be opened would get a closed descriptor's number, and whatever a library prints would end up in it.
    Characters that the terminal's encoding lacks are escaped, and so are bytes in file names that are not text.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stderr = _MayGoUnread(sys.stderr)


class _MayGoUnread:
    """stderr, but once it cannot be written to (a closed pipe, a full disk), what is printed goes nowhere.

    A progress bar that nobody sees must not end a training run before it is saved.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Within the block Ctrl-C raises KeyboardInterrupt; outside it ends the process at once, if quiet_start.py ran."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if before is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end(program: str, message: object, status: int) -> int:
    """Print a last message, if anyone is reading, and return the status."""
    with suppress(OSError):
        say(program, message)
    return status


def _flush(program: str) -> int:
    """Print what is buffered. (At exit Python would do it, with a traceback if it failed.) The status; 0 if it
    worked."""
    status = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what remains goes nowhere
            if isinstance(error, BrokenPipeError):
                status = UNREAD
            else:
                status = _end(program, f"cannot print ({error.strerror})", MISTAKE)
    return status
