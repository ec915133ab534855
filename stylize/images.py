"""Image files in, arrays out, and back: the only module that knows how pixels are stored in a file.

Everywhere else an image is an array of shape (H, W, 3), uint8, RGB, standing upright. Files are not so
kind: OpenCV decodes to BGR, cameras store rotation as a note (EXIF) beside unrotated pixels, a PNG may be
grey, 16-bit or partly transparent, and a download may have stopped half way. All of that is settled here.
"""

import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ._cv2 import cv2
from .files import FileError, require_regular, write_atomically
from .formats import KEEPS_ALPHA, WRITABLE

MINIMUM_SIDE = 16  # pixels; below this there is nothing to draw, and filter windows exceed the image


class ImageError(FileError):
    """An image that cannot be read or written. The message is one line: which, what is wrong, what to do."""


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture as RGB, uint8, (H, W, 3), values 0..255, upright.

    EXIF orientation is applied, 16-bit samples are scaled to 8 bits, grey becomes three equal channels,
    CMYK is converted, transparent pixels are composited on white, and of an animation the first frame is
    taken.

    Raises ImageError: missing, empty, truncated or no image; a side below MINIMUM_SIDE; floating-point
    samples.
    """
    rgb, alpha = _read(Path(path))
    return rgb if alpha is None else over_white(rgb, alpha)


def read_image_and_alpha(path: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Like `read_image`, for a caller that keeps the transparency: (rgb, alpha), alpha (H, W) uint8 or None.

    The colour is not composited. Under alpha 0 a file may hide any colour at all; a filter would pull it into
    view across the outline, so there each hidden pixel gets the colour of the nearest visible one.
    """
    rgb, alpha = _read(Path(path))
    return (rgb, alpha) if alpha is None else (_spread_visible(rgb, alpha), alpha)


