"""any, all, nonzero, equal, isclose: no elements, no axes, NaN, infinities, uint8."""

import numpy as np
import pytest

import nnlite
import nnlite.torch
from nnlite.torch.truth import allclose, count_nonzero, equal, isclose, logical_xor

ARRAYS = [
    np.array([[0.0, np.nan, 2.0], [0.0, 0.0, -0.0]], "float32"), np.array([[0, 2], [3, 255]], "uint8"),
    np.array([True, False]), np.zeros((0, 2)), np.zeros((2, 0), "int64"), np.array(5), np.array(0.0),
]  # fmt: skip


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_any_and_all_as_in_pytorch(torch, array):
    for name in ("any", "all"):
        for dim in (None, (), 0, -1, *([(0, 1)] if array.ndim == 2 else [])):
            for keepdim in (False, True):
                ours, theirs = (getattr(lib.tensor(array), name)(dim, keepdim) for lib in (nnlite, torch))
                assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), (name, dim, keepdim)
                np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_nonzero_as_in_pytorch(torch, array):
    ours, theirs = nnlite.tensor(array), torch.tensor(array)
    assert ours.nonzero().dtype == np.int64 and ours.nonzero().shape == tuple(theirs.nonzero().shape)
    assert ours.nonzero().tolist() == theirs.nonzero().tolist()
    columns = ours.nonzero(as_tuple=True)
    assert [c.tolist() for c in columns] == [c.tolist() for c in torch.nonzero(theirs, as_tuple=True)]
    assert [c.tolist() for c in nnlite.torch.where(ours)] == [c.tolist() for c in torch.where(theirs)]
    if array.ndim:
        assert equal(ours[columns], nnlite.tensor(array[np.nonzero(array)])) or np.isnan(array).any()


def test_infinities_and_nan(torch):
    for array in (np.array([-np.inf, -1.0, 0.0, np.inf, np.nan]), np.array([0, 3]), np.array([True]), np.array(np.nan)):
        for name in ("isnan", "isinf", "isfinite"):
            ours, theirs = (getattr(lib.tensor(array), name)() for lib in (nnlite, torch))
            assert ours.tolist() == theirs.tolist() and ours.dtype == np.bool_


def test_equal_is_one_answer():
    x = nnlite.tensor([1.0, 2.0])
    assert equal(x, nnlite.tensor([1, 2])) is True and x.equal(x + 1) is False
    assert not equal(x, nnlite.tensor([[1.0, 2.0]])) and not equal(x, x * np.nan)
    assert equal(nnlite.zeros(0), nnlite.zeros(0))
    with pytest.raises(TypeError, match="equal: expected a Tensor"):
        equal(x, 1.0)


def test_there_is_no_gradient():
    x = nnlite.ones(2, requires_grad=True)
    assert not any(y.requires_grad for y in (x.any(), x.all(0), x.isnan(), x.nonzero()))


def test_closeness_as_in_pytorch(torch):
    values = [0.0, 1e-9, 1.0, 1.000001, 1.1, -1.0, np.inf, -np.inf, np.nan]
    for dtype in ("float32", "float64"):
        x, y = (grid.astype(dtype) for grid in np.meshgrid(values, values))
        for settings in ({}, {"rtol": 0.2}, {"atol": 2.0, "equal_nan": True}, {"rtol": 0.0, "atol": 0.0}):
            ours, theirs = (
                nnlite.tensor(x).isclose(nnlite.tensor(y), **settings),
                torch.tensor(x).isclose(torch.tensor(y), **settings),
            )
            assert ours.tolist() == theirs.tolist()
    whole = nnlite.tensor([1, 2])
    assert isclose(whole, nnlite.tensor([1, 3]), rtol=0.5).tolist() == [True, True]
    assert allclose(whole, whole) is True and whole.allclose(whole + 1) is False
    with pytest.raises(TypeError, match="isclose: input is int64, other float32"):
        isclose(whole, whole.float())
    with pytest.raises(ValueError, match="rtol"):
        isclose(whole, whole, rtol=-1)


def test_counts_and_exclusive_or(torch):
    x = np.array([[1.0, 0.0, np.nan], [0.0, 0.0, 2.0]])
    for dim in (None, 0, -1, (0, 1), ()):
        ours, theirs = count_nonzero(nnlite.tensor(x), dim), torch.count_nonzero(torch.tensor(x), dim)
        assert ours.tolist() == theirs.tolist() and ours.dtype == np.int64
    other = nnlite.tensor([2, 0, 0])
    assert logical_xor(nnlite.tensor(x), other).tolist() == [[False, False, True], [True, False, True]]
    with pytest.raises(TypeError, match="logical_xor"):
        logical_xor(other, 1)


def test_questions_are_answered_on_the_gpu(gpu):
    x = nnlite.tensor([[0.0, np.nan], [np.inf, 2.0]], device="gpu")
    answers = [x.any(0), x.all(), x.isinf(), x.nonzero(), x.isclose(x, equal_nan=True), x.count_nonzero(1)]
    assert [y.cpu().tolist() for y in answers] == [
        [True, True], False, [[False, False], [True, False]], [[0, 1], [1, 0], [1, 1]], [[True] * 2] * 2, [1, 2],
    ]  # fmt: skip
    assert all(y.device == "gpu" for y in answers) and not x.equal(x)
