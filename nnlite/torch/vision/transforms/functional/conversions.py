"""Between Pillow images, arrays (H, W, C) and tensors (C, H, W)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from nnlite import ShapeError, Tensor, get_default_dtype, tensor

# Types of the numbers in Pillow's images; all others have bytes.
TYPES = {"I": np.int32, "I;16": np.int16, "F": np.float32}
# (channels, type of the numbers) -> Pillow's name of such an image, then others that fit it.
MODES = {
    (1, "uint8"): ("L",),
    (1, "int16"): ("I;16",),
    (1, "int32"): ("I",),
    (1, "float32"): ("F",),
    (2, "uint8"): ("LA",),
    (3, "uint8"): ("RGB", "YCbCr", "HSV"),
    (4, "uint8"): ("RGBA", "CMYK", "RGBX"),
}


def to_tensor(pic: Any) -> Tensor:
    """A Pillow image or an array (H, W) or (H, W, C) as (C, H, W); bytes become floats in 0..1, x / 255.

    Raises TypeError for anything else, ShapeError for arrays of another shape.
    """
    if isinstance(pic, Image.Image):
        pixels = np.array(pic, TYPES.get(pic.mode, np.uint8))
        pixels = 255 * pixels if pic.mode == "1" else pixels
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise TypeError(f"to_tensor: expected a Pillow image or an array, got {type(pic).__name__}")
    if pixels.dtype == np.uint8:
        pixels = np.divide(pixels, 255.0, dtype=get_default_dtype())
    return Tensor(_channels_first(pixels, "to_tensor"))


def pil_to_tensor(pic: Image.Image) -> Tensor:
    """A Pillow image as (C, H, W), its values unchanged."""
    if not isinstance(pic, Image.Image):
        raise TypeError(f"pil_to_tensor: expected a Pillow image, got {type(pic).__name__}")
    return Tensor(_channels_first(np.array(pic), "pil_to_tensor"))


def to_pil_image(pic: Any, mode: str | None = None) -> Image.Image:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a Pillow image.

    Floats of a tensor are taken as 0..1: the whole part of 255 x. Raises TypeError for numbers that no image has,
    ValueError for a mode that does not fit.
    """
    if isinstance(pic, Tensor):
        pixels = pic.detach().cpu().numpy()
        if pixels.dtype.kind == "f" and mode != "F":
            pixels = (pixels * 255.0).astype(np.int64).astype(np.uint8)
        pixels = np.moveaxis(pixels, 0, -1) if pixels.ndim == 3 else pixels
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise TypeError(f"to_pil_image: expected a tensor or an array, got {type(pic).__name__}")
    if pixels.ndim not in (2, 3):
        raise ShapeError(f"to_pil_image: expected one image, got {tuple(pic.shape)}")
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    fitting = MODES.get((channels, str(pixels.dtype)))
    if fitting is None:
        raise TypeError(
            f"to_pil_image: no image has {channels} channels of {pixels.dtype}; use uint8, or floats in 0..1"
        )
    if mode is not None and mode not in fitting:
        raise ValueError(f"to_pil_image: {channels} channels of {pixels.dtype} make {' or '.join(fitting)}, not {mode}")
    return Image.frombytes(mode or fitting[0], pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes())


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """(x - mean) / std of floats (..., C, H, W), with a mean and std of each channel."""
    if not isinstance(tensor, Tensor) or tensor.dtype.kind != "f":
        given = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise TypeError(f"normalize: expected a tensor of floats, got {given}; ToTensor comes before Normalize")
    if tensor.ndim < 3:
        raise ShapeError(f"normalize: expected an image (C, H, W), got {tensor.shape}")
    middle, width = (_per_channel(values, tensor) for values in (mean, std))
    if not width.array.all():
        raise ValueError(f"normalize: std has a 0 in it: {std}")
    result = (tensor - middle) / width
    return tensor.copy_(result) if inplace else result


def convert_image_dtype(image: Tensor, dtype: Any = np.float32) -> Tensor:
    """An image in another dtype, scaled so that white stays white: floats are in 0..1.

    Raises TypeError for an integer dtype with more digits than the floats have.
    """
    old, new = image.dtype, np.dtype(dtype)
    if old == new:
        return image
    if old.kind == "f" and new.kind == "f":
        return image.to(new)
    if old.kind == "f":
        if new == np.int64 or (new == np.int32 and old != np.float64):
            raise TypeError(f"convert_image_dtype: {old} has fewer digits than {new}; use a smaller type")
        return (image * (_white(new) + 1.0 - 1e-3)).to(new)  # each whole number gets an equal share of 0..1
    if new.kind == "f":
        return image.to(new) / float(_white(old))
    array = image.numpy()
    if _white(old) > _white(new):
        return Tensor((array // ((_white(old) + 1) // (_white(new) + 1))).astype(new))
    return Tensor(array.astype(new) * np.array((_white(new) + 1) // (_white(old) + 1), new))


def _white(dtype):
    return 1 if dtype.kind == "b" else np.iinfo(dtype).max


def _channels_first(pixels, name):
    """(H, W) or (H, W, C) -> (C, H, W) over the same memory."""
    if pixels.ndim not in (2, 3):
        raise ShapeError(f"{name}: expected an image (H, W) or (H, W, C), got {pixels.shape}")
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _per_channel(values, image):
    """(C, 1, 1) of the image's dtype, on its device. Raises ShapeError unless there is one for each channel, or one."""
    result = tensor(values, image.dtype, image.device).reshape(-1, 1, 1)
    if len(result) not in (1, image.shape[-3]):
        raise ShapeError(
            f"normalize: {len(result)} numbers for the {image.shape[-3]} channels of an image {image.shape}; give "
            "one for each, (0.5,) for grey images"
        )
    return result
