"""Products by name: empty axes, and what is refused."""

import re

import pytest

import nnlite
import nnlite.torch as room
from nnlite import ShapeError


def test_what_products_refuse(torch):
    shapes = {"mm": [(2, 3), (2, 3, 4)], "bmm": [(1, 2, 3), (4, 3, 2)], "mv": [(2, 3), (3, 1)], "dot": [(2,), (3,)]}
    for name, pair in (shapes | {"outer": [(2, 2), (2,)]}).items():
        for lib, error in ((torch, RuntimeError), (room, ShapeError)):
            with pytest.raises(error, match=None if lib is torch else re.escape(str(pair[1]))):
                getattr(lib, name)(*[lib.ones(shape) for shape in pair])


def test_products_over_no_elements_are_zero():
    assert nnlite.mm(nnlite.ones(2, 0), nnlite.ones(0, 3)).tolist() == [[0.0] * 3] * 2
    assert nnlite.dot(nnlite.ones(0), nnlite.ones(0)).item() == 0.0
    assert nnlite.outer(nnlite.ones(0), nnlite.ones(3)).shape == (0, 3)
