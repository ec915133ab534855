"""The transpose of a convolution as a few small convolutions. The plain version is `spread` in plain.py.

The gradient for the input is the transpose of convolution: every output position spreads its value over the
window it came from. Here nothing is scattered. Input pixel h receives dy[i] w[u] wherever i s + u d - p = h. The
pixels h, h + s, h + 2s, ... all receive from the same taps u, those for which i = (h + p - u d) / s is whole, and
from one pixel to the next i grows by one. So these pixels together are an ordinary stride-1 convolution of dy with
some taps of the kernel, turned around. s*s small convolutions give the whole gradient.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from .geometry import Geometry
from .layout import border, groups_of


def spread(backend, y, w, geometry, groups, size, bias):
    """Plain.spread for y (N, Ho, Wo, O) and w (O, kH, kW, C) -> (N, H, W, C): a convolution for each phase."""
    xp, (sy, sx) = backend.xp, geometry.stride
    vertical, horizontal = _phases(geometry, size, 0), _phases(geometry, size, 1)
    (top, bottom), (left, right) = _margins(vertical, y.shape[1]), _margins(horizontal, y.shape[2])
    padded = border(xp, y, (top, left), (bottom, right))
    x = xp.empty((len(y), *size, w.shape[3] * groups), y.dtype)
    # Neighbours among the taps of a phase lie s / gcd apart in the kernel; what they read of y lies d / gcd apart.
    step = tuple(d // gcd(d, s) for d, s in zip(geometry.dilation, geometry.stride, strict=True))
    for v in vertical:
        for h in horizontal:
            part = x[:, v.first :: sy, h.first :: sx]
            if not (v.taps and h.taps):
                part[...] = 0.0 if bias is None else bias
                continue
            seen = padded[:, v.start + top : v.end + top, h.start + left : h.end + left]
            kernel = Geometry((len(v.taps), len(h.taps)), (1, 1), step, (0, 0), (0, 0))
            windows = backend.windows(seen, kernel)
            taps = w[:, _slice(v.taps), _slice(h.taps)].transpose(1, 2, 0, 3)  # (kH', kW', O, C)
            for c, o in groups_of(groups, x.shape[3], len(w)):
                matrix = taps[:, :, o].reshape(-1, w.shape[3])
                backend.rows_matmul(windows[..., o], matrix, None if bias is None else bias[c], out=part[..., c])
    return x


def _slice(taps):
    """Equally spaced taps as a slice: unlike a list, it copies nothing."""
    step = taps[1] - taps[0] if len(taps) > 1 else 1
    stop = taps[-1] + step
    return slice(taps[0], None if stop < 0 else stop, step)


class _Phase(NamedTuple):
    """Along one axis: the pixels first, first + s, ... all receive from the same taps of the kernel."""

    first: int
    taps: list[int]  # last one first: a convolution slides over them turned around
    start: int  # the stretch of y that they see; it may begin before 0 and end after its last element
    end: int


def _phases(geometry, size, axis):
    """The phases of `size` pixels: of first = 0, 1, ..., s - 1, so far as there are pixels."""
    kernel, s, d, p, _ = (both[axis] for both in geometry)
    phases = []
    for first in range(min(s, size[axis])):
        taps = [u for u in reversed(range(kernel)) if (first + p - u * d) % s == 0]
        sources = [(first + p - u * d) // s for u in taps]  # where in y they find what the first pixel receives
        count = len(range(first, size[axis], s))
        phases.append(_Phase(first, taps, sources[0], sources[-1] + count) if taps else _Phase(first, [], 0, 0))
    return phases


def _margins(phases, length):
    """How far the phases look beyond both ends of y."""
    return max(0, *(-p.start for p in phases)), max(0, *(p.end - length for p in phases))
