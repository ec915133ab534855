"""Decoded pixels to 8-bit sRGB, with alpha kept apart.

A picture may come with a profile (ICC), which says what colours its numbers mean. Cameras write Adobe RGB, phones
Display P3; read as sRGB, their colours look duller. LittleCMS, inside Pillow, converts them.
"""

import io
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from .files import FileError

_BITS, _PHOTOMETRIC = 258, 262  # tags of a TIFF
_WHITE_IS_ZERO = 0
_GREY = ("1", "L", "LA", "La")
_FITTING = {"L": ("GRAY", "RGB"), "RGB": ("RGB",), "CMYK": ("CMYK",)}  # mode of an image -> spaces of profiles for it
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC  # colours that sRGB has stay as they are
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def to_srgb(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None, str | None]:
    """(rgb, alpha, note) of a decoded image: (H, W, 3) and (H, W) uint8, and what to tell the user, or None.

    alpha is None if nothing is transparent. Raises FileError, without the name of the file, for samples whose range is
    unknown.
    """
    profile = image.info.get("icc_profile")
    image, alpha = _split_alpha(_to_8_bit(image))
    note = None
    if profile:
        try:
            image = _through_profile(image, profile)
        except (ImageCms.PyCMSError, OSError):
            note = "its colour profile is damaged or does not fit, and was ignored"
    return np.array(image if image.mode == "RGB" else image.convert("RGB")), alpha, note


def _to_8_bit(image: Image.Image) -> Image.Image:
    """16-bit grey rounded to 8 bits. (Of 16-bit colours Pillow itself keeps the high byte.)"""
    if image.mode in ("F", "I"):
        kind = "floating-point" if image.mode == "F" else "32-bit"
        raise FileError(f"{kind} samples have no known range; save the picture with 8 or 16 bits")
    if not image.mode.startswith("I;16"):
        return image
    tags = getattr(image, "tag_v2", {})
    largest = 2 ** tags.get(_BITS, (16,))[0] - 1
    samples = np.asarray(image).astype(np.uint32)
    grey = ((255 * samples + largest // 2) // largest).astype(np.uint8)
    return Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else grey)


def _split_alpha(image: Image.Image) -> tuple[Image.Image, np.ndarray | None]:
    """The opaque image, in mode L, RGB or CMYK, and its alpha."""
    grey = image.mode in _GREY
    if not image.has_transparency_data:
        return (image if image.mode in _FITTING else image.convert("L" if grey else "RGB")), None
    rgba = image.convert("RGBA")
    alpha = np.array(rgba.getchannel("A"))
    opaque = alpha.min() == 255
    unused = image.format == "BMP" and alpha.max() == 0  # many programs leave the fourth byte 0, meaning opaque
    return rgba.convert("L" if grey else "RGB"), None if opaque or unused else alpha


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """The image in sRGB. Raises PyCMSError or OSError for a profile that cannot be used."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space.strip()
    if space not in _FITTING[image.mode]:
        raise ImageCms.PyCMSError(f"a {space} profile in a picture of mode {image.mode}")
    mode = "L" if space == "GRAY" else space
    exact = ImageCms.Flags.NOOPTIMIZE if image.mode == "L" else 0  # slow, but there are only 256 greys
    transform = ImageCms.buildTransform(source, _srgb(), mode, "RGB", _INTENT, _FLAGS | exact)
    if image.mode == "L":  # by a table, so that grey stays grey
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None]).convert(mode)
        table = _transformed(ramp, transform).getchannel("G")
        return image if _alike(ramp, table) else image.point(table.tobytes())
    if image.mode == "RGB" and _alike(_lattice(), _transformed(_lattice(), transform)):
        return image
    return _transformed(image, transform)


def _transformed(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None, "it is None only if an image is changed in place"
    return converted


@cache
def _srgb() -> ImageCms.core.CmsProfile:
    return ImageCms.createProfile("sRGB")


@cache
def _lattice() -> Image.Image:
    """17 x 17 x 17 colours, evenly spaced."""
    steps = np.rint(np.linspace(0, 255, 17)).astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(17, -1, 3))


def _alike(before: Image.Image, after: Image.Image) -> bool:
    """Whether a profile is in effect sRGB, whatever its name: then not a bit of the picture is changed."""
    difference = np.asarray(before.convert(after.mode), int) - np.asarray(after)
    return bool(np.abs(difference).max() <= 2)
