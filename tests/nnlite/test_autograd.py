"""The backward pass hands leaves gradients in memory of their own, and copies none without need."""

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import Function, graph
from nnlite.autograd import walk
from tests.helpers import leaf


class Sum(Function):
    """An operation of the reader's own, whose backward returns whatever the test wants."""

    def forward(self, a, b, *, answer):
        self.a, self.b, self.answer = a, b, answer
        return a + b

    def backward(self, dy):
        return self.answer(self, dy)


def twice(self, dy):
    g = 2.0 * dy
    return g, g


def views_of_one(self, dy):
    g = 2.0 * dy
    return g[...], g[::-1]


ANSWERS = {
    "one array twice": twice,
    "views of one array": views_of_one,
    "dy": lambda self, dy: (dy, dy),
    "saved arrays": lambda self, dy: (self.b, self.a),
    "a view of a saved array": lambda self, dy: (self.a[::-1], self.a),
    "one number, broadcast": lambda self, dy: (np.broadcast_to(3.0, dy.shape), 2.0 * dy),
}


@pytest.mark.parametrize("retain_graph", [False, True])
@pytest.mark.parametrize("name", ANSWERS)
def test_gradients_share_memory_with_nothing(name, retain_graph):
    a, b, u = leaf([1.0, 2.0]), leaf([3.0, 5.0]), np.array([1.0, -1.0])
    y = Sum.apply(a, b, answer=ANSWERS[name])
    expected = [np.array(g) for g in ANSWERS[name](y.grad_fn, u)]
    y.backward(nnlite.Tensor(u), retain_graph=retain_graph)
    arrays = [a.detach().numpy(), b.detach().numpy(), u, a.grad.numpy(), b.grad.numpy()]
    for i, first in enumerate(arrays):
        assert not any(np.may_share_memory(first, second) for second in arrays[i + 1 :])
    for tensor, gradient in zip((a, b), expected, strict=True):
        assert np.array_equal(tensor.grad.numpy(), gradient)
        tensor.grad.zero_()
    if retain_graph:  # nothing that a second backward needs went with the gradients
        y.backward(nnlite.Tensor(u))
        for tensor, gradient in zip((a, b), expected, strict=True):
            assert np.array_equal(tensor.grad.numpy(), gradient)


def test_gradients_of_fresh_memory_are_not_copied(monkeypatch, rng):
    made = []
    x, w, b = (leaf(rng.standard_normal(s)) for s in ((2, 3, 5, 5), (4, 3, 3, 3), (4,)))
    y = F.conv2d(x, w, b)
    original = type(y.grad_fn).backward

    def remember(self, dy):
        made.extend(original(self, dy))
        return made

    monkeypatch.setattr(type(y.grad_fn), "backward", remember)
    y.backward(nnlite.ones_like(y))
    for tensor, array in zip((x, w, b), made, strict=True):
        assert tensor.grad.array is array


def test_on_the_gpu_too(gpu):
    a, b = (nnlite.Tensor(t.gpu().array, requires_grad=True) for t in (leaf([1.0, 2.0]), leaf([3.0, 5.0])))
    y = Sum.apply(a, b, answer=twice).cpu()
    y.backward(nnlite.ones_like(y))
    a.grad.zero_()
    assert b.grad.tolist() == [2.0, 2.0]


def test_walk_visits_each_node_after_all_that_use_it():
    x, frozen = leaf([1.0, 2.0]), nnlite.tensor([1.0, 1.0])
    square = x * x
    total = (square.exp() + square * frozen.double()).sum()
    visited = list(walk(total.grad_fn, np.ones(())))
    names = [type(node).__name__ for node, _, _ in visited]
    assert names[:2] == ["Sum", "Add"] and names[-1] == "Mul" and len(names) == 5
    node, dy, grads = visited[-1]
    assert node is square.grad_fn
    np.testing.assert_allclose(dy, np.exp([1.0, 4.0]) + 1.0)
    assert [edge is x for edge, _ in grads] == [True, True]
    np.testing.assert_allclose(sum(grad for _, grad in grads), 2.0 * x.detach().numpy() * dy)
    assert x.grad is None and graph.gradient_norms(total)[x] == pytest.approx(
        np.linalg.norm(2.0 * x.detach().numpy() * dy)
    )


def test_a_node_that_no_gradient_reaches_is_visited_and_freed():
    x = leaf([1.0, 2.0])
    inner = x.exp()
    y = Sum.apply(inner, x, answer=lambda self, dy: (None, dy))
    assert [dy is None for _, dy, _ in walk(y.grad_fn, np.ones(2))] == [False, True]
    y.backward(nnlite.ones_like(y))
    assert inner.grad_fn.freed and x.grad.tolist() == [1.0, 1.0]
