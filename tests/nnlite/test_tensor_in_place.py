"""Changes in place: refused where backward still needs the old value, or where a gradient would get lost."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import GraphError, no_grad, tensor
from tests.helpers import leaf


@pytest.mark.parametrize(
    ("operation", "saved"),
    [
        (lambda x: x * x, "input"),
        (lambda x: x.log(), "input"),
        (lambda x: 1.0 / x, "input"),
        (lambda x: x**3, "input"),
        (F.leaky_relu, "input"),
        (F.exp, "output"),
        (F.tanh, "output"),
    ],
)
def test_a_value_that_backward_needs_may_not_change(operation, saved):
    x = leaf([1.0, 2.0])
    y = operation(x)
    victim = {"input": x, "output": y}[saved]
    with no_grad():
        victim += 1.0
    with pytest.raises(GraphError, match=r"shape \(2,\).*changed in place"):
        y.sum().backward()


@pytest.mark.parametrize(
    "operation", [lambda x: x + 1.0, F.neg, F.sum, lambda x: x.reshape(2, 1), F.exp, F.relu, F.dropout, F.sigmoid]
)
def test_a_value_that_backward_does_not_need_may_change(operation):
    x = leaf([1.0, 2.0])
    y = operation(x)
    with no_grad():
        x += 1.0
    y.sum().backward()
    assert x.grad is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.detach().__setitem__(0, 9.0),
        lambda x: x[1:].__imul__(2.0),
        lambda x: x.reshape(2, 1).__isub__(2.0),
        lambda x: x.copy_(np.zeros(2)),
        lambda x: x.__itruediv__(2.0),
    ],
)
def test_changes_through_views_and_detached_tensors_count(change):
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with no_grad():
        change(x)
    with pytest.raises(GraphError, match="changed in place"):
        y.backward()


def test_a_change_of_a_copy_does_not_count():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    copies = [x.clone(), x[[0, 1]], x.permute(1, 0).reshape(4), tensor(x)]
    y = (x * x).sum()
    with no_grad():
        for copy in copies:
            copy += 1.0
    y.backward()
    assert x.grad.numpy().tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_an_optimiser_step_counts_as_a_change():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward(retain_graph=True)
    nnlite.optim.SGD([x], lr=0.1).step()
    with pytest.raises(GraphError, match="changed in place"):
        y.backward()


def test_in_place_arithmetic_is_refused_where_it_would_lose_a_gradient():
    x, total = leaf([1.0]), tensor([0.0])
    for change in (lambda: x.__iadd__(1.0), lambda: (x * 2.0).__iadd__(1.0), lambda: total.__iadd__(x)):
        with pytest.raises(GraphError, match="write x = x \\+ y"):
            change()
    with pytest.raises(GraphError):
        total[0] = x
    assert total.numpy().tolist() == [0.0]


def test_in_place_arithmetic():
    x = tensor([1.0, 2.0])
    same = x
    x += 1.0
    x -= np.array([0.0, 1.0])
    x *= tensor([2.0, 3.0])
    x /= 2
    x[0] = 7.0
    assert same is x and x.numpy().tolist() == [7.0, 3.0] and x.dtype == np.float32
    with pytest.raises(ValueError, match="broadcast"):
        x += tensor([1.0, 2.0, 3.0])


def test_methods_that_change_in_place(torch):
    def run(lib):
        x = lib.tensor([1.0, -2.0, 3.0])
        y = x.add_(lib.ones(3), alpha=2).sub_(1.0).mul_(lib.tensor([1.0, 2.0, 3.0])).div_(2)
        assert y is x
        kept = x.tolist()
        return [kept, x.clamp_(-0.5, 1.0).tolist(), x.clip_(max=0.25).tolist(), x.fill_(3).tolist(), x.zero_().tolist()]

    assert run(nnlite) == run(torch)


def test_methods_that_change_in_place_are_watched():
    x = leaf([1.0, 2.0])
    with pytest.raises(GraphError, match="not recorded"):
        x.clamp_(0.0, 1.0)
    y = x.exp()
    z = y * y
    y.detach().zero_()
    with pytest.raises(GraphError, match="changed in place"):
        z.sum().backward()
