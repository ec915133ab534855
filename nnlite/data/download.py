"""Fetching a file whose size and checksum are known. A broken download goes on where it stopped."""

import hashlib
import http.client
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ..errors import DataError

CHUNK = 1 << 16
TIMEOUT = 30.0  # seconds without a byte


def obtain(path: Path, download: bool, mirrors: Sequence[str], size: int, sha256: str) -> None:
    """Check that the file at `path` is the one published; with download=True a missing one is fetched.

    Raises DataError for a file that is missing, not the one published, or cannot be downloaded.
    """
    if not path.exists():
        if not download:
            raise DataError(f"there is no file {path}; download=True fetches it")
        path.parent.mkdir(parents=True, exist_ok=True)
        fetch([mirror + path.name for mirror in mirrors], path, size, sha256)
    else:
        try:
            check(path, size, sha256)
        except DataError as error:
            raise DataError(
                f"{path} is not the file that was published: {error}; move it away and download it"
            ) from error


def fetch(urls: Sequence[str], path: Path, size: int, sha256: str) -> None:
    """Write the file to `path` from the first URL that has it all; it appears only when complete and correct.

    Until then it grows as `path` + ".partial", which stays when a connection breaks: the next URL, or the next call,
    asks for the rest only (HTTP Range), or for all of it from a server that cannot do that. Raises DataError, with
    what was wrong with each URL, if none gives a file of this checksum.
    """
    partial = path.with_name(path.name + ".partial")
    failures = []
    for url in urls:
        try:
            _download(url, partial, size)
            try:
                check(partial, size, sha256)
            except DataError:
                partial.unlink()  # all of it, and wrong: nothing to go on with
                raise
        except DataError as error:
            failures.append(f"{url}: {error}")
        else:
            os.replace(partial, path)
            return
    kept = "; what came is kept, call again to go on" if partial.exists() else ""
    raise DataError(f"cannot download {path.name} ({'; '.join(failures)}){kept}")


def check(path: Path, size: int, sha256: str) -> None:
    """Raises DataError unless the file has this size and checksum."""
    found = path.stat().st_size
    if found != size:
        raise DataError(f"it has {found:,} bytes, published are {size:,}")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise DataError(f"its SHA-256 checksum is {digest[:12]}..., published is {sha256[:12]}...")


def _download(url: str, partial: Path, size: int) -> None:
    """Bring the partial file to `size` bytes. Raises DataError where the connection or the server fails."""
    from tqdm import tqdm  # here, so that `import nnlite` needs NumPy only

    have = partial.stat().st_size if partial.exists() else 0
    if have >= size:  # stopped between the last byte and its new name
        return
    with _network():
        response = urlopen(Request(url, headers={"Range": f"bytes={have}-"} if have else {}), timeout=TIMEOUT)
    with response:
        start = have if response.status == http.client.PARTIAL_CONTENT else 0
        if response.length is not None and start + response.length != size:  # a page that asks to log in, say
            raise DataError(f"it offers {start + response.length:,} bytes, published are {size:,}")
        with (
            open(partial, "ab" if start else "wb") as file,
            tqdm(total=size, initial=start, desc=partial.stem, unit="B", unit_scale=True, dynamic_ncols=True) as bar,
        ):
            while file.tell() < size and (chunk := _receive(response, size - file.tell())):
                file.write(chunk)
                bar.update(len(chunk))
            if file.tell() < size:
                raise DataError(f"the connection ended after {file.tell():,} of {size:,} bytes")


def _receive(response: http.client.HTTPResponse, most: int) -> bytes:
    with _network():
        return response.read1(min(CHUNK, most))  # what has come, rather than waiting for more and losing it


@contextmanager
def _network() -> Iterator[None]:
    """Whatever goes wrong inside is the network's fault, unlike a full disk, and another mirror may do better."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it is the server's answer too, with a connection
        raise DataError(str(error) or type(error).__name__) from error
