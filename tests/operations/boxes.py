"""functional/boxes.py and functional/roi_align.py: what gradients and PyTorch are compared on, and bad input."""

import math

from hypothesis import strategies as st

from tests.helpers import IMAGE, op
from tests.operations.arguments import numbers, pair, tensors, whole

# Rows of an image's number and a box: inside, over each border, far outside, thin, large.
BOXES = [
    [1, 0.6, 0.7, 2.9, 3.6], [0, -1.7, 1.2, 2.3, 6.4], [0, 1.1, -2.2, 5.3, 1.9], [1, 7.1, 7.3, 9.2, 9.4],
    [1, 1.3, 1.2, 1.7, 1.6], [0, -3.1, -2.7, 7.4, 8.6],
]  # fmt: skip


def roi_align(lib, F, x, size, scale=1.0, ratio=-1, aligned=False):
    """A box at a time in PyTorch: points in a grid, read with the border's values, and 0 beyond a pixel of it."""
    boxes = lib.tensor(BOXES, dtype=x.dtype)
    if hasattr(F, "roi_align"):
        return F.roi_align(x, boxes, size, scale, ratio, aligned)
    cut, (height, width) = [], x.shape[2:]
    for image, *box in BOXES:
        left, top, right, bottom = (scale * edge - 0.5 * aligned for edge in box)
        extent = [right - left, bottom - top] if aligned else [max(right - left, 1.0), max(bottom - top, 1.0)]
        points = [ratio if ratio > 0 else math.ceil(extent[1 - i] / size[i]) for i in (0, 1)]
        y, xs = (
            start + (lib.arange(cells * n, dtype=x.dtype) + 0.5) * length / (cells * n)
            for start, length, cells, n in zip((top, left), extent[::-1], size, points, strict=True)
        )
        inside = [((p >= -1) & (p <= n)).to(x.dtype) for p, n in ((y, height), (xs, width))]
        grid = lib.stack(lib.meshgrid(2 * xs / (width - 1) - 1, 2 * y / (height - 1) - 1, indexing="xy"), 2)
        read = F.grid_sample(x[image : image + 1], grid[None], padding_mode="border", align_corners=True)
        cut.append(F.avg_pool2d(read * inside[0][:, None] * inside[1], points))
    return lib.cat(cut)


OPERATIONS = {
    "roi_align": op(lambda lib, F, x: roi_align(lib, F, x, (2, 3)), IMAGE),
    "roi_align aligned": op(lambda lib, F, x: roi_align(lib, F, x, (3, 2), 0.8, 2, True), IMAGE),
    "roi_align many points": op(lambda lib, F, x: roi_align(lib, F, x, (1, 2), 1.3, 5), IMAGE),
    "roi_align as many as pixels": op(lambda lib, F, x: roi_align(lib, F, x, (2, 1), 1.7, 0, True), IMAGE),
}

ARGUMENTS = {
    "roi_align": (
        tensors,
        st.one_of(tensors, st.lists(tensors, max_size=3)),
        pair,
        numbers,
        whole,
        st.booleans(),
    ),
    "box_area": (tensors,),
    "box_iou": (tensors, tensors),
    "nms": (tensors, tensors, numbers),
    "batched_nms": (tensors, tensors, tensors, numbers),
}
