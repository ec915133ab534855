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


def test_a_leaf_that_requires_a_gradient_and_its_views_are_not_changed_while_operations_are_recorded():
    x = leaf([1.0, 2.0])
    for change in (lambda: x.__iadd__(1.0), lambda: x[:1].__iadd__(1.0), lambda: x.view(2, 1).t().clamp_(0.0, 1.0)):
        with pytest.raises(GraphError, match="write x = x \\+ y"):
            change()
    with pytest.raises(GraphError):
        x[0] = x[1]
    assert x.tolist() == [1.0, 2.0]


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
    y = x.exp()
    z = y * y
    y.detach().zero_()
    with pytest.raises(GraphError, match="changed in place"):
        z.sum().backward()


def test_masks_and_indices_may_change_after_their_use():
    """They are no inputs with a gradient, so each operation keeps a copy of its own."""
    x = leaf(np.arange(6.0).reshape(3, 2))
    condition, index, mask = x.detach() > 2, tensor([0, 2]), x.detach() > 3
    z = nnlite.where(condition, x, 0.0).sum() + 10 * x[index].sum() + 100 * x[mask].sum()
    z = z + 1000 * F.embedding(index, x).sum()
    with nnlite.no_grad():
        condition.fill_(False)
        index.fill_(1)
        mask.fill_(True)
    z.backward()
    assert x.grad.tolist() == [[1010.0, 1010.0], [0.0, 1.0], [1111.0, 1111.0]]


def test_a_pad_of_nothing_corrupts_no_gradient():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    z = (y * y).sum()
    padded = F.pad(y.detach()[None], (0, 0), "replicate")
    padded += 1.0
    if np.shares_memory(padded.detach().numpy(), y.detach().numpy()):
        with pytest.raises(GraphError, match="changed in place"):
            z.backward()
    else:
        z.backward()
        assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    "key",
    [
        (0, slice(None), [0, 1]), (slice(None), [1, 0], 1), ([0, 1], slice(None), [1, 1]), (1,), (..., 0), ([1],),
        (slice(None, None, 2), 1), (1, 2, 3),
    ],
)  # fmt: skip
def test_setitem_reads_a_key_as_getitem_does_and_as_pytorch(torch, key):
    ours, theirs = nnlite.zeros(2, 3, 4), torch.zeros(2, 3, 4)
    values = np.arange(1.0, 1 + theirs[key].numel(), dtype=np.float32).reshape(tuple(theirs[key].shape))
    ours[key], theirs[key] = nnlite.tensor(values), torch.tensor(values)
    assert ours.tolist() == theirs.tolist()
    assert ours[key].tolist() == values.tolist()


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda x: x.__iadd__(tensor([1.0, 2.0, 3.0])), nnlite.ShapeError, r"\(3,\) into \(2,\)"),
        (lambda x: x.copy_(nnlite.ones(3, 2)), nnlite.ShapeError, r"copy_ in place: \(3, 2\) into \(2,\)"),
        (lambda x: x.__setitem__(0, nnlite.ones(4)), nnlite.ShapeError, r"\(4,\)"),
        (lambda x: x.copy_(None), TypeError, "a Tensor or a number, got NoneType"),
        (lambda x: x.mul_("a"), TypeError, "got str"),
        (lambda x: x.__setitem__(5, 1.0), IndexError, "out of bounds"),
        (lambda x: x.bfloat16(), AttributeError, "bfloat16"),
        (lambda x: x.to(nnlite.uint8).fill_(300), ValueError, "300 out of bounds"),
        (lambda x: x.backward([1.0]), GraphError, "requires no gradient"),
        (lambda x: x.requires_grad_().backward([1.0, 2.0]), TypeError, "gradient is a Tensor"),
        (lambda x: setattr(x, "grad", np.ones(2)), TypeError, "grad: expected a Tensor, got ndarray"),
        (lambda x: setattr(x, "data", np.ones(2)), TypeError, "data: expected a Tensor"),
        (lambda x: ~x, TypeError, "bool tensor"),
        (lambda x: x + 10**400, ValueError, "use a wider dtype"),
    ],
)
def test_what_cannot_be_done_in_place_is_told(change, error, says):
    x = tensor([1.0, 2.0])
    with pytest.raises(error, match=says):
        change(x)
    assert x.tolist() == [1.0, 2.0] and x._version == [0, 0], "a change that failed does not count"


def test_masks_combine(torch):
    def run(lib):
        x = lib.tensor([-1.0, 0.5, 2.0])
        return [((x > 0) & (x < 1)).tolist(), ((x < 0) | (x > 1)).tolist(), (~(x > 0)).tolist()]

    assert run(nnlite) == run(torch)
    with pytest.raises(TypeError, match="expected bool tensors"):
        tensor([1]) & tensor([1])


def test_recording_may_be_switched_on_again_inside_no_grad():
    x = leaf([1.0])
    with nnlite.no_grad():
        assert not (x * 2.0).requires_grad
        with nnlite.enable_grad():
            assert (x * 2.0).requires_grad
        assert not (x * 2.0).requires_grad


def test_running_statistics_that_moved_are_noticed():
    running, x = tensor([0.5, 1.0]), leaf(np.random.default_rng(0).standard_normal((4, 2)), np.float32)
    w = leaf([2.0, 3.0], np.float32)
    z = (w * running).sum()
    F.batch_norm(x, running, nnlite.ones(2), training=True)
    with pytest.raises(GraphError, match="changed in place"):
        z.backward()


def test_numpy_numbers_go_in_place():
    assert tensor([1.0, 2.0]).mul_(np.float64(3.0)).tolist() == [3.0, 6.0]
