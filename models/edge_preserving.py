"""A recursive filter that flattens an image but keeps its edges: two numbers a pixel say where the edges are.

Each pixel is joined to its neighbour by a number from 0 (an edge lies between them) to 1 (they belong together). A
sweep along a line lets each pixel take over that share of the one before it:

    y[0] = x[0],    y[i] = (1 - a[i]) x[i] + a[i] y[i-1]

and a sweep back does the same from the other end. Sweeps along rows, then along columns, and once more with a^2 in
place of a, smooth in all directions, however far the next edge is: a few additions a pixel reach across an image,
where convolutions would need many layers. This is the recursive form of the domain transform (Gastal & Oliveira 2011);
a network can learn where the edges are (Chen et al. 2016), because the filter has a gradient for `a` too.
"""

from __future__ import annotations

import numpy as np

from nnlite import Tensor
from nnlite.errors import ShapeError
from nnlite.function import Function

ROUNDS = 2  # of rows and columns; with one, the sweeps leave stripes


def smooth(image: Tensor, left: Tensor, above: Tensor) -> Tensor:
    """The image (N, C, H, W), smoothed within its edges.

    left, above   (N, 1, H, W) in 0..1: how closely a pixel is joined to the one on its left, and above it. The first
                  column of one and the first row of the other join nothing.

    Raises ShapeError for joins of another shape.
    """
    n, _, h, w = image.shape
    for name, joins in (("left", left), ("above", above)):
        if joins.shape != (n, 1, h, w):
            raise ShapeError(f"smooth: expected {name} of shape {(n, 1, h, w)}, got {joins.shape}; image {image.shape}")
    for _ in range(ROUNDS):
        image = Sweeps.apply(Sweeps.apply(image, left, dim=3), above, dim=2)
        left, above = left * left, above * above
    return image


class Sweeps(Function):
    """z = sweep back over y, y = sweep forth over x, both along `dim`; see above. x (N, C, H, W), a (N, 1, H, W)

    With g the gradient that has gathered at a pixel:  g[i] = dy[i] + a[i+1] g[i+1],
    dx[i] = (1 - a[i]) g[i],    da[i] = g[i] (y[i-1] - x[i]) summed over the channels
    """

    def forward(self, x, a, *, dim):
        self.order = (dim, 1, 0, 5 - dim)  # the axis to walk along first, then C, N and the other side
        self.x, self.a = (self.xp.ascontiguousarray(array.transpose(self.order)) for array in (x, a))
        self.y = self.sweep(self.x, self.a[1:])
        self.z = self.sweep(self.y[::-1], self.a[:0:-1])[::-1]
        return self.in_place_again(self.z)

    def backward(self, dz):
        dz = self.xp.ascontiguousarray(dz.transpose(self.order))
        dy, da_back = self.sweep_gradient(dz[::-1], self.y[::-1], self.a[:0:-1], self.z[::-1])
        dx, da = self.sweep_gradient(dy[::-1], self.x, self.a[1:], self.y)
        joins = self.xp.zeros_like(self.a)  # the first line joins nothing
        joins[1:] = da + da_back[::-1]
        return self.in_place_again(dx), self.in_place_again(joins)

    def sweep(self, x, a):
        """y from x (L, ...) and the L - 1 joins between neighbours."""
        y = x.copy()
        y[1:] -= a * x[1:]
        for before, line, join in zip(y[:-1], y[1:], a, strict=True):
            line += join * before
        return y

    def sweep_gradient(self, dy, x, a, y):
        """dx and da of a sweep."""
        g = dy.copy()
        for after, line, join in zip(g[:0:-1], g[-2::-1], a[::-1], strict=True):
            line += join * after
        da = (g[1:] * (y[:-1] - x[1:])).sum(axis=1, keepdims=True)
        g[1:] *= 1.0 - a
        return g, da

    def in_place_again(self, array):
        """Its axes in the order N, C, H, W again."""
        return array.transpose(*np.argsort(self.order).tolist())
