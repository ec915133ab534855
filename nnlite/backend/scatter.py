"""The transpose of a convolution as one product. The plain version is `spread` in plain.py.

The product gives each pixel of y its whole window, and k*k additions put the windows in their places. This is the
cheaper way for few output channels, and for fewer pixels in y than it has channels, as deep in a network: turning the
kernel around (phases.py) would then cost more than the product. With few channels the memory is in planes.
"""

from __future__ import annotations

import itertools

from .layout import groups_of

# Up to so many output channels, if the input has four times as many.
FEW_CHANNELS = 8


def suits(y, w):
    """Whether this is the cheaper way for y (N, Ho, Wo, O) and w (O, kH, kW, C)."""
    few_channels = w.shape[3] <= FEW_CHANNELS and 4 * w.shape[3] <= len(w)
    return few_channels or len(w) > y.size // y.shape[3]


def spread(backend, y, w, geometry, groups, size, bias):
    """Plain.spread for y (N, Ho, Wo, O) and w (O, kH, kW, C) -> (N, H, W, C)."""
    xp, c = backend.xp, w.shape[3]
    (top, left), (bottom, right) = geometry.padding, geometry.end
    n, height, width = len(y), size[0] + top + bottom, size[1] + left + right
    in_planes = c <= FEW_CHANNELS
    if in_planes:
        x = xp.zeros((c * groups, n, height, width), y.dtype).transpose(1, 2, 3, 0)
    else:
        x = xp.zeros((n, height, width, c * groups), y.dtype)
    windows = backend.windows(x, geometry.without_padding())[:, : y.shape[1], : y.shape[2]]
    for inside, o in groups_of(groups, c * groups, len(w)):
        pixels, taps = y[..., o].reshape(-1, o.stop - o.start), w[o].reshape(o.stop - o.start, -1)
        product = backend.matmul(taps.T, pixels.T).T if in_planes else backend.matmul(pixels, taps)
        product = product.reshape(*y.shape[:3], *w.shape[1:])
        for u, v in itertools.product(*map(range, geometry.kernel)):
            windows[:, :, :, u, v, inside] += product[:, :, :, u, v]  # for one tap no two windows meet
    x = xp.ascontiguousarray(x[:, top : top + size[0], left : left + size[1]])
    return x if bias is None else x + bias
