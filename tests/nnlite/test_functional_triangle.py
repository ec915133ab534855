"""Triangles and diagonals: dtypes, offsets beyond the matrix, NaN outside, shared memory."""

import numpy as np
import pytest

import nnlite
import nnlite.torch as room
from nnlite import ShapeError


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (1, 1), (0, 3), (3, 0), (2, 3, 2)])
def test_every_offset_and_dtype_as_in_pytorch(torch, dtype, shape):
    array = np.arange(1, 1 + np.prod(shape)).reshape(shape).astype(dtype)
    for offset in range(-3, 4):
        for name in ("tril", "triu", "diagonal", *(["diag"] if len(shape) == 2 else [])):
            ours, theirs = (getattr(lib, name)(lib.tensor(array), offset) for lib in (room, torch))
            assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        vector = array.reshape(-1)
        np.testing.assert_array_equal(nnlite.diag(nnlite.tensor(vector), offset).numpy(), np.diag(vector, offset))


def test_what_lies_outside_does_not_matter():
    x = nnlite.tensor([[1.0, np.nan], [np.inf, 2.0]], requires_grad=True)
    x.tril(-1).triu(1).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert x.detach().triu().tril().tolist() == [[1.0, 0.0], [0.0, 2.0]]


def test_a_diagonal_shares_memory_and_diag_does_not():
    x = nnlite.zeros(3, 3)
    x.diagonal(1).fill_(5.0)
    x.diag().fill_(7.0)
    assert x.tolist() == [[0.0, 5.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]]


def test_what_is_refused(torch):
    calls = [("tril", (3,)), ("triu", ()), ("diag", ()), ("diag", (2, 2, 2))]
    for name, shape in calls:
        with pytest.raises(RuntimeError):
            getattr(torch, name)(torch.ones(shape))
        with pytest.raises(ShapeError, match=f"{name}: expected"):
            getattr(room, name)(nnlite.ones(shape))
    with pytest.raises(ValueError):
        room.diagonal(nnlite.ones(2, 2), 0, 1, -1)
    with pytest.raises(IndexError):
        room.diagonal(nnlite.ones(2, 2), 0, 0, 2)
