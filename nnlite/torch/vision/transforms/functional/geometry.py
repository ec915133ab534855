"""Sizes, crops, flips and rotations of one image."""

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from PIL import Image, ImageOps

import nnlite.functional as F
from nnlite import Tensor


class InterpolationMode(Enum):
    """How the pixels of a resized or rotated image are computed; Pillow's own numbers mean the same."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


Interpolation = InterpolationMode | int


def pillows(interpolation: Interpolation) -> Image.Resampling:
    """Pillow's number for an interpolation."""
    if isinstance(interpolation, InterpolationMode):
        name = interpolation.name.removesuffix("_EXACT")
        return Image.Resampling[name]
    if isinstance(interpolation, int):
        return Image.Resampling(interpolation)
    raise TypeError(f"interpolation: expected an InterpolationMode such as BILINEAR, got {interpolation!r}")


def get_image_size(img: Any) -> list[int]:
    """[width, height]."""
    if isinstance(img, Image.Image):
        return list(img.size)
    if isinstance(img, Tensor) and img.ndim >= 2:
        return [img.shape[-1], img.shape[-2]]
    raise TypeError(f"expected a Pillow image or a tensor (C, H, W), got {type(img).__name__}")


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The image with size = (height, width), or with `size` pixels on its shorter side and the same proportions.

    max_size: a limit of the longer side, even if the shorter one is then smaller than `size`. Smaller images are
    averaged (antialias): each pixel weighs all that it covers. Tensors are resized by Pillow too, channel by channel,
    and have no gradient; without antialias they are refused (nnlite.functional.interpolate does that).
    """
    old = get_image_size(img)
    width, height = _new_size(old, [size] if isinstance(size, int) else list(size), max_size)
    if [width, height] == old:
        return img
    if isinstance(img, Image.Image):
        return img.resize((width, height), pillows(interpolation))
    filter = pillows(interpolation)
    if filter not in (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC) or not antialias or img.requires_grad:
        raise NotImplementedError(
            "resize: of a tensor only bilinear and bicubic with antialias=True, without a gradient; use F.interpolate, "
            "or resize the Pillow image before ToTensor"
        )
    planes = img.cpu().numpy().reshape(-1, old[1], old[0]).astype(np.float32)
    resized = np.stack([np.asarray(Image.fromarray(plane).resize((width, height), filter)) for plane in planes])
    if img.dtype.kind in "iu":
        limits = np.iinfo(img.dtype)
        resized = np.rint(resized).clip(limits.min, limits.max)
    return Tensor(resized.reshape(*img.shape[:-2], height, width).astype(img.dtype)).to(img.device)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A rectangle, which is 0 where it lies outside the image."""
    if isinstance(img, Image.Image):
        return img.crop((left, top, left + width, top + height))
    w, h = get_image_size(img)
    outside = [max(-left, 0), max(-top, 0), max(left + width - w, 0), max(top + height - h, 0)]
    img = pad(img, outside) if any(outside) else img
    top, left = max(top, 0), max(left, 0)
    return img[..., top : top + height, left : left + width]


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle of the image, (height, width) or a square; smaller images get a border of 0 first."""
    height, width = pair(output_size)
    w, h = get_image_size(img)
    dx, dy = max(width - w, 0), max(height - h, 0)
    if dx or dy:
        img = pad(img, [dx // 2, dy // 2, (dx + 1) // 2, (dy + 1) // 2])
        w, h = w + dx, h + dy
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """A rectangle of the image in another size."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def hflip(img: Any) -> Any:
    """Left and right swapped."""
    if isinstance(img, Image.Image):
        return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return F.flip(img, [-1])


