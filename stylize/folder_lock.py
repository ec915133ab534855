"""One run at a time in an output folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .files import FileError

try:
    import fcntl
except ImportError:  # Windows; its locks are of another kind
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Within the block no other run has the folder, which is made if it is missing.

    The folder itself is locked: no file stays behind, and the kernel lifts the lock when the process ends, even killed.
    Raises FileError if another run has it, or if it cannot be made. A system or a disk without such locks keeps
    nobody out.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY) if fcntl else None
    except OSError as error:
        raise FileError(f"{folder}: cannot write there ({error.strerror}); choose another folder") from error
    try:
        if handle is not None:
            _lock(handle, folder)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileError(f"another run is writing into {folder}; wait for it, or choose another folder") from error
    except OSError:  # some network disks have none
        pass
