"""functional/gather.py: what its gradients and PyTorch are compared on, and what bad input it is fed."""

import numpy as np
from hypothesis import strategies as st

import nnlite
from tests.helpers import IMAGE, op
from tests.operations.arguments import numbers, tensors, whole

ROWS = [[0, 2, 2], [1, 0, 0]]


def mask_of(lib, *shape):
    """A bool tensor with every third element True."""
    return lib.tensor((np.arange(np.prod(shape)) % 3 == 0).reshape(shape))


OPERATIONS = {
    "gather 0": op(lambda lib, F, a: lib.gather(a, 0, lib.tensor(ROWS)), (3, 4)),
    "gather -1, longer": op(lambda lib, F, a: a.gather(-1, lib.tensor([[0, 2, 2, 1, 0], [1, 0, 0, 2, 2]])), (2, 3)),
    "gather image": op(lambda lib, F, a: a.gather(2, lib.tensor([[[[4, 0], [0, 0]]], [[[1, 1], [2, 4]]]])), IMAGE),
    "gather single": op(lambda lib, F, a: a.gather(0, lib.tensor(0)), ()),
    "scatter": op(lambda lib, F, a, b: a.scatter(1, lib.tensor([[0, 2], [1, 0]]), b), (2, 3), (2, 2)),
    "scatter part": op(lambda lib, F, a, b: lib.scatter(a, 0, lib.tensor([[1, 0]]), b[:1, :2]), (2, 3), (2, 2)),
    "scatter number": op(lambda lib, F, a: a.scatter(-1, lib.tensor([[0], [2]]), 1.5), (2, 3)),
    "scatter value": op(lambda lib, F, a: a.scatter(-1, lib.tensor([[0], [2]]), value=3), (2, 3)),
    "scatter_add": op(lambda lib, F, a, b: a.scatter_add(1, lib.tensor(ROWS), b), (2, 3), (2, 3)),
    "scatter_add image": op(
        lambda lib, F, a, b: a.scatter_add(1, lib.tensor([[[[2, 0], [2, 1]], [[2, 1], [0, 0]]]]), b),
        IMAGE,
        (1, 2, 2, 2),
    ),
    "scatter_add single": op(lambda lib, F, a, b: a.scatter_add(0, lib.tensor(0), b), (), ()),
    "index_select": op(lambda lib, F, a: a.index_select(1, lib.tensor([2, 0, 2])), IMAGE),
    "index_select -1": op(lambda lib, F, a: lib.index_select(a, -1, lib.tensor([1])), (2, 3)),
    "masked_fill": op(lambda lib, F, a: a.masked_fill(mask_of(lib, 5, 1), -2.0), IMAGE),
    "masked_fill by a tensor": op(lambda lib, F, a, b: a.masked_fill(mask_of(lib, 2, 2, 3), b), (2, 3), ()),
    "masked_select": op(lambda lib, F, a: a.masked_select(mask_of(lib, *IMAGE)), IMAGE),
    "masked_select of both broadcast": op(lambda lib, F, a: a.masked_select(mask_of(lib, 2, 1, 4)), (3, 1)),
}

indices = st.sampled_from([[0], [[0]], [[0, 1]], [[1, 0], [0, 1]], [[[0]]], 0, [3], [-1], [[0.0]], []])
places = st.one_of(tensors, indices.map(nnlite.tensor))

ARGUMENTS = {
    "gather": (tensors, whole, places),
    "scatter": (tensors, whole, places, st.one_of(tensors, numbers)),
    "index_select": (tensors, whole, places),
}
