"""functional/order.py: PyTorch's order of ties, NaN and infinities; dtypes, sizes and refusals."""

import numpy as np
import pytest

import nnlite
from nnlite import GraphError, tensor
from tests.helpers import ORDERS, in_order, leaf
from tests.nnlite.test_functional_gather import same

inf, nan = float("inf"), float("nan")
VALUES = {
    "ties": np.array([[2, 1, 2, 0, 1], [0, 0, 0, 1, 0]]),
    "far out": np.array([[nan, inf, -inf, 0.0, -0.0, nan], [1.0, -inf, nan, inf, inf, 2.0]]),
    "none": np.zeros((2, 0)),
    "one": np.array([[3.0]]),
    "single": np.array(3.0),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", "bool"])
@pytest.mark.parametrize("descending", [False, True])
def test_sorts_as_pytorch_does(torch, name, dtype, descending):
    if dtype != "float32" and name == "far out":
        return  # whole numbers have no NaN
    array = VALUES[name].astype(dtype)
    for dim in range(-array.ndim, array.ndim) or (0, -1):
        ours = tensor(array).sort(dim, descending)
        theirs = torch.sort(torch.tensor(array), dim=dim, descending=descending, stable=True)
        same(ours.values, theirs.values)
        same(ours.indices, theirs.indices)
        same(tensor(array).argsort(dim, descending), theirs.indices)


@pytest.mark.parametrize("name", ["far out", "one", "single", "none"])
@pytest.mark.parametrize("largest", [False, True])
def test_the_largest_few_are_pytorchs(torch, name, largest):
    array = VALUES[name].astype("float32")
    for k in range((array.shape or (1,))[-1] + 1) if array.shape else [1]:
        same(tensor(array).topk(k, -1, largest)[0], torch.topk(torch.tensor(array), k, -1, largest)[0])


def test_the_largest_few_lie_where_it_says(rng):
    x = tensor(rng.integers(0, 4, (5, 7)).astype("float32"))
    values, indices = x.topk(3, 0)
    assert values.tolist() == x.gather(0, indices).tolist()
    assert all(len(set(column)) == 3 for column in indices.T.tolist())


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_different_ones_as_in_pytorch(torch, name, dtype):
    if dtype != "float32" and name == "far out":
        return
    array = VALUES[name].astype(dtype)
    same(nnlite.unique(tensor(array)), torch.unique(torch.tensor(array)))
    for inverse, counts in [(True, False), (False, True), (True, True)]:
        ours = tensor(array).unique(return_inverse=inverse, return_counts=counts)
        theirs = torch.unique(torch.tensor(array), return_inverse=inverse, return_counts=counts)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order_will_do(order, rng):
    array = rng.permutation(48).reshape(2, 3, 4, 2)
    x = tensor(in_order(array, order))
    assert np.array_equal(x.sort(1)[0].numpy(), np.sort(array, 1))
    assert np.array_equal(x.unique(return_inverse=True)[1].numpy(), array)


def test_a_tie_gives_its_gradient_to_the_element_that_is_named():
    x = leaf([1.0, 1.0, 0.0])
    x.topk(1).values.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: x.topk(4), ValueError),
        (lambda x: x.topk(-1), ValueError),
        (lambda x: x.topk(1, 2), IndexError),
        (lambda x: x.sort(2), IndexError),
        (lambda x: x.unique(dim=0), TypeError),
        (lambda x: leaf(x).unique(), GraphError),
    ],
)
def test_refusals(call, error):
    with pytest.raises(error):
        call(nnlite.ones(2, 3))
