"""Repetitions: sizes 0 and 1, new axes, dtypes, and that they are copies."""

import numpy as np
import pytest

import nnlite
from nnlite import ShapeError


@pytest.mark.parametrize(
    ("shape", "repeats"),
    [((), ()), ((), (2, 1)), ((3,), (2,)), ((3,), (0, 2)), ((0, 2), (3, 2)), ((1, 2), (2, 1, 3)), ((2, 3), (1, 1))],
)
def test_repeat_as_in_pytorch(torch, shape, repeats):
    array = np.arange(np.prod(shape)).reshape(shape).astype("float32")
    ours, theirs = (lib.tensor(array, requires_grad=True) for lib in (nnlite, torch))
    y, z = ours.repeat(repeats), theirs.repeat(repeats)
    np.testing.assert_array_equal(y.detach().numpy(), z.detach().numpy())
    y.sum().backward()
    z.sum().backward()
    np.testing.assert_array_equal(ours.grad.numpy(), theirs.grad.numpy())
    assert nnlite.tensor(array.astype("uint8")).repeat(repeats).dtype == np.uint8


def test_a_repetition_is_a_copy_even_of_one():
    x = nnlite.zeros(1, 3)
    x.repeat(1, 1).fill_(1.0)
    x.repeat(2, 1)[0] = 1.0
    assert x.tolist() == [[0.0] * 3]


def test_what_is_refused():
    for repeats in ((2,), (), (2, -1), (2, 1.5)):
        with pytest.raises((ShapeError, ValueError), match="repeat"):
            nnlite.ones(2, 3).repeat(repeats)
