"""Image files in, arrays out, and back.

Everywhere else an image is an array of shape (H, W, 3), uint8, sRGB, upright. Files vary more: cameras store rotation
as a tag (EXIF) next to unrotated pixels, phones use their own colour spaces (colour.py), a PNG may be grey, 16-bit or
partly transparent, and a download may have stopped half way (damage.py). Pillow decodes; OpenCV, which is faster at
PNG, encodes.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageFile, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from ._cv2 import cv2
from .colour import to_srgb
from .console import one_line
from .damage import HAS_END_MARKER, end_is_missing, find_damage
from .files import FileError, require_regular, write_atomically
from .formats import BEGINNING, KEEPS_ALPHA, NOT_READ, WRITABLE, how_to_read, is_heic
from .native_stderr import silent_stderr

MINIMUM_SIDE = 16  # pixels; below this there is nothing to draw, and filter windows exceed the image
BYTES_PER_PIXEL = 70  # to read a photo, draw it in the style toon and write it
MAX_MEGAPIXELS = 128  # 9 GB by that measure; phones make 12 to 108

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "PPM")
_DNG_VERSION = 0xC612  # a tag that makes a TIFF camera RAW: its first picture is a small preview
_OTHER_FORMAT = "pictures in this format cannot be read"
_TOO_MUCH_TEXT = (
    f"its comments and other texts take more than {PngImagePlugin.MAX_TEXT_MEMORY >> 20} MB; save the picture again "
    "without them"
)
_TRUNCATED = "the image is truncated (its end is missing); copy or download it again"
_TURNS = {  # EXIF orientation -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(FileError):
    """An image that cannot be read or written. The message is one line: which file, what is wrong, what to do."""


@dataclass(frozen=True)
class Picture:
    """What was read from a file: (H, W, 3) uint8 RGB, (H, W) uint8 alpha or None, and notes for the user."""

    rgb: np.ndarray
    alpha: np.ndarray | None
    notes: tuple[str, ...] = ()

    @property
    def on_white(self) -> np.ndarray:
        """The picture without transparency."""
        return self.rgb if self.alpha is None else over_white(self.rgb, self.alpha)


def read_image(path: str | Path, max_megapixels: float = MAX_MEGAPIXELS) -> np.ndarray:
    """Read a sound picture as sRGB, uint8, (H, W, 3), values 0..255, upright.

    EXIF orientation is applied, colour profiles and CMYK are converted, 16-bit samples become 8-bit, grey becomes three
    equal channels, transparent pixels are composited on white, and only the first frame of an animation is read.

    Raises ImageError: missing, empty, truncated, detectably damaged, or not an image; a side below MINIMUM_SIDE; more
    pixels than max_megapixels; floating-point samples.
    """
    return read_picture(path, max_megapixels, strict=True).on_white


def read_picture(path: str | Path, max_megapixels: float = MAX_MEGAPIXELS, *, strict: bool = False) -> Picture:
    """Like `read_image`, but makes the best of a damaged picture: what could be read, with notes on what is lost.

    Transparency is kept, not composited. Pixels with alpha 0 may have any colour, and a filter would smear it across
    the outline, so each hidden pixel gets the colour of the nearest visible one. Raises ImageError as `read_image`
    does; for damage that the decoder can work around only if `strict` is set.
    """
    picture, damage = _read(Path(path), max_megapixels)
    if damage and strict:
        raise ImageError(f"{path}: damaged ({damage}); copy or download it again")
    notes = (f"damaged: {damage}; what could be read is drawn",) if damage else ()
    return replace(picture, notes=notes + picture.notes)


def write_image(path: str | Path, rgb: np.ndarray, alpha: np.ndarray | None = None, command: str | None = None) -> None:
    """Write an (H, W, 3) uint8 RGB image, and its (H, W) uint8 alpha if given, in the format of the extension.

    In formats without transparency the background becomes white. The file is marked as written by `command`, if given
    (see marks.py). It appears under its name only when it is complete. Raises FileError: unknown extension, folder
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
        with silent_stderr():
            encoded, data = cv2.imencode(".jpg" if suffix == ".jfif" else suffix, pixels)
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


def _read(path: Path, max_megapixels: float) -> tuple[Picture, str | None]:
    """The picture, and what is damaged in its file."""
    suffix = path.suffix.lower()
    with _open(path) as file, _only_our_limits():
        try:
            return _decode(file, suffix, max_megapixels)
        except FileError as error:
            raise ImageError(f"{path}: {error}") from error
        except MemoryError as error:
            raise ImageError(f"{path}: the picture does not fit in memory; shrink it") from error
        except Exception as error:  # a damaged file can make a decoder raise anything
            raise ImageError(f"{path}: {_why_unreadable(error, file, suffix)}") from error


def _open(path: Path) -> BinaryIO:
    """Open a regular file. (Reading a pipe might never end.)"""
    require_regular(path, ImageError)
    try:
        return open(path, "rb")
    except OSError as error:
        raise ImageError(f"{path}: cannot read ({error.strerror}); check path and permissions") from error


