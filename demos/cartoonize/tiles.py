"""A generator on an image of any size, tile by tile, without seams.

A network sees zeros beyond the border of what it is given, and draws badly near it. So the image is mirrored
outwards by a margin, and a tile's own margin counts for nothing where another tile covers it: tiles overlap, their
outputs are weighed down towards their edges, and averaged. In eval mode batch norm uses its running statistics, so
a tile's colours do not depend on what else is in it. Memory stays the same for any size.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from demos.shared.images import to_image, to_network
from nnlite import NonFiniteError, Tensor, nn, no_grad

TILE = 640  # side of a tile, pixels: a photo with a short side of 384 fits into one
MARGIN = 8  # this far from a border a tile is not trusted: on photos, a wider one moves colours by .1 levels there
OVERLAP = 64  # of neighbouring tiles: two margins, and between them a gradual change from one to the other


def draw(
    photo: np.ndarray, generator: nn.Module, device: str = "cpu", tile: int = TILE, overlap: int = OVERLAP
) -> np.ndarray:
    """The generator's image of an (H, W, 3) uint8 photo, in its size. The generator is used in eval mode.

    Raises NonFiniteError for a generator that makes anything but numbers: its weights are too large.
    """
    training = generator.training
    generator.eval()
    drawn = in_tiles(photo, generator, 3, generator.multiple, device, tile, overlap)
    generator.train(training)
    return to_image(drawn)


def in_tiles(
    photo: np.ndarray,
    network: Callable[[Tensor], Tensor],
    channels: int,
    multiple: int,
    device: str = "cpu",
    tile: int = TILE,
    overlap: int = OVERLAP,
) -> np.ndarray:
    """What a network makes of an (H, W, 3) uint8 photo: float32 maps (channels, H, W).

    multiple   of pixels that the height and width of what it is given must be

    Raises NonFiniteError if these are anything but numbers.
    """
    height, width = photo.shape[:2]
    tile = max(tile, multiple)
    sides = [-(-(side + 2 * MARGIN) // multiple) * multiple for side in (height, width)]
    borders = [(MARGIN, padded - side - MARGIN) for padded, side in zip(sides, (height, width), strict=True)]
    mirrored = np.pad(photo, (*borders, (0, 0)), mode="symmetric")
    total, weight = np.zeros((channels, *sides), np.float32), np.zeros(sides, np.float32)
    with no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of overflow: the error below says more
        for rows in _stretches(sides[0], tile, overlap, multiple):
            for columns in _stretches(sides[1], tile, overlap, multiple):
                x = Tensor(to_network(mirrored[rows, columns])[None]).to(device)
                trust = np.minimum.outer(_trust(rows, overlap), _trust(columns, overlap))
                total[:, rows, columns] += network(x).cpu().numpy()[0] * trust
                weight[rows, columns] += trust
    refuse_nan(total)
    total /= weight
    return total[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]


def refuse_nan(drawn: np.ndarray) -> None:
    """Raise NonFiniteError if something drawn is not a number."""
    if not np.isfinite(drawn).all():
        raise NonFiniteError("the generator's weights are too large: what it draws is not a number; use other weights")


def draw_inside(
    photo: np.ndarray, generator: nn.Module, hole: tuple[int, ...] | None, device: str = "cpu"
) -> np.ndarray:
    """`draw` where the photo has the colour `hole`, the photo elsewhere; `draw` everywhere if `hole` is None."""
    drawn = draw(photo, generator, device)
    return drawn if hole is None else np.where((photo == hole).all(axis=2, keepdims=True), drawn, photo)


def _stretches(length: int, tile: int, overlap: int, multiple: int) -> Iterator[slice]:
    """Overlapping stretches of at most `tile` that cover 0..length, each beginning at a multiple.

    A network with strides sees its input in a grid; tiles on that grid agree where they overlap.
    """
    step = max(multiple, (tile - overlap) // multiple * multiple)
    start = 0
    while start + tile < length:
        yield slice(start, start + tile)
        start += step
    yield slice(start, length)


def _trust(stretch: slice, overlap: int) -> np.ndarray:
    """Weights of a tile along one axis: next to nothing in the margin, then rising to 1 within the overlap."""
    n = stretch.stop - stretch.start
    from_edge = np.minimum(np.arange(n), np.arange(n)[::-1]) + 1.0 - MARGIN
    return np.clip(from_edge / max(1, overlap - 2 * MARGIN), 1e-6, 1.0).astype(np.float32)
