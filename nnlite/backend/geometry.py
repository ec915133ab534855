"""Where a kernel's taps lie on an image: what convolution and pooling have in common."""

from __future__ import annotations

from typing import NamedTuple


class Geometry(NamedTuple):
    """Tap u of window i meets pixel i stride + u dilation - padding. All are (vertical, horizontal)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int]  # above the image and to its left
    end: tuple[int, int]  # below it and to its right

    def windows_along(self, size):
        """How many windows fit, (vertical, horizontal), on an image of this (height, width) with its padding."""
        lengths = zip(size, self.padding, self.end, self.extent(), self.stride, strict=True)
        return tuple((n + before + after - extent) // s + 1 for n, before, after, extent, s in lengths)

    def size_of(self, windows, extra):
        """The (height, width) of the image that so many windows cover, with `extra` pixels: the transpose's output."""
        lengths = zip(windows, self.padding, self.end, self.extent(), self.stride, extra, strict=True)
        return tuple((n - 1) * s - before - after + extent + e for n, before, after, extent, s, e in lengths)

    def extent(self):
        """How many pixels a window spans, dilated as it is."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def without_padding(self):
        """The same for an image that has its border already."""
        return self._replace(padding=(0, 0), end=(0, 0))