def vflip(img: Any) -> Any:
    """Top and bottom swapped."""
    if isinstance(img, Image.Image):
        return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return F.flip(img, [-2])


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """A border: one width, (left and right, top and bottom), or (left, top, right, bottom).

    padding_mode 'constant' (fill), 'edge' (the outermost pixel), 'reflect' (mirrored about it), 'symmetric' (it too).
    """
    left, top, right, bottom = borders(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError(f"pad: padding_mode is constant, edge, reflect or symmetric, got {padding_mode!r}")
    mode: Any = padding_mode
    rows, columns = (top, bottom), (left, right)
    if isinstance(img, Image.Image):
        if mode == "constant":
            return ImageOps.expand(img, (left, top, right, bottom), colour(img, fill))
        pixels = np.asarray(img)
        return _like(img, np.pad(pixels, [rows, columns, (0, 0)][: pixels.ndim], mode))
    if not isinstance(fill, int | float):
        raise TypeError(f"pad: the fill of a tensor is one number, got {fill!r}")
    values: Any = {"constant_values": fill} if mode == "constant" else {}
    widths = [*[(0, 0)] * (img.ndim - 2), rows, columns]
    return Tensor(np.pad(img.cpu().numpy(), widths, mode, **values)).to(img.device)


def rotate(
    img: Image.Image,
    angle: float,
    interpolation: Interpolation = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Image.Image:
    """A Pillow image turned by degrees counter-clockwise about (x, y) or its middle; expand: nothing is cut off."""
    if not isinstance(img, Image.Image):
        raise NotImplementedError("rotate: of Pillow images only; turn the image before ToTensor")
    middle = None if center is None else (float(center[0]), float(center[1]))
    filled = colour(img, 0 if fill is None else fill)
    return img.rotate(angle, pillows(interpolation), expand, middle, fillcolor=filled)


def affine(
    img: Image.Image,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: Interpolation = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Image.Image:
    """A Pillow image sheared by degrees (x, y), turned by degrees clockwise, enlarged, and moved by pixels (x, y).

    All but the last about `center`, the middle unless given.
    """
    if not isinstance(img, Image.Image):
        raise NotImplementedError("affine: of Pillow images only; put it before ToTensor")
    if scale <= 0:
        raise ValueError(f"affine: scale is above 0, got {scale}")
    turn = math.radians(angle)
    shear_x, shear_y = (math.radians(s) for s in ((shear, 0.0) if isinstance(shear, int | float) else shear))
    turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    sheared = np.array([[1.0, 0.0], [-math.tan(shear_y), 1.0]]) @ np.array([[1.0, -math.tan(shear_x)], [0.0, 1.0]])
    middle = np.array(center if center is not None else (img.width / 2, img.height / 2))
    back = np.linalg.inv(scale * turned @ sheared)  # Pillow asks where each pixel comes from
    start = middle - back @ (middle + np.array(translate))
    rows = [*back[0], start[0], *back[1], start[1]]
    filled = colour(img, 0 if fill is None else fill)
    return img.transform(img.size, Image.Transform.AFFINE, rows, pillows(interpolation), fillcolor=filled)


def pair(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) of a size given as one number, (n,), or both."""
    numbers = (size,) if isinstance(size, int) else tuple(size)
    if len(numbers) not in (1, 2):
        raise ValueError(f"a size is a number or (height, width), got {size!r}")
    return numbers[0], numbers[-1]


def borders(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of a padding given as 1, 2 or 4 numbers."""
    numbers = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(numbers) not in (1, 2, 4) or min(numbers) < 0:
        raise ValueError(f"a padding is 1, 2 or 4 numbers from 0 on, got {padding!r}")
    left, top, right, bottom = (numbers * 4)[:4] if len(numbers) < 4 else numbers
    return left, top, right, bottom


def colour(img: Image.Image, fill: Any) -> Any:
    """A fill as Pillow wants it: one number for each channel."""
    channels = len(img.getbands())
    fill = (fill,) if isinstance(fill, int | float) else tuple(fill)
    fill = fill * channels if len(fill) == 1 else fill
    if len(fill) != channels:
        raise ValueError(f"fill: {len(fill)} numbers for an image with {channels} channels ({img.mode})")
    values = fill if img.mode == "F" else tuple(int(value) for value in fill)
    return values if channels > 1 else values[0]


def _new_size(old, size, max_size):
    """(width, height) for resize."""
    if len(size) == 2 and max_size is None:
        return size[1], size[0]
    if len(size) != 1 or (max_size is not None and max_size <= size[0]):
        raise ValueError(
            f"resize: size is a number or (height, width), and max_size more than it, got {size}, {max_size}"
        )
    short, long = min(old), max(old)
    new_short, new_long = size[0], int(size[0] * long / short)
    if max_size is not None and new_long > max_size:
        new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_short, new_long) if old[0] <= old[1] else (new_long, new_short)


def _like(img, pixels):
    """Pixels as an image of the same kind."""
    result = Image.frombytes(img.mode, pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes())
    if img.mode == "P":
        result.putpalette(img.getpalette())
    return result
