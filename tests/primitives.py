"""Random arguments for the primitives of nnlite/backend/plain.py."""

import numpy as np
from hypothesis import strategies as st

from nnlite.backend.geometry import Geometry
from tests.helpers import in_order, orders, seeds


@st.composite
def convolutions(draw, dtype=np.float64):
    """(x, w, y, geometry, groups) in any memory order: an image, a kernel, and values for the windows.

    There may be one window less in y than there is room for, as with the output_padding of a transposed convolution.
    """

    def pair(low, high):
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    images, groups, per_group, out = (draw(st.integers(1, n)) for n in (2, 3, 3, 3))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 3), (2, 4)]))
    geometry = Geometry(pair(1, 4), pair(1, 3), dilation, pair(0, 2), pair(0, 2))
    borders = zip(geometry.extent(), geometry.padding, geometry.end, strict=True)
    size = [max(1, extent - before - after) + draw(st.integers(0, 5)) for extent, before, after in borders]
    windows = [max(1, n - draw(st.integers(0, 1))) for n in geometry.windows_along(size)]
    shapes = (
        (images, per_group * groups, *size),
        (out * groups, per_group, *geometry.kernel),
        (images, out * groups, *windows),
    )
    rng = np.random.default_rng(draw(seeds))
    arrays = (in_order(rng.standard_normal(shape).astype(dtype), draw(orders)) for shape in shapes)
    return *arrays, geometry, groups