def write_image(path: str | Path, rgb: np.ndarray, alpha: np.ndarray | None = None, command: str | None = None) -> None:
    """Write an (H, W, 3) uint8 RGB image, and its (H, W) uint8 alpha if given, in the format of the
    extension.

    Formats that cannot hold transparency get white behind it. `command` is noted in the file as what wrote it (see
    files.py). The file appears under its name only when it is whole. Raises FileError: unknown extension, folder
    missing or not writable, disk full.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise ImageError(f"{path}: cannot write '{suffix}' images; use one of {', '.join(WRITABLE)}")
    if alpha is None:
        pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    elif suffix in KEEPS_ALPHA:
        pixels = cv2.cvtColor(np.dstack([rgb, alpha]), cv2.COLOR_RGBA2BGRA)
    else:
        pixels = cv2.cvtColor(over_white(rgb, alpha), cv2.COLOR_RGB2BGR)
    try:
        encoded, data = cv2.imencode(suffix, pixels)
    except cv2.error:
        encoded = False
    if not encoded:
        height, width = rgb.shape[:2]
        raise ImageError(f"{path}: the format '{suffix}' cannot hold {width} x {height} pixels; use .png")
    write_atomically(path, data.tobytes(), command)


def resize_short_side(image: np.ndarray, n: int) -> np.ndarray:
    """`resize` so that the shorter side is n pixels and the proportions stay."""
    height, width = image.shape[:2]
    short = min(height, width)
    return resize(image, max(n, round(width * n / short)), max(n, round(height * n / short)))


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize to width x height, whatever the number of channels; the image itself if it has that size.

    Shrinking averages areas (no moire); enlarging is bicubic.
    """
    if image.shape[:2] == (height, width):
        return image
    smaller = width < image.shape[1] or height < image.shape[0]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def over_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """alpha * rgb + (1 - alpha) * white, rounded, in integers."""
    a = alpha[..., None].astype(np.uint16)
    return ((rgb * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    require_regular(path, ImageError)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot read ({error.strerror}); check path and permissions") from error
    if not data:
        raise ImageError(f"{path}: the file is empty (0 bytes); copy it again or remove it")
    if _is_truncated(data):
        raise ImageError(f"{path}: the image is truncated (its end is missing); copy or download it again")
    pixels, orientation = _decode(data, path)
    height, width = pixels.shape[:2]
    if min(height, width) < MINIMUM_SIDE:
        raise ImageError(f"{path}: {width} x {height} pixels is too small; a side needs {MINIMUM_SIDE}")
    return _split_alpha(_upright(_to_8_bit(pixels, path), orientation), path)


def _decode(data: bytes, path: Path) -> tuple[np.ndarray, int]:
    """Pixels as the file stores them (BGR order, any depth, unrotated), and the EXIF orientation, 1 to 8.

    IMREAD_UNCHANGED is the one mode that keeps the alpha channel, and it leaves the rotation to us. (TIFF
    is the
    exception: OpenCV turns those itself and reports no EXIF, so nothing is turned twice.)
    """
    try:
        with silent_stderr():
            array = np.frombuffer(data, np.uint8)
            pixels, kinds, blocks = cv2.imdecodeWithMetadata(array, cv2.IMREAD_UNCHANGED)
    except cv2.error:  # raised, rather than None returned, for sizes beyond OpenCV's limit of 2^30 pixels
        pixels = None
    if pixels is None:
        raise ImageError(f"{path}: no readable image (damaged, or another kind of file); remove it")
    exif = next((bytes(b) for k, b in zip(kinds, blocks, strict=True) if k == cv2.IMAGE_METADATA_EXIF), b"")
    return pixels, _exif_orientation(exif)


def _is_truncated(data: bytes) -> bool:
    """Whether the end of a JPEG or PNG is missing: decoders may fill the lost part with grey, silently."""
    if data.startswith(b"\x89PNG"):
        return b"IEND\xaeB\x60\x82" not in data  # the last chunk is empty, so its checksum is always this one
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data[_jpeg_scan_start(data) :]
    return False


def _jpeg_scan_start(data: bytes) -> int:
    """Where the compressed pixels begin; the header may hold a thumbnail with an end marker of its own."""
    at = 2
    while at + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, at)
        at += 1 if marker == 0xFFFF else 2 + length  # any number of FF may fill the space before a marker
        if marker == 0xFFDA:
            break
    return at


def _exif_orientation(exif: bytes) -> int:
    """The orientation tag (0x0112) of an EXIF block, a small TIFF file; 1 (upright) if there is none."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, directory)
        for i in range(entries):
            tag, _, _, value = struct.unpack_from(order + "HHIH", exif, directory + 2 + 12 * i)
            if tag == 0x0112:
                return value if 1 <= value <= 8 else 1
    except struct.error:  # a damaged note about rotation is no reason to refuse the picture
        pass
    return 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation: 5 to 8 are transposed; the rest of the code says which axes are mirrored."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _to_8_bit(pixels: np.ndarray, path: Path) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 / 255 = 257
    raise ImageError(f"{path}: {pixels.dtype} samples have no known range; save it with 8 or 16 bits")


def _split_alpha(pixels: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """BGR or BGRA or grey to (RGB, alpha), alpha None where nothing is transparent."""
    pixels = np.ascontiguousarray(pixels)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), None
    if pixels.shape[2] == 3:
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), None
    rgb, alpha = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB), np.ascontiguousarray(pixels[..., 3])
    if alpha.min() == 255:
        return rgb, None
    if path.suffix.lower() in (".tif", ".tiff"):  # libtiff multiplies colour by alpha, but not at every depth
        raise ImageError(f"{path}: TIFF with transparency is not supported; save it as PNG")
    return rgb, alpha


def _spread_visible(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give each pixel of alpha 0 the colour of the nearest pixel that shows; white if none does."""
    hidden = (alpha == 0).astype(np.uint8)
    if hidden.all():
        return np.full_like(rgb, 255)
    _, nearest = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colour = np.zeros((nearest.max() + 1, 3), np.uint8)  # label -> colour of the visible pixel that has it
    visible = hidden == 0
    colour[nearest[visible]] = rgb[visible]
    return colour[nearest]


_stderr_lock = threading.Lock()


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Hide what image decoders write straight to file descriptor 2; our own exception says it better.

    libpng and libtiff print past every logging switch, hence the descriptor. One thread at a time: two that
    interleave would save each other's redirection and lose the real stderr.
    """
    with _stderr_lock:
        try:
            saved = os.dup(2)
        except OSError:  # stderr is closed, so there is nothing to hide
            yield
            return
        try:
            with open(os.devnull, "wb") as null:
                os.dup2(null.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
