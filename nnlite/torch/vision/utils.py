"""torchvision.utils: many images in one, and an image in a file."""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from nnlite import ShapeError, Tensor, no_grad, stack
from nnlite.files import atomic_path

from .refusal import refuse


@no_grad()
def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images (N, C, H, W), or a list of them, side by side in one (3, H', W'); a single one is returned as it is.

    nrow images in a row, with a border of `padding` pixels of pad_value around each. Grey images get three channels.
    normalize: clamp to value_range (least and greatest value unless given) and stretch it to 0..1, with scale_each for
    each image alone.
    """
    images = _batch(tensor)
    if value_range is not None and not isinstance(value_range, tuple):
        raise TypeError(f"make_grid: value_range is a tuple (least, greatest), got {type(value_range).__name__}")
    if normalize and images.dtype.kind != "f":
        raise TypeError(f"make_grid: normalize needs floats, got {images.dtype}; use images.float()")
    if normalize:
        parts = images if scale_each else images[None]
        images = np.stack([_stretched(part, value_range) for part in parts]).reshape(images.shape)
    n, c, height, width = images.shape
    if n == 1:
        return Tensor(images[0])
    columns = min(nrow, n)
    rows, height, width = math.ceil(n / columns), height + padding, width + padding
    grid = np.full((c, rows * height + padding, columns * width + padding), pad_value, images.dtype)
    for i, image in enumerate(images):
        top, left = (i // columns) * height + padding, (i % columns) * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = image
    return Tensor(grid)


def save_image(tensor: Tensor | Sequence[Tensor], fp: Any, format: str | None = None, **kwargs: Any) -> None:
    """Write make_grid(tensor, **kwargs), with values in 0..1, to a file, which appears only when it is complete.

    A value x becomes the whole part of 255 x + 1/2, clamped to 0..255. fp is a path or an open file; the format
    follows from the path's extension unless given.
    """
    grid = make_grid(tensor, **kwargs).numpy()
    if grid.dtype.kind != "f":
        raise TypeError(f"save_image: expected floats in 0..1, got {grid.dtype}; use images.float() / 255")
    pixels = np.clip(grid * 255.0 + 0.5, 0.0, 255.0).astype(np.uint8).transpose(1, 2, 0)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if not isinstance(fp, str | os.PathLike):
        image.save(fp, format=format)
        return
    with atomic_path(fp) as path:
        image.save(path, format=format)


def _batch(tensor):
    """Images as one array (N, C, H, W), grey ones with three channels."""
    if not isinstance(tensor, Tensor) and not (
        isinstance(tensor, list | tuple) and all(isinstance(image, Tensor) for image in tensor)
    ):
        raise TypeError(f"make_grid: expected a tensor or a list of tensors, got {type(tensor).__name__}")
    images = (tensor if isinstance(tensor, Tensor) else stack(tensor)).detach().cpu().numpy()
    if not 2 <= images.ndim <= 4:
        raise ShapeError(f"make_grid: expected images (N, C, H, W), got {images.shape}")
    images = images.reshape((1,) * (4 - images.ndim) + images.shape)
    return np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images


def _stretched(images, value_range):
    """(x - low) / (high - low), x clamped to low..high."""
    low, high = value_range or (float(images.min()), float(images.max()))
    return (np.clip(images, low, high) - low) / max(high - low, 1e-5)


__getattr__ = refuse("torchvision.utils")
