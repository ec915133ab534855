"""What a photo can be too large for: OpenCV's functions, and memory. That is the fault of one photo, not of a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from ._cv2 import cv2
from .images import ImageError


@contextmanager
def photo_limits() -> Iterator[None]:
    """Within the block, what OpenCV or memory cannot do is an ImageError."""
    try:
        yield
    except MemoryError as error:
        raise ImageError("there is not enough memory for a picture of this size; shrink it first") from error
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise ImageError("there is not enough memory for a picture of this size; shrink it first") from error
        raise ImageError(f"OpenCV cannot draw a picture of this size ({error.err}); shrink it first") from error
