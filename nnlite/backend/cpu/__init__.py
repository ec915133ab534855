"""NumPy on all cores: the primitives of plain.py, made fast. Each trick has its own file, and a name in tricks.py."""

import numpy as np

from ..im2col import Im2col
from ..tricks import on
from . import blocks, products


class Cpu(Im2col):
    """The same names as Plain with the same meaning."""

    rows_matmul = staticmethod(products.rows_matmul)
    rows_outer = staticmethod(products.rows_outer)
    matmul = staticmethod(products.matmul)

    def __init__(self):
        super().__init__(np)

    def elementwise(self, formula, *arrays, constants=()):
        run = blocks.elementwise if on("blocks") else super().elementwise
        return run(formula, *arrays, constants=constants)

    def update(self, formula, *arrays, constants=()):
        run = blocks.update if on("blocks") else super().update
        run(formula, *arrays, constants=constants)

    def column_sums(self, formula, *arrays, constants=()):
        run = blocks.column_sums if on("blocks") else super().column_sums
        return run(formula, *arrays, constants=constants)

    def moments(self, x):
        return blocks.moments(x) if on("blocks") else super().moments(x)
