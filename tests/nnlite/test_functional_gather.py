"""functional/gather.py, and the changes in place made of it: PyTorch's results, edges and refusals."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
import nnlite.torch as room
from nnlite import GraphError, ShapeError, no_grad, tensor
from tests.helpers import leaf


def same(ours, theirs):
    """Equal values, shape and dtype."""
    assert np.array_equal(ours.numpy(), theirs.numpy(), equal_nan=ours.dtype.kind == "f")
    assert ours.shape == tuple(theirs.shape) and str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")


CALLS = {
    "index of int32": lambda lib, x: x.gather(1, lib.tensor([[2, 0]], dtype=lib.int32)),
    "no index": lambda lib, x: x.gather(0, lib.zeros((0, 2), dtype=lib.int64)),
    "nothing written": lambda lib, x: x.scatter(0, lib.zeros((0, 2), dtype=lib.int64), 7),
    "value without axes": lambda lib, x: x.scatter(1, lib.tensor([[2], [0]]), value=lib.tensor(2.5)),
    "smaller index": lambda lib, x: x.scatter(0, lib.tensor([[1]]), x.flip(1)),
    "added twice": lambda lib, x: x.scatter_add(1, lib.tensor([[1, 1, 1]]), x),
    "selected": lambda lib, x: x.index_select(-2, lib.tensor([1, 1, 0], dtype=lib.int32)),
    "selected none": lambda lib, x: x.index_select(1, lib.zeros(0, dtype=lib.int64)),
    "filled": lambda lib, x: x.masked_fill(x > 2, 1),
    "filled and wider": lambda lib, x: x[0].masked_fill(x > 2, True),
    "filled from another dtype": lambda lib, x: x.masked_fill(x > 2, lib.tensor(1.5)),
    "picked": lambda lib, x: x.masked_select(lib.tensor([True, False, True])),
    "picked none": lambda lib, x: x.masked_select(x > 9),
    "picked single": lambda lib, x: x[0, 0].masked_select(lib.tensor(True)),
    "in place": lambda lib, x: x.clone().scatter_(1, lib.tensor([[0], [2]]), 1.0),
    "in place from a tensor": lambda lib, x: x.clone().scatter_(1, lib.tensor([[0], [2]]), x),
    "added in place": lambda lib, x: x.clone().scatter_add_(0, lib.tensor([[0, 0, 1], [0, 1, 1]]), x),
    "filled in place": lambda lib, x: x.clone().masked_fill_(lib.tensor([True, False, True]), 3),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "uint8", "bool"])
def test_equals_pytorch(torch, name, dtype):
    ours = tensor(np.arange(6).reshape(2, 3)).to(getattr(nnlite, dtype))
    theirs = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype))
    same(CALLS[name](nnlite, ours), CALLS[name](torch, theirs))


REFUSED = {
    "negative": (IndexError, lambda x: F.gather(x, 1, tensor([[0, -1]]))),
    "too large": (IndexError, lambda x: F.scatter(x, 1, tensor([[3]]), 1.0)),
    "negative in a list": (IndexError, lambda x: F.index_select(x, 0, tensor([-1]))),
    "no such axis": (IndexError, lambda x: F.gather(x, 2, tensor([[0]]))),
    "index of floats": (TypeError, lambda x: F.gather(x, 1, tensor([[0.0]]))),
    "index of bytes": (TypeError, lambda x: F.index_select(x, 1, tensor([0], dtype="uint8"))),
    "fewer axes": (ShapeError, lambda x: F.gather(x, 1, tensor([0, 1]))),
    "longer": (ShapeError, lambda x: F.gather(x, 1, tensor([[0], [0], [0]]))),
    "src too small": (ShapeError, lambda x: F.scatter(x, 1, tensor([[0], [1]]), nnlite.ones(1, 3))),
    "src of one number": (ShapeError, lambda x: F.scatter(x, 1, tensor([[0], [1]]), tensor(1.0))),
    "src of another dtype": (TypeError, lambda x: room.scatter_add(x, 1, tensor([[0]]), tensor([[1]]))),
    "added number": (TypeError, lambda x: room.scatter_add(x, 1, tensor([[0]]), 1.0)),
    "no src": (TypeError, lambda x: F.scatter(x, 1, tensor([[0]]))),
    "src and value": (TypeError, lambda x: F.scatter(x, 1, tensor([[0]]), x, value=1.0)),
    "reduce": (TypeError, lambda x: F.scatter(x, 1, tensor([[0]]), 1.0, reduce="add")),
    "index of several axes": (ShapeError, lambda x: F.index_select(x, 1, tensor([[0]]))),
    "mask of bytes": (TypeError, lambda x: room.masked_fill(x, tensor([1], dtype="uint8"), 0.0)),
    "picked by bytes": (TypeError, lambda x: room.masked_select(x, tensor([1], dtype="uint8"))),
    "mask of another shape": (ShapeError, lambda x: room.masked_fill(x, tensor([True, False]), 0.0)),
    "several values": (ShapeError, lambda x: room.masked_fill(x, x > 0, tensor([1.0]))),
    "value that does not fit": (ValueError, lambda x: room.masked_fill(x.to(nnlite.uint8), x > 0, 300)),
    "mask larger than what it fills": (ShapeError, lambda x: x[0].masked_fill_(x > 0, 0.0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_pytorch_refuses(name):
    error, call = REFUSED[name]
    with pytest.raises(error):
        call(nnlite.ones(2, 3))


def test_the_last_of_several_for_one_place_stays():
    x = F.scatter(nnlite.zeros(3), 0, tensor([1, 1]), tensor([2.0, 5.0]))
    assert x.tolist() == [0.0, 5.0, 0.0]


def test_results_have_their_own_memory():
    x, index = nnlite.ones(2, 3), tensor([[0, 1, 2], [0, 1, 2]])
    for y in (x.gather(1, index), x.scatter(1, index, x), x.masked_fill(x < 0, 2.0), x[0, 0].gather(0, tensor(0))):
        with no_grad():
            y += 1.0
    assert x.tolist() == [[1.0] * 3] * 2


def test_an_index_may_change_after_it_was_used():
    x, index = leaf([[1.0, 2.0, 3.0]]), tensor([[2, 0]])
    y = x.gather(1, index) + x.scatter_add(1, index, x)[:, :2] + x.index_select(1, index[0])
    index.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [[3.0, 2.0, 2.0]]


def test_changes_in_place_count():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with no_grad():
        assert x.scatter_(0, tensor([1]), 5.0) is x
    with pytest.raises(GraphError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.masked_fill_(x > 1.5, 0.0),
        lambda x: x.scatter_(0, tensor([0]), 0.0),
        lambda x: x.scatter_add_(0, tensor([0]), tensor([1.0], dtype="float64")),
    ],
)
def test_a_leaf_that_requires_a_gradient_is_not_changed_in_place(change):
    with pytest.raises(GraphError):
        change(leaf([1.0, 2.0]))


@pytest.mark.parametrize(
    "change",
    [
        lambda lib, y: y.masked_fill_(lib.tensor([True, False, True]), 0.0),
        lambda lib, y: y.scatter_(0, lib.tensor([0, 2]), y.detach() * 5),
        lambda lib, y: y.scatter_add_(0, lib.tensor([0, 0]), y[:2] + 2),
        lambda lib, y: y.normal_(),
        lambda lib, y: y.bernoulli_(),
        lambda lib, y: y.uniform_(),
    ],
)
def test_changes_in_place_are_recorded(torch, change):
    gradients = []
    for lib in (nnlite, torch):
        x = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = x * 2
        assert change(lib, y) is y
        (y * lib.tensor([1.0, 10.0, 100.0])).sum().backward()
        gradients.append(x.grad.tolist())
    assert gradients[0] == gradients[1]
