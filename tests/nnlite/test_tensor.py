"""Tensors: how they are made, and the backward pass through graphs of every form."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import nnlite
import nnlite.functional as F
from nnlite import GraphError, Tensor, no_grad, tensor
from tests.helpers import leaf

# Making one


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, np.int64),
        (1.0, np.float32),
        (True, np.bool_),
        ([1, 2], np.int64),
        ([[1, 2.5], [3, 4]], np.float32),
        (np.arange(3.0), np.float64),
        (np.float64(3), np.float64),
        (np.float32(3), np.float32),
        (np.zeros(2, np.uint8), np.uint8),
        (Tensor(np.zeros(2)), np.float64),
        ([Tensor(np.ones((), np.float32)), Tensor(np.zeros((), np.float32))], np.float32),
    ],
)
def test_tensor_takes_pytorchs_dtypes(data, dtype):
    t = tensor(data)
    assert t.dtype == dtype and t.shape == np.shape(data) and t.device == "cpu" and t.is_leaf
    assert tensor(data, dtype="float64").dtype == np.float64


def test_tensor_copies_and_its_views_share():
    array = np.zeros(3)
    t = tensor(array)
    array[0] = 1.0
    assert t.numpy().tolist() == [0.0, 0.0, 0.0]
    assert np.shares_memory(t.numpy(), t.detach().numpy())
    assert np.asarray(t).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("data", ["text", None, 1j, [object()], {"a": 1}])
def test_tensor_refuses_what_is_no_number(data):
    with pytest.raises(TypeError, match="expected real numbers"):
        tensor(data)
    with pytest.raises(TypeError, match=r"nnlite\.tensor"):
        Tensor(data)


def test_whole_numbers_cannot_require_gradients():
    for make in (lambda: tensor([1, 2], requires_grad=True), lambda: tensor([1, 2]).requires_grad_()):
        with pytest.raises(TypeError, match=r"int64; use \.float\(\)"):
            make()


def test_numbers_out_of_it():
    assert tensor([[2.5]]).item() == float(tensor(2.5)) == 2.5
    assert int(tensor(3)) == 3 and bool(tensor(True)) and not bool(tensor(0.0))
    with pytest.raises(nnlite.ShapeError, match=r"one element, this tensor has shape \(2,\)"):
        float(tensor([1.0, 2.0]))
    assert tensor(np.zeros((2, 3))).size() == (2, 3) and tensor(np.zeros((2, 3))).size(-1) == 3
    assert len(tensor([1, 2])) == 2 and [int(t) for t in tensor([1, 2])] == [1, 2]
    with pytest.raises(TypeError, match="0-d"):
        len(tensor(1.0))


def test_repr_says_what_it_is():
    x = leaf([1.0, 2.0])
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=Mul)"
    assert repr(tensor([[1.0], [2.0]])) == "tensor([[1.],\n        [2.]])"


def test_attributes_that_do_not_exist_raise():
    with pytest.raises(AttributeError):
        tensor(1.0).gradient  # noqa: B018
    with pytest.raises(AttributeError):
        tensor(1.0).requires_gard = True


# Graphs


def test_a_diamond_adds_both_ways():
    x = leaf(3.0)
    a = x * x
    (a * x + a.exp()).backward()  # x^3 + e^(x^2)
    assert float(x.grad) == pytest.approx(3 * 9 + 6 * np.exp(9.0), rel=1e-14)


def test_a_ladder_of_diamonds_visits_each_node_once():
    x = leaf(1.0)
    y = x
    for _ in range(60):  # 2^60 paths
        y = y + y
    y.backward()
    assert float(x.grad) == 2.0**60


def test_a_tensor_used_a_thousand_times():
    x = leaf(np.arange(3.0))
    total = x * 1.0
    for i in range(1, 1000):
        total = total + x * float(i)
    total.sum().backward()
    assert x.grad.numpy().tolist() == [sum(range(1000)) + 1.0] * 3


def test_a_chain_50000_deep():
    x = leaf([1.0])
    y = x
    for _ in range(50_000):
        y = y + 1.0
    y.backward()
    assert float(x.grad) == 1.0
    z = x
    for _ in range(50_000):
        z = -z
    del z  # a deep graph that no backward has freed must go away quietly as well


def test_an_operand_given_twice():
    x = leaf([2.0, 3.0])
    (x * x + x / x - (x - x)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [4.0, 6.0], atol=1e-15)


def test_the_order_of_use_does_not_matter():
    """A node is visited after all that use it, however the paths differ in length."""
    x = leaf(2.0)
    a = x * 3.0
    long = a
    for _ in range(5):
        long = long * 1.0
    for y in (a * long, long * a):
        x.grad = None
        y.backward(retain_graph=True)
        assert float(x.grad) == 2 * 9 * 2.0


def test_gradients_accumulate_until_forgotten():
    x = leaf(2.0)
    for times in (1, 2, 3):
        (x * x).backward()
        assert float(x.grad) == 4.0 * times
        assert x.grad.array.shape == () and x.grad.device == "cpu"


def test_backward_of_a_leaf_and_of_a_weighted_output():
    x = leaf([1.0, 2.0], np.float32)
    x.backward(tensor([3.0, 4.0], dtype=np.float64))
    (x * x).backward(np.array([1.0, 10.0]))
    assert x.grad.numpy().tolist() == [3.0 + 2.0, 4.0 + 40.0] and x.grad.dtype == np.float32


def test_backward_needs_one_number_or_weights():
    y = leaf([[1.0, 2.0]]) * 2.0
    with pytest.raises(GraphError, match=r"shape \(1, 2\)"):
        y.backward()
    with pytest.raises(nnlite.ShapeError, match=r"\(2,\).*\(1, 2\)"):
        y.backward(tensor([1.0, 2.0]))
    with pytest.raises(GraphError, match="requires no gradient"):
        tensor(1.0).backward()


def test_a_second_backward_is_refused_unless_the_graph_was_retained():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert float(x.grad) == 12.0
    with pytest.raises(GraphError, match=r"Mul a second time.*retain_graph=True"):
        y.backward()
    a = x.exp()
    (a * 2.0).backward()
    with pytest.raises(GraphError, match="Exp a second time"):
        (a * 3.0).backward()


def test_no_grad_detach_and_requires_grad():
    x = leaf([1.0, 2.0])
    with no_grad():
        assert not (x * 2.0).requires_grad and not nnlite.is_grad_enabled()
        with pytest.raises(ZeroDivisionError), no_grad():
            raise ZeroDivisionError
        assert not nnlite.is_grad_enabled(), "an inner block must not switch recording on again"
    assert nnlite.is_grad_enabled()
    (x.detach() * x).sum().backward()  # the detached factor is a constant
    assert x.grad.numpy().tolist() == [1.0, 2.0]
    assert not x.detach().requires_grad and not (tensor(1.0) + 1.0).requires_grad
    with pytest.raises(GraphError, match="detach"):
        (x * 2.0).requires_grad_(False)


def test_freezing_a_leaf_between_forward_and_backward(torch):
    """As in PyTorch, the frozen leaf gets nothing; the others get what is theirs."""
    grads = []
    for a, b in (
        (leaf([2.0]), leaf([5.0])),
        (torch.tensor([2.0], requires_grad=True), torch.tensor([5.0], requires_grad=True)),
    ):
        y = (a * b).sum()
        a.requires_grad_(False)
        y.backward()
        grads.append((a.grad is None, b.grad.numpy().tolist()))
    assert grads[0] == grads[1] == (True, [2.0])


def test_a_gradient_path_that_ends_in_a_constant():
    x, constant = leaf(2.0), tensor(5.0)
    (x * constant).backward()
    assert float(x.grad) == 5.0 and constant.grad is None


def test_float32_gradients_stay_float32_beside_float64_ones():
    x, w = leaf([1.0], np.float32), leaf([2.0], np.float64)
    y = x * w
    assert y.dtype == np.float64
    y.backward()
    assert x.grad.dtype == np.float32 and w.grad.dtype == np.float64


# Memory


def test_memory_returns_to_its_start_after_training_steps(rng):
    """Without the garbage collector: the graph holds no reference cycles."""
    x, w = nnlite.Tensor(rng.standard_normal((2, 3, 64, 64))), leaf(rng.standard_normal((3, 3, 3, 3)))
    gamma = leaf(np.ones(3))

    def step():
        w.grad = gamma.grad = None
        y = F.conv2d(x, w, None, 1, 1)
        y = F.leaky_relu(F.batch_norm(y, None, None, gamma, gamma, training=True))
        y = F.cat([y.tanh(), F.dropout(y)], 1)
        F.mse_loss(y, nnlite.full_like(y, 1.0)).backward()

    step()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < x.array.nbytes / 2, f"{grown} bytes more after 100 steps: more than an array was kept"


def test_values_nobody_needs_are_freed_during_the_forward_pass():
    """A chain of sums saves nothing, so its intermediate values must go."""
    x = leaf(np.zeros(100_000))
    tracemalloc.start()
    try:
        y = x
        for _ in range(50):
            y = y + 1.0
        assert tracemalloc.get_traced_memory()[0] < 3 * x.array.nbytes
    finally:
        tracemalloc.stop()


def test_backward_frees_what_was_kept_for_it_though_the_loss_is_still_there():
    y = leaf([1.0, 2.0]).exp()
    kept = weakref.ref(y.array)
    loss = (y * y).sum()
    del y
    assert kept() is not None
    loss.backward()
    assert kept() is None and float(loss) > 0


def test_a_computed_tensor_may_retain_its_gradient(torch):
    results = []
    for lib in (nnlite, torch):
        x = lib.tensor([1.0, -2.0], dtype=lib.float64, requires_grad=True)
        y = x * 3.0
        z = lib.exp(y) + y
        y.retain_grad()
        x.retain_grad()
        z.retain_grad()
        z.sum().backward(retain_graph=True)
        z.sum().backward()
        results.append([t.grad.tolist() for t in (x, y, z)])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)
    with pytest.raises(GraphError, match="requires no gradient"):
        tensor([1.0]).retain_grad()


def test_a_retained_gradient_is_memory_of_its_own():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    y.retain_grad()
    (y + 0.0).sum().backward()
    y.grad.array[...] = 7.0
    assert x.grad.tolist() == [1.0, 1.0]


def test_to_changes_the_dtype_inside_the_graph():
    x = leaf([1.0, 2.0])
    assert x.to(nnlite.float64) is x and x.to("cpu") is x and x.to(leaf([0.0])) is x
    y = x.float()
    (y * y).sum().backward()
    assert y.dtype == np.float32 and x.grad.dtype == np.float64 and x.grad.tolist() == [2.0, 4.0]
    assert [t.dtype for t in (x.long(), x.int(), x.bool(), x.double())] == [np.int64, np.int32, np.bool_, np.float64]
    assert x.type(nnlite.float32).dtype == np.float32


def test_data_is_the_memory_outside_the_graph():
    x = leaf([1.0, 2.0])
    y = x * x
    x.data.clamp_(max=1.5)  # at the reader's own risk: nothing notices
    y.sum().backward()
    assert x.tolist() == [1.0, 1.5] and x.grad.tolist() == [2.0, 3.0] and not x.data.requires_grad
    x.data = tensor([5.0, 6.0])
    assert x.tolist() == [5.0, 6.0] and x.requires_grad


def test_every_method_is_the_function_of_its_name():
    for name in ("exp", "sum", "max", "squeeze", "relu", "split", "softmax"):
        assert getattr(nnlite.Tensor, name) is getattr(F, name)


def test_tensors_compare_by_value_and_hash_by_identity():
    a, b = tensor([1.0, 2.0]), tensor([1.0, 3.0])
    assert (a == b).tolist() == [True, False] and (a != b).tolist() == [False, True]
    assert len({a, b, a}) == 2 and a in {a: 1}
    assert (a == None) is False and (a != "text") is True  # noqa: E711
    assert not (a > 0).requires_grad and (a > 0).dtype == np.bool_


def test_a_tensor_serves_as_an_index():
    assert [10, 20, 30][tensor(2)] == 30 and list(range(tensor(3))) == [0, 1, 2]
    with pytest.raises(TypeError, match=r"whole number, not float32; use \.long"):
        [1, 2][tensor(1.0)]


def test_full_like_keeps_everything_but_the_values(rng):
    x = leaf(rng.standard_normal((2, 3, 4, 5)), np.float32, "channels last")
    y = nnlite.full_like(x, 0.9)
    assert y.dtype == np.float32 and y.array.strides == x.array.strides and not y.requires_grad
    assert np.all(y.numpy() == np.float32(0.9))
