"""A painter's cartoon of a large photo, at the photo's own size.

The painter decides at its working size what to do (its layers), which bounds the cost; these smooth maps are enlarged,
and the photo itself is painted with them. So edges are as sharp as the photo's, and lines are drawn at full size.
"""

from __future__ import annotations

import numpy as np

from demos.cartoonize.tiles import in_tiles, refuse_nan
from demos.shared.images import to_image, to_network
from models.painter import LAYERS, Painter
from nnlite import Tensor, no_grad

PIXELS = 2**20  # painted at a time: this bounds the memory
CONTEXT = 16  # pixels of the working size that a strip sees above and below itself; the filter hardly reaches farther


def paint_full_size(photo: np.ndarray, working: np.ndarray, painter: Painter, device: str = "cpu") -> np.ndarray:
    """The cartoon of an (H, W, 3) uint8 photo, in its size, with the layers for `working`, the same photo in a smaller
    size.

    Strips of rows are painted one after the other, and their layers enlarged only then. Raises NonFiniteError as
    `draw` does.
    """
    layers = in_tiles(working, painter.layers, sum(LAYERS.values()), painter.multiple, device)
    height, width = photo.shape[:2]
    scale = min(height, width) / min(working.shape[:2])
    context = round(CONTEXT * scale)
    step = max(PIXELS // width, context)
    drawn = np.empty_like(photo)
    for start in range(0, height, step):
        rows = slice(max(0, start - context), min(height, start + step + context))
        enlarged = enlarge(layers, (rows, slice(0, width)), (height, width))
        with no_grad():
            inputs = (Tensor(array[None]).to(device) for array in (to_network(photo[rows]), enlarged))
            painted = painter.paint(*inputs, scale).cpu().numpy()[0, :, start - rows.start :][:, :step]
        refuse_nan(painted)
        drawn[start : start + step] = to_image(painted)
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
