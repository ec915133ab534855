"""Every operation at once: gradients in every memory order, agreement with PyTorch, dtypes, no aliased gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnlite
from tests.checks import check_against_pytorch, check_gradient
from tests.helpers import assert_close, backward, in_order, leaf, orders, seeds
from tests.operations import OPERATIONS, RANDOM

ALL = {**OPERATIONS, **RANDOM}
every_operation = pytest.mark.parametrize("name", ALL)


@every_operation
@given(data=st.data(), seed=seeds)
def test_gradient_in_every_memory_order(name, data, seed):
    check_gradient(ALL[name], seed, [data.draw(orders) for _ in ALL[name].inputs])


@every_operation
def test_memory_order_changes_no_value(name):
    arrays = ALL[name].arrays(1)

    def run(order):
        nnlite.manual_seed(3)
        tensors = [leaf(a, order=order) for a in arrays]
        output = ALL[name].nnlite(*tensors)
        u = backward(output)
        return np.linalg.norm(u), [output.detach().numpy(), *(t.grad.numpy() for t in tensors)]

    terms, plain = run("C")
    for order in ("Fortran", "channels last", "longer rows", "every second", "flipped"):
        for a, b in zip(run(order)[1], plain, strict=True):
            assert_close(a, b, 1e-13, terms)


@every_operation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_forward_and_backward(name, dtype):
    tensors = [leaf(a, dtype) for a in ALL[name].arrays()]
    output = ALL[name].nnlite(*tensors)
    backward(output)
    assert output.dtype == dtype
    assert [t.grad.dtype for t in tensors] == [dtype] * len(tensors)
    assert [t.grad.shape for t in tensors] == [t.shape for t in tensors]


@every_operation
def test_a_leaf_may_change_its_gradient_without_changing_another(name):
    tensors = [leaf(x) for x in ALL[name].arrays()]
    output = ALL[name].nnlite(*tensors)
    u, before = np.ones_like(output.detach().numpy()), output.detach().numpy().copy()
    output.backward(nnlite.Tensor(u))
    for i, tensor in enumerate(tensors):
        tensor.grad[...] = 100.0 + i
    assert all(np.all(tensor.grad.numpy() == 100.0 + i) for i, tensor in enumerate(tensors))
    assert np.all(u == 1.0)
    assert np.array_equal(output.detach().numpy(), before)


@every_operation
def test_only_the_gradients_that_were_asked_for_are_made(name):
    arrays = ALL[name].arrays()
    whole = [leaf(a) for a in arrays]
    terms = np.linalg.norm(backward(ALL[name].nnlite(*whole)))
    for i in range(len(arrays)):
        nnlite.manual_seed(0)
        tensors = [nnlite.Tensor(a, requires_grad=(k == i)) for k, a in enumerate(arrays)]
        backward(ALL[name].nnlite(*tensors))
        assert [t.grad is not None for t in tensors] == [k == i for k in range(len(arrays))]
        if name not in RANDOM:
            assert_close(tensors[i].grad, whole[i].grad, 1e-13, terms)


@every_operation
def test_inputs_are_left_as_they_were(name):
    arrays = ALL[name].arrays()
    tensors = [leaf(a) for a in arrays]
    backward(ALL[name].nnlite(*tensors))
    assert all(np.array_equal(t.detach().numpy(), a) for t, a in zip(tensors, arrays, strict=True))


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-5)])
def test_forward_and_backward_equal_pytorch(torch, name, dtype, tolerance):
    for seed, order in enumerate(("C", "channels last", "flipped")):
        check_against_pytorch(torch, OPERATIONS[name], dtype, tolerance, seed, order)


@every_operation
def test_blocked_and_threaded_paths_equal_the_plain_ones(name, tiny_blocks, monkeypatch):
    from nnlite.backend.cpu import blocks, products, winograd

    def run():
        nnlite.manual_seed(5)
        tensors = [leaf(a, order="channels last") for a in ALL[name].arrays()]
        output = ALL[name].nnlite(*tensors)
        u = backward(output)
        return np.linalg.norm(u), [output.detach().numpy(), *(t.grad.numpy() for t in tensors)]

    terms, blocked = run()
    assert all(np.array_equal(a, b) for a, b in zip(run()[1], blocked, strict=True)), "not the same bits twice"
    for constant in ("ELEMENTWISE_BLOCK", "ELEMENTWISE_THREADED"):
        monkeypatch.setattr(blocks, constant, 2**30)
    for constant in ("WINDOWS_BLOCK", "MATMUL_THREADED", "WINDOWS_LEAST"):
        monkeypatch.setattr(products, constant, 2**30)
    monkeypatch.setattr(winograd, "TILES_LEAST", 2**30)
    nnlite.set_num_threads(1)
    for a, b in zip(blocked, run()[1], strict=True):
        assert_close(a, b, 1e-13, terms)


def test_the_helper_tells_rounding_from_an_error_whether_or_not_a_sum_cancels(rng):
    terms = rng.standard_normal((1000, 3)).astype(np.float32)
    terms -= terms.mean(0)
    size = np.linalg.norm(terms)
    assert_close(terms.sum(0), np.zeros(3, np.float32), 1e-6, size)
    for wrong in (terms[:-1].sum(0), 1.01 * terms.sum(0) + 0.01, np.zeros(4), np.full(3, np.nan)):
        with pytest.raises(AssertionError):
            assert_close(wrong, np.zeros(3, np.float32), 1e-5, size)
    assert_close(terms @ np.ones((3, 2), np.float32), terms.sum(1, keepdims=True).repeat(2, 1), 1e-6)
    for wrong in (1.001 * terms, terms[:, ::-1], -terms):
        with pytest.raises(AssertionError):
            assert_close(wrong, terms, 1e-5)


def test_the_order_helper_keeps_values(rng):
    image = rng.standard_normal((2, 3, 4, 5))
    for order in ("C", "Fortran", "channels last", "longer rows", "every second", "flipped"):
        assert np.array_equal(in_order(image, order), image)
    assert len({in_order(image, o).strides for o in ("C", "Fortran", "channels last", "longer rows", "flipped")}) == 5
