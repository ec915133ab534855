"""Convolutions as matrix products. The plain version is `correlate` and `correlate_weight` in plain.py.

Write out every window that the kernel sees as a row of kH*kW*C numbers. Then convolution is one matrix
product, (positions x window) by (window x output channels), and a fast matrix product is all it takes; the
gradient for the weight is the product of the same rows with dy. This is called im2col.

Memory is channels-last (layout.py): a window's row is then kH runs of kW*C neighbours, a strided view describes all
windows without copying one, and neither inputs nor results need reordering from layer to layer. Weights (O, C, kH, kW)
lie in memory as (O, kH, kW, C), a matrix with a row for each output channel. With a dilation of d the taps of the
kernel lie d pixels apart, which only changes the view's strides. With groups, each group of output channels sees a
group of input channels of its own: a slice of the rows.

The transpose, `spread`, has two ways: phases.py and scatter.py.
"""

from __future__ import annotations

from . import phases, scatter
from .layout import border, channels_first, channels_last, groups_of
from .plain import Plain
from .tricks import on


class Im2col(Plain):
    """Base of the fast backends, which define what convolutions are made of here:

    rows_matmul(view, matrix, bias=None, out=None)
        each window times a matrix: (N, Ho, Wo, kH, kW, C) by (kH*kW*C, O) [+ (O,)] -> (N, Ho, Wo, O)
    rows_outer(view, y)
        the sum over all positions of output times window:
        (N, Ho, Wo, kH, kW, C), (N, Ho, Wo, O) -> (O, kH*kW*C)
    """

    def correlate(self, x, w, geometry, groups=1, bias=None):
        if not on("im2col"):
            return super().correlate(x, w, geometry, groups, bias)
        x, w = channels_last(x), channels_last(w)
        windows = self.windows(x, geometry)
        matrix = w.reshape(len(w), -1).T
        y = self.xp.empty((*windows.shape[:3], len(w)), x.dtype)
        for c, o in groups_of(groups, x.shape[3], len(w)):
            self.rows_matmul(windows[..., c], matrix[:, o], None if bias is None else bias[o], out=y[..., o])
        return channels_first(y)

    def correlate_weight(self, x, y, geometry, groups=1):
        if not on("im2col"):
            return super().correlate_weight(x, y, geometry, groups)
        x, y = channels_last(x), channels_last(y)
        windows = self.windows(x, geometry)[:, : y.shape[1], : y.shape[2]]
        slices = groups_of(groups, x.shape[3], y.shape[3])
        parts = [self.rows_outer(windows[..., c], y[..., o]) for c, o in slices]
        matrix = parts[0] if groups == 1 else self.concatenate(parts)
        return channels_first(matrix.reshape(y.shape[3], *geometry.kernel, -1))

    def spread(self, y, w, geometry, groups, size, bias=None):
        last = channels_last(y), channels_last(w)
        if on("scatter") and scatter.suits(*last):
            return channels_first(scatter.spread(self, *last, geometry, groups, size, bias))
        if on("phases"):
            return channels_first(phases.spread(self, *last, geometry, groups, size, bias))
        return super().spread(y, w, geometry, groups, size, bias)

    def arrange(self, x):
        return channels_first(channels_last(x)) if x.ndim == 4 else x

    def channels_last(self, x):
        return channels_last(x)

    def windows(self, x, geometry, fill=0.0):
        padded = border(self.xp, x, geometry.padding, geometry.end, fill)
        return super().windows(padded, geometry.without_padding())
