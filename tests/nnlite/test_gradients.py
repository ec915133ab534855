"""grad, hooks, and changes in place that are part of the graph. Right answers are derivatives by hand."""

import pytest

import nnlite
import nnlite.functional as F
from nnlite import GraphError, tensor
from nnlite.torch.autograd.gradients import grad
from tests.helpers import leaf


def test_grad_returns_derivatives_and_leaves_no_trace():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    square = x * x
    loss = (square * y).sum()
    dx, dsquare, dy = grad(loss, [x, square, y])
    assert dx.tolist() == [6.0, 16.0] and dsquare.tolist() == [3.0, 4.0] and dy.tolist() == [1.0, 4.0]
    assert x.grad is None and y.grad is None
    with pytest.raises(GraphError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("of", ["leaf", "computed"])
def test_grad_shows_its_input_gradients_to_their_hooks(torch, of):
    def run(library, grad):
        x, other = (library.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        y = x * other
        x.register_hook(lambda g: g * 3)
        x.register_hook(lambda g: g + 1)
        y.register_hook(lambda g: g * 10)
        other.register_hook(lambda g: 1 / 0)  # not asked for
        return grad((y * x).sum(), x if of == "leaf" else y)[0].tolist()

    assert run(nnlite, grad) == run(torch, torch.autograd.grad)


def test_grad_of_several_outputs_is_weighed_and_summed():
    x = leaf([1.0, 2.0])
    (dx,) = grad([x * x, 3.0 * x], x, grad_outputs=[tensor([1.0, 10.0], dtype=x.dtype), nnlite.ones_like(x)])
    assert dx.tolist() == [5.0, 43.0]
    y = x * x
    for _ in range(2):
        assert grad(y.sum(), x, retain_graph=True)[0].tolist() == [2.0, 4.0]


def test_grad_of_a_leaf_is_one_and_of_something_else_none():
    x, other = leaf([2.0]), leaf([1.0])
    assert grad(x.sum(), [x, other], allow_unused=True)[1] is None
    assert grad(x, x)[0].tolist() == [1.0]
    with pytest.raises(GraphError, match=r"do not depend on the input of shape \(1,\)"):
        grad(x.sum(), [x, other])


def test_second_derivatives_are_refused_and_told_what_to_do():
    x = leaf([2.0])
    with pytest.raises(GraphError, match=r"first derivatives only; docs/from-pytorch\.md"):
        grad((x * x).sum(), x, create_graph=True)


def test_a_hook_sees_the_whole_gradient_and_may_change_it():
    x, seen = leaf([1.0, 2.0]), []
    y = x * x
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = y.register_hook(lambda g: 2.0 * g)
    x.register_hook(lambda g: g.clamp(0.0, 15.0))
    (y.sum() + 3.0 * y.sum() + x.sum()).backward(retain_graph=True)
    assert seen == [[4.0, 4.0]], "one call, after both ways have come together"
    assert x.grad.tolist() == [15.0, 15.0], "of 2 * 4 * 2 x + 1 = [17, 33], cut after the sum"
    handle.remove()
    x.grad = None
    y.backward(nnlite.ones_like(y))
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(GraphError, match="requires no gradient"):
        tensor([1.0]).register_hook(print)


def test_a_loss_is_added_up_in_place():
    w, loss = leaf([1.0, 2.0]), 0
    loss += (w * w).sum()
    same = loss
    loss += w.sum()
    loss.backward()
    assert same is loss and loss.item() == 8.0 and w.grad.tolist() == [3.0, 5.0]


@pytest.mark.parametrize(
    ("change", "slope"),
    [
        (lambda y, x: y.__iadd__(x), [3.0, 3.0]),
        (lambda y, x: y.__isub__(y), [0.0, 0.0]),
        (lambda y, x: y.__imul__(x), [4.0, -8.0]),
        (lambda y, x: y.__itruediv__(x), [0.0, 0.0]),
        (lambda y, x: y.add_(x, alpha=5.0), [7.0, 7.0]),
        (lambda y, x: F.relu(y, inplace=True), [2.0, 0.0]),
        (lambda y, x: F.leaky_relu(y, 0.5, inplace=True), [2.0, 1.0]),
        (lambda y, x: y.clamp_(-1.0, 9.0), [2.0, 0.0]),
        (lambda y, x: y.copy_(x[:1]), [2.0, 0.0]),
        (lambda y, x: y.__setitem__(0, 3.0 * x[1]), [0.0, 5.0]),
        (lambda y, x: y[1:].__iadd__(x[:1]) is y and 0, None),
    ],
)
def test_changes_in_place_are_part_of_the_graph(change, slope):
    """y = 2 x, then the change: the derivative of y.sum() at x = (1, -2)."""
    x = leaf([1.0, -2.0])
    y = 2.0 * x
    change(y, x)
    if slope is None:  # a view was changed: y's own part of the graph does not know of it
        with pytest.raises(GraphError, match="shares memory with one that was changed in place later"):
            y.sum()
    else:
        y.sum().backward()
        assert x.grad.tolist() == slope


def test_a_part_is_changed_through_its_view():
    w = leaf([1.0, 2.0, 3.0])
    x = nnlite.zeros(2, 3, dtype=w.dtype)
    x[0] += w * w
    x[:, 1] = w[0]
    (x * x).sum().backward()
    assert x.tolist() == [[1.0, 1.0, 9.0], [0.0, 1.0, 0.0]] and w.grad.tolist() == [8.0, 0.0, 108.0]


def test_other_views_of_what_was_changed_are_refused():
    w = leaf([1.0, 2.0])
    y = w * 2.0
    before, after_all = y[0], y.detach()
    y += w
    with pytest.raises(GraphError, match="changed in place later"):
        before.sum()
    with pytest.raises(GraphError, match="changed in place later"):
        before += 1.0
    assert after_all.sum().item() == 9.0, "outside the graph the values are what counts"
    assert y[1].item() == 6.0


def test_what_backward_needs_is_watched_as_ever():
    w = leaf([1.0, 2.0])
    y = w.exp()
    y += 1.0
    with pytest.raises(GraphError, match="Exp needs was changed in place"):
        y.sum().backward()


def test_inplace_without_a_graph():
    h = tensor([[-1.0, 2.0]])
    r = F.relu(h, inplace=True)
    assert r is h and (h + r).tolist() == [[0.0, 4.0]]
    with pytest.raises(TypeError, match="makes float32 of int64"):
        tensor([1, 2]).clamp_(0.5, 1.5)


def test_a_stale_view_has_no_backward():
    x = leaf([3.0])
    y = x * 1.0
    view = y.reshape(1)
    y.mul_(2.0)
    with pytest.raises(GraphError, match="changed in place later"):
        view.backward()
    with pytest.raises(GraphError, match="changed in place later"):
        grad(view, x)


def test_elements_that_were_picked_are_a_copy_to_be_changed():
    x = leaf([1.0, 2.0, 3.0])
    picked = x[[0, 0, 2]]
    picked *= 2.0
    picked[1:] = tensor([[5.0, 7.0]], requires_grad=True)  # an axis more than the place has
    picked.sum().backward()
    assert picked.tolist() == [2.0, 5.0, 7.0] and x.grad.tolist() == [2.0, 0.0, 0.0]


def test_grad_does_not_enter_what_lies_behind_an_input():
    """One step of gradient descent as part of a graph (Finn et al. 2017, without second derivatives)."""
    x = leaf([1.0, 2.0])
    w = x * 3.0
    (dw,) = grad((w * w).sum(), w)
    ((w - 0.1 * dw) * w.detach()).sum().backward()
    assert dw.tolist() == [6.0, 12.0] and x.grad.tolist() == [9.0, 18.0]
