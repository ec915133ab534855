"""The primitives that all operations are made of, in the simplest array code. Read this one first.

Everything here works on NumPy's arrays and on CuPy's: `self.xp` is the library of the two. The other backends have the
same names with the same meaning; cpu/ and gpu/ only do it faster, and are tested against these definitions.
"""

from __future__ import annotations

import math


class Plain:
    """Images are (N, C, H, W). A per-channel sum or constant belongs to axis 1 of them, or of a matrix (N, C)."""

    def __init__(self, xp):
        self.xp = xp

    # Convolution. w is (O, C / groups, kH, kW): each of `groups` runs of output channels sees its own run of inputs.

    def correlate(self, x, w, geometry, groups=1, bias=None):
        """y[n, o, i, j] = sum over c, u, v of x[n, c, i s + u d - p, j s + v d - p] w[o, c, u, v]  (+ bias[o])"""
        n, windows = len(x), geometry.windows_along(x.shape[2:])
        x = self.xp.pad(x, [(0, 0), (0, 0), *zip(geometry.padding, geometry.end, strict=True)])
        x, w = x.reshape(n, groups, -1, *x.shape[2:]), w.reshape(groups, -1, *w.shape[1:])
        y = 0.0 if bias is None else bias.reshape(groups, -1, 1)
        for u, v, seen in self.taps(x, geometry, windows):
            y = y + w[..., u, v] @ seen.reshape(*seen.shape[:3], -1)
        return y.reshape(n, -1, *windows)

    def spread(self, y, w, geometry, groups, size, bias=None):
        """x[n, c, h, .] = sum over o, i, u with i s + u d - p = h of y[n, o, i, .] w[o, c, u, .]  (+ bias[c])

        The transpose of `correlate`, for an x of size (H, W): what flowed from x to y flows back along the same taps.
        """
        n, _, *windows = y.shape
        (top, left), (bottom, right), (height, width) = geometry.padding, geometry.end, size
        x = self.xp.zeros((n, groups, w.shape[1], top + height + bottom, left + width + right), y.dtype)
        y, w = y.reshape(n, groups, -1, math.prod(windows)), w.reshape(groups, -1, *w.shape[1:])
        for u, v, seen in self.taps(x, geometry, windows):
            seen += (w[..., u, v].swapaxes(1, 2) @ y).reshape(seen.shape)
        x = x[..., top : top + height, left : left + width].reshape(n, -1, height, width)
        return x if bias is None else x + bias[:, None, None]

    def correlate_weight(self, x, y, geometry, groups=1):
        """dw[o, c, u, v] = sum over n, i, j of y[n, o, i, j] x[n, c, i s + u d - p, j s + v d - p]"""
        n, o, *windows = y.shape
        x = self.xp.pad(x, [(0, 0), (0, 0), *zip(geometry.padding, geometry.end, strict=True)])
        x, y = x.reshape(n, groups, -1, *x.shape[2:]), y.reshape(n, groups, -1, math.prod(windows))
        dw = self.xp.empty((groups, o // groups, x.shape[2], *geometry.kernel), y.dtype)
        for u, v, seen in self.taps(x, geometry, windows):
            dw[..., u, v] = (y @ seen.reshape(*seen.shape[:3], -1).swapaxes(2, 3)).sum(axis=0)
        return dw.reshape(o, -1, *geometry.kernel)

    def taps(self, padded, geometry, windows):
        """For each tap of the kernel: its place (u, v), and the view (..., Ho, Wo) of what it meets in all windows."""
        (kh, kw), (sy, sx), (dy, dx), (ho, wo) = geometry.kernel, geometry.stride, geometry.dilation, windows
        for u in range(kh):
            for v in range(kw):
                top, left = u * dy, v * dx
                yield u, v, padded[..., top : top + (ho - 1) * sy + 1 : sy, left : left + (wo - 1) * sx + 1 : sx]

    # Products and sums

    def matmul(self, a, b):
        """Product of two matrices."""
        return a @ b

    def column_sums(self, formula, *arrays, constants=()):
        """The sum of formula(*arrays, *constants) over every axis but the channels', in float64: (N, C, ...) -> (C,)"""
        values = formula(*arrays, *(_per_channel(c, arrays[0].ndim) for c in constants))
        return values.sum(axis=tuple(axis for axis in range(values.ndim) if axis != 1), dtype="float64")

    def moments(self, x):
        """Mean and (biased) variance of each channel, in float64: (N, C, ...) -> (C,), (C,)"""
        x, axes = x.astype("float64"), (0, *range(2, x.ndim))  # CuPy's var(dtype=...) would take a float32 mean
        return x.mean(axis=axes), x.var(axis=axes)

    # Formulas, element by element

    def elementwise(self, formula, *arrays, constants=()):
        """formula(*arrays, *constants) for arrays of one shape; constants are numbers, or (C,) vectors.

        A float64 vector, such as the mean of numbers far from zero, makes the formula float64 but not its result.
        """
        y = formula(*arrays, *(_per_channel(c, arrays[0].ndim) for c in constants))
        return y.astype(self.xp.result_type(*arrays), copy=False)

    def update(self, formula, *arrays, constants=()):
        """Run formula(*arrays, *constants) for what it writes into the arrays."""
        formula(*arrays, *constants)

    def update_all(self, advance):
        """advance(), which updates many arrays, each on its own."""
        advance()

    # Memory

    def arrange(self, x):
        """x in the memory order that is fastest here; any order is right."""
        return x

    def channels_last(self, x):
        """(N, C, H, W) -> (N, H, W, C)"""
        return x.transpose(0, 2, 3, 1)

    def channels_first(self, x):
        """(N, H, W, C) -> (N, C, H, W)"""
        return x.transpose(0, 3, 1, 2)

    def windows(self, x, geometry, fill=0.0):
        """Every window on an image (N, H, W, C) with a border of `fill`, as a view (N, Ho, Wo, kH, kW, C)."""
        if any(geometry.padding + geometry.end):
            borders = zip(geometry.padding, geometry.end, strict=True)
            x = self.xp.pad(x, [(0, 0), *borders, (0, 0)], constant_values=fill)
        (n, h, w, c), (kh, kw), (sy, sx), (dy, dx) = x.shape, geometry.kernel, geometry.stride, geometry.dilation
        an, ah, aw, ac = x.strides
        shape = (n, (h - dy * (kh - 1) - 1) // sy + 1, (w - dx * (kw - 1) - 1) // sx + 1, kh, kw, c)
        strides = (an, ah * sy, aw * sx, ah * dy, aw * dx, ac)
        return self.xp.lib.stride_tricks.as_strided(x, shape, strides)

    def concatenate(self, arrays, axis=0):
        """The arrays one after the other along an axis."""
        return self.xp.concatenate(arrays, axis)


def _per_channel(constant, ndim):
    """A vector (C,) shaped to broadcast along axis 1; a number, or one for all channels, as it is."""
    if getattr(constant, "size", 1) == 1:
        return constant if not hasattr(constant, "dtype") else constant.reshape(())
    return constant.reshape(-1, *(1,) * (ndim - 2))
