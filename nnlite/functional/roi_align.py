"""Boxes cut out of images and brought to one size, with a gradient: RoI align (He et al. 2017).

A box is divided into cells, and a cell is the mean of a grid of points in it, each read between the four pixels around
it. Rows and columns can be treated one after the other: the rows of a box are products with a matrix V that holds, for
each cell, the weights of all rows of the image; its columns are products with a matrix H. These follow from the box
alone, so they are made where the boxes are read, in NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import guarded
from ..function import Function
from ..tensor import Tensor
from .conv import pair


class RoIAlign(Function):
    """y[k] = V[k] x[n] H[k]^T for box k in image n, each channel    dx[n] = sum over its boxes of V[k]^T dy[k] H[k]"""

    def forward(self, x, *, vertical, horizontal, image):
        xp, x = self.xp, self.backend.channels_last(x)
        self.shape = (_, height, width, c) = x.shape
        self.vertical, self.horizontal = (xp.asarray(m, dtype=x.dtype) for m in (vertical, horizontal))
        self.inside = [(n, xp.asarray(np.flatnonzero(image == n))) for n in np.unique(image).tolist()]
        boxes, rows, _ = vertical.shape
        y = xp.zeros((boxes, rows, horizontal.shape[1], c), x.dtype)
        for n, k in self.inside:  # all boxes of an image in one product
            v = self.vertical[k].reshape(-1, height)
            cut = xp.matmul(v, x[n].reshape(height, -1)).reshape(len(k), rows, width, c)
            y[k] = xp.matmul(self.horizontal[k][:, None], cut)
        return self.backend.channels_first(y)

    def backward(self, dy):
        xp, dy = self.xp, self.backend.channels_last(dy)
        dx = xp.zeros(self.shape, dy.dtype)
        _, height, width, c = self.shape
        for n, k in self.inside:
            cut = xp.matmul(self.horizontal[k].swapaxes(1, 2)[:, None], dy[k])
            v = self.vertical[k].reshape(-1, height)
            dx[n] = xp.matmul(v.T, cut.reshape(len(v), width * c)).reshape(height, width, c)
        return self.backend.channels_first(dx)


@guarded
def roi_align(
    input: Tensor,
    boxes: Tensor | Sequence[Tensor],
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Boxes in images, each cut out as a small image of one size (He et al. 2017): (N, C, H, W) -> (K, C, h, w).

    boxes            (K, 5), each row the number of its image and left, top, right, bottom; or N tensors (K_n, 4)
    output_size      (h, w), or one number for both
    spatial_scale    pixels of input for each unit of the boxes: 1/8 for boxes on a photo and maps an eighth as large
    sampling_ratio   points in each cell, along each axis; 0 or less: as many as it has pixels, rounded up
    aligned          pixel (i, j) has its centre at (i + .5, j + .5) of the boxes' coordinates, as it should; without,
                     boxes lie half a pixel off and are at least a pixel wide and high, as in the first version

    A point between four pixels is their bilinear mean. Up to a pixel beyond the border it has the border's value,
    further out it is 0. There is a gradient of the input, none of the boxes, which are read on the CPU. Raises
    TypeError or ShapeError for anything but images and boxes, IndexError for the number of an image that is not there,
    ValueError for settings out of range.
    """
    image, corners = _rows(boxes)
    corners = corners * spatial_scale - (0.5 if aligned else 0.0)
    cells, size = pair(output_size), input.shape[2:]
    start, extent = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not aligned:
        extent = np.maximum(extent, 1.0)
    vertical, horizontal = (
        _weights(start[:, 1 - i], extent[:, 1 - i], cells[i], size[i], sampling_ratio) for i in (0, 1)
    )
    return RoIAlign.apply(input, vertical=vertical, horizontal=horizontal, image=image)


def _rows(boxes):
    """The number of each box's image (K,), and its left, top, right, bottom (K, 4), as NumPy's arrays."""
    if isinstance(boxes, Tensor):
        rows = boxes.detach().cpu().numpy().astype(np.float64)
        return rows[:, 0].astype(int), rows[:, 1:]
    corners = [b.detach().cpu().numpy().astype(np.float64) for b in boxes]
    return np.repeat(np.arange(len(boxes)), [len(b) for b in boxes]), np.concatenate(corners)


def _weights(start, extent, cells, n, sampling_ratio):
    """(K, cells, n): weights of the n pixels along an axis, for each cell of boxes with this start and extent (K,)."""
    step = extent[:, None, None] / cells
    points = np.full(step.shape, sampling_ratio) if sampling_ratio > 0 else np.ceil(step).clip(0)  # in a cell
    number = np.arange(points.max(initial=1))
    place = start[:, None, None] + (np.arange(cells)[:, None] + (number + 0.5) / np.maximum(points, 1)) * step
    counts = (number < points) & (-1.0 <= place) & (place <= n)
    distance = np.abs(place.clip(0, n - 1)[..., None] - np.arange(n))
    return (np.maximum(1.0 - distance, 0.0) * counts[..., None]).sum(2) / np.maximum(points, 1)
