"""Catch what C libraries print straight to file descriptor 2, which redirecting sys.stderr does not."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()


@contextmanager
def silent_stderr() -> Iterator[list[str]]:
    """Hide what is written to descriptor 2 inside the block; after the block, the list holds those lines.

    Blocks may be nested, but only one thread may be inside: two that interleave would save each other's redirection and
    lose the real stderr.
    """
    lines: list[str] = []
    with _lock:
        try:
            saved = os.dup(2)
        except OSError:  # stderr is closed, so there is nothing to hide
            yield lines
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)  # when the pipe is full, the rest is dropped: nobody reads it meanwhile
        os.dup2(writer, 2)
        os.close(writer)
        try:
            yield lines
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            lines += _read_all(reader).decode(errors="replace").splitlines()
            os.close(reader)


def _read_all(pipe: int) -> bytes:
    """What is in a pipe now. Do not wait for its end: a child process may still hold the other side open."""
    os.set_blocking(pipe, False)
    parts = []
    try:
        while part := os.read(pipe, 65536):
            parts.append(part)
    except BlockingIOError:
        pass
    return b"".join(parts)
