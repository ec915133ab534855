"""Photos too large for OpenCV's functions or for memory: one such photo is skipped, and the run goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

from ._cv2 import cv2
from .images import ImageError


@contextmanager
def photo_limits() -> Iterator[None]:
    """Within the block, errors of OpenCV and a lack of memory become ImageError."""
    try:
        yield
    except (MemoryError, cv2.error) as error:
        if isinstance(error, MemoryError) or error.code == cv2.Error.StsNoMem:
            raise ImageError("there is not enough memory for a picture of this size; shrink it first") from error
        raise ImageError(f"OpenCV cannot draw a picture of this size ({error.err}); shrink it first") from error
