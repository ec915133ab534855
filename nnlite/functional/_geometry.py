"""Where a kernel's windows lie on an image: what convolution and pooling have in common."""

from __future__ import annotations

from typing import NamedTuple

from ._checks import pair

Pair = int | tuple[int, int]


class Geometry(NamedTuple):
    """Tap u of window i sees pixel i stride + u dilation - padding. All are (vertical, horizontal)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int]  # above the image and to its left
    end: tuple[int, int]  # below it and to its right

    def windows(self, backend, x, fill=0.0):
        """Every window of the padded image, as a view: (N, H, W, C) -> (N, Ho, Wo, kH, kW, C)."""
        padded = border(backend.xp, x, self.padding, self.end, fill)
        return backend.windows(padded, self.kernel, self.stride, self.dilation)

    def extent(self):
        """How many pixels a window spans, dilated as it is."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))


def border(xp, x, before, after, fill=0.0):
    """(N, H, W, C) with a border, `before` = (top, left) and `after` = (bottom, right); x itself if it is empty."""
    if not any((*before, *after)):
        return x
    (top, left), (bottom, right), (n, h, w, c) = before, after, x.shape
    shape = n, top + h + bottom, left + w + right, c
    padded = xp.full(shape, fill, x.dtype) if fill else xp.zeros(shape, x.dtype)  # zeros cost next to nothing
    padded[:, top : top + h, left : left + w] = x
    return padded


def paddings(name, padding, kernel, stride, dilation):
    """(top, left) and (bottom, right) for `padding` as conv2d takes it: numbers, 'same' or 'valid'."""
    if padding == "same":
        if stride != (1, 1):
            raise ValueError(f"{name}: padding 'same' needs stride 1, got {stride}; give the padding as numbers")
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)
    both = pair(name, "padding", 0 if padding == "valid" else padding, 0)
    return both, both
