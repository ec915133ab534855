"""A painter's cartoon of a large photo, at the photo's own size.

The painter decides at its working size what to do (its layers), which bounds the cost; these smooth maps are enlarged,
and the photo itself is painted with them. So edges are as sharp as the photo's, and lines are drawn at full size.
"""

from __future__ import annotations

import warnings

import numpy as np

from demos.cartoonize.tiles import in_tiles, refuse_nan
from demos.shared.images import to_image, to_network
from models.painter import LAYERS, Painter
from nnlite import Tensor, no_grad

PIXELS = 2**20  # painted at a time: this bounds the memory
OVERLAP = (
    24  # rows of the working size: over these a strip gradually becomes the next; the filter hardly reaches farther
)


def paint_full_size(photo: np.ndarray, working: np.ndarray, painter: Painter, device: str = "cpu") -> np.ndarray:
    """The cartoon of an (H, W, 3) uint8 photo, in its size, with the layers for `working`, the same photo in a smaller
    size.

    Strips of rows are painted one after the other, and their layers enlarged only then. Raises NonFiniteError as
    `draw` does.
    """
    layers = in_tiles(working, painter.layers, sum(LAYERS.values()), painter.multiple, device)
    height, width = photo.shape[:2]
    scale = min(height, width) / min(working.shape[:2])
    overlap = round(OVERLAP * scale)
    step = max(PIXELS // width, overlap)
    drawn, above = np.empty_like(photo), np.empty((3, 0, width), np.float32)
    with no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of overflow: the error says more
        for start in range(0, max(1, height - overlap), step):
            rows = slice(start, min(height, start + step + overlap))
            enlarged = enlarge(layers, (rows, slice(0, width)), (height, width))
            inputs = (Tensor(array[None]).to(device) for array in (to_network(photo[rows]), enlarged))
            painted = painter.paint(*inputs, scale).cpu().numpy()[0]
            refuse_nan(painted)
            shared = above.shape[1]
            share = np.linspace(0.0, 1.0, shared + 2, dtype=np.float32)[1:-1, None]
            painted[:, :shared] = share * painted[:, :shared] + (1.0 - share) * above
            drawn[rows], above = to_image(painted), painted[:, step:].copy()
    return drawn


def enlarge(maps: np.ndarray, part: tuple[slice, slice], size: tuple[int, int]) -> np.ndarray:
    """A part (rows, columns) of what maps (C, h, w) are when enlarged to a size (H, W): bicubic, float32."""
    for axis, (stretch, new) in enumerate(zip(part, size, strict=True), start=1):
        old = maps.shape[axis]
        places = (np.arange(stretch.start, stretch.stop) + 0.5) * old / new - 0.5
        needed = slice(max(0, int(places[0]) - 2), int(places[-1]) + 4)
        weights = cubic_weights(places - needed.start, len(range(old)[needed]))
        if axis == 1:
            maps = weights @ maps[:, needed]
        else:
            maps = maps[:, :, needed] @ weights.T
    return maps


def cubic_weights(places: np.ndarray, n: int) -> np.ndarray:
    """How much each of n values in a row counts at each place, (places, n): cubic convolution (Keys 1981, a = -0.5).

    Value i stands at place i. Near the ends, where values are missing, the others count more.
    """
    d = np.abs(places[:, None] - np.arange(n))
    near, far = (1.5 * d - 2.5) * d * d + 1.0, ((2.5 - 0.5 * d) * d - 4.0) * d + 2.0
    weights = np.where(d < 1.0, near, np.where(d < 2.0, far, 0.0))
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
