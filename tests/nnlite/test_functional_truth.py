"""any, all, nonzero, equal: no elements, no axes, NaN, uint8."""

import numpy as np
import pytest

import nnlite

ARRAYS = [
    np.array([[0.0, np.nan, 2.0], [0.0, 0.0, -0.0]], "float32"), np.array([[0, 2], [3, 255]], "uint8"),
    np.array([True, False]), np.zeros((0, 2)), np.zeros((2, 0), "int64"), np.array(5), np.array(0.0),
]  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_any_and_all_as_in_pytorch(torch, array):
    for name in ("any", "all"):
        for dim in (None, (), 0, -1, *([(0, 1)] if array.ndim == 2 else [])):
            for keepdim in (False, True):
                ours, theirs = (getattr(lib, name)(lib.tensor(array), dim, keepdim) for lib in (nnlite, torch))
                assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), (name, dim, keepdim)
                np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_nonzero_as_in_pytorch(torch, array):
    ours, theirs = nnlite.tensor(array), torch.tensor(array)
    assert ours.nonzero().dtype == np.int64 and ours.nonzero().shape == tuple(theirs.nonzero().shape)
    assert ours.nonzero().tolist() == theirs.nonzero().tolist()
    columns = nnlite.nonzero(ours, as_tuple=True)
    assert [c.tolist() for c in columns] == [c.tolist() for c in torch.nonzero(theirs, as_tuple=True)]
    if array.ndim:
        assert nnlite.equal(ours[columns], nnlite.tensor(array[np.nonzero(array)])) or np.isnan(array).any()


def test_equal_is_one_answer():
    x = nnlite.tensor([1.0, 2.0])
    assert nnlite.equal(x, nnlite.tensor([1, 2])) is True and x.equal(x + 1) is False
    assert not nnlite.equal(x, nnlite.tensor([[1.0, 2.0]])) and not nnlite.equal(x, x * np.nan)
    assert nnlite.equal(nnlite.zeros(0), nnlite.zeros(0))
    with pytest.raises(TypeError, match="equal: expected a Tensor"):
        nnlite.equal(x, 1.0)


def test_there_is_no_gradient():
    x = nnlite.ones(2, requires_grad=True)
    assert not any(y.requires_grad for y in (x.any(), x.all(0), x.isnan(), x.nonzero()))