@contextmanager
def _only_our_limits() -> Iterator[None]:
    """Pillow without its own limits on pixels and text chunks, and without warnings: we check and report ourselves."""
    limits = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK
    with silent_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = None, PngImagePlugin.MAX_TEXT_MEMORY
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = limits


def _decode(file: BinaryIO, suffix: str, max_megapixels: float) -> tuple[Picture, str | None]:
    """As `_read`. Raises FileError, without the name of the file, and whatever Pillow raises."""
    beginning = file.read(BEGINNING)
    if not beginning:
        raise FileError("the file is empty (0 bytes); copy it again or leave it out")
    if advice := how_to_read(beginning, suffix):
        raise FileError(f"{_OTHER_FORMAT}; {advice}")
    file.seek(0)
    image = _identify(file, beginning)
    _check_size(*image.size, max_megapixels)
    image.load()
    file.seek(0)
    data = file.read()
    if end_is_missing(data):
        raise FileError(_TRUNCATED)
    rgb, alpha, note = to_srgb(_upright(image))
    if alpha is not None:
        rgb = _spread_visible(rgb, alpha)
    notes = [*_more_pictures(image), *([note] if note else [])]
    return Picture(rgb, alpha, tuple(notes)), find_damage(image, data)


def _identify(file: BinaryIO, beginning: bytes) -> ImageFile.ImageFile:
    """Open an image; only its header is read."""
    if is_heic(beginning):
        from pi_heif import register_heif_opener  # the extra "heif"

        register_heif_opener()
        return Image.open(file, formats=["HEIF"])
    image = Image.open(file, formats=_FORMATS)
    if isinstance(image, TiffImagePlugin.TiffImageFile) and _DNG_VERSION in image.tag_v2:
        raise FileError(f"{_OTHER_FORMAT}; {NOT_READ['.dng']}")
    return image


def _check_size(width: int, height: int, max_megapixels: float) -> None:
    if min(width, height) < MINIMUM_SIDE:
        raise FileError(f"{width} x {height} pixels is too small; a side needs {MINIMUM_SIDE}")
    megapixels = width * height / 1e6
    if megapixels > max_megapixels:
        raise FileError(
            f"{width} x {height} pixels are {megapixels:.0f} megapixels, and the limit is {max_megapixels:g}; "
            f"shrink it, or draw it by itself with --max-megapixels {ceil(megapixels)} (about "
            f"{megapixels * BYTES_PER_PIXEL / 1000:.0f} GB of memory)"
        )


def _why_unreadable(error: Exception, file: BinaryIO, suffix: str) -> str:
    file.seek(0)
    has_end_marker = file.read(BEGINNING).startswith(HAS_END_MARKER)
    file.seek(0)
    if "truncated" in str(error).lower() or (has_end_marker and end_is_missing(file.read())):
        return _TRUNCATED
    if "MAX_TEXT_" in str(error):
        return _TOO_MUCH_TEXT
    if suffix in NOT_READ:
        return f"{_OTHER_FORMAT}; {NOT_READ[suffix]}"
    if isinstance(error, UnidentifiedImageError) and suffix in (".tif", ".tiff"):
        return "not a readable image (damaged, or an unusual TIFF); save it with 8 or 16 bits a sample"
    if isinstance(error, UnidentifiedImageError):
        return "not a readable image (damaged, or another kind of file); copy it again or leave it out"
    return f"not a readable image (damaged: {one_line(error)}); copy or download it again"


def _upright(image: Image.Image) -> Image.Image:
    """Undo the EXIF orientation. (Pillow turns TIFFs itself and pi-heif turns HEICs; both then hide the tag.)"""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
        turn = _TURNS.get(int(value[0] if isinstance(value, bytes | tuple) else value))
    except Exception:  # no orientation, or a damaged one: not a reason to refuse the picture
        return image
    return image if turn is None else image.transpose(turn)


def _more_pictures(image: ImageFile.ImageFile) -> list[str]:
    """Notes on a file that holds more than one picture. (In an MPO the others are views or previews of the first.)"""
    try:
        frames = getattr(image, "n_frames", 1)
    except Exception:
        return ["what comes after the first picture is damaged"]
    if frames == 1 or image.format in ("MPO", "HEIF"):
        return []
    if image.format == "TIFF":
        return [f"{frames} pages; only the first is drawn"]
    return [f"an animation of {frames} frames; only the first is drawn"]


def _spread_visible(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give each pixel of alpha 0 the colour of the nearest pixel that shows; white if none does."""
    hidden = (alpha == 0).astype(np.uint8)
    if hidden.all():
        return np.full_like(rgb, 255)
    _, nearest = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colour = np.zeros((nearest.max() + 1, 3), np.uint8)  # label -> colour of the visible pixel with that label
    visible = hidden == 0
    colour[nearest[visible]] = rgb[visible]
    return colour[nearest]
