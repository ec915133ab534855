"""The backend: memory orders, blocks and threads, random numbers, devices that are not there."""

import threading

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import nnlite.data.collate
import nnlite.torch
from nnlite import backend as backends
from nnlite.backend import layout, random
from nnlite.backend.cpu import Cpu, blas, blocks, products
from nnlite.backend.cpu.threads import parallel
from tests.helpers import in_order, orders, seeds, window_geometry

images = st.tuples(*[st.integers(1, 4)] * 4)


# Memory order


@given(shape=images, order=orders)
@example((1, 1, 2, 3), "every second")
def test_channels_last_and_back(shape, order):
    x = in_order(np.arange(np.prod(shape), dtype=np.float32).reshape(shape), order)
    base = layout.channels_last(x)
    assert np.array_equal(base, x.transpose(0, 2, 3, 1))
    assert np.array_equal(layout.channels_first(base), x)
    if order in ("channels last", "longer rows") or (shape[2:] == (1, 1) and order == "C"):
        assert np.shares_memory(base, x) and np.shares_memory(layout.rows(x), x), "the right order needs no copy"
    assert np.shares_memory(layout.rows(layout.channels_first(base)), base), "it merges into a matrix"
    assert layout.rows(x).shape == (shape[0] * shape[2] * shape[3], shape[1])
    assert np.array_equal(layout.rows(x)[0], x[0, :, 0, 0])
    assert np.array_equal(layout.from_rows(layout.rows(x), shape), x)


def test_one_number_spread_over_an_image_becomes_real_memory():
    """The gradient of a sum has strides of 0, which a matrix product would work through number by number."""
    spread = np.broadcast_to(np.float32(2), (2, 1, 3, 4))
    base = layout.channels_last(spread)
    assert base.flags.c_contiguous and np.array_equal(base, spread.transpose(0, 2, 3, 1))


@given(shape=array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3), order=orders)
def test_rows_and_back_for_any_rank(shape, order):
    x = in_order(np.arange(np.prod(shape), dtype=np.float64).reshape(shape), order)
    matrix = layout.rows(x)
    assert matrix.ndim == 2 and np.array_equal(layout.from_rows(matrix, shape), x)


@given(
    size=st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7), st.integers(1, 2)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_windows_are_the_patches(size, kernel, stride):
    size = (size[0], max(size[1], kernel[0]), max(size[2], kernel[1]), size[3])
    x = np.arange(np.prod(size)).reshape(size)
    view = Cpu().windows(x, window_geometry(kernel, stride))
    assert np.shares_memory(view, x)
    for i, j in np.ndindex(view.shape[1:3]):
        top, left = i * stride[0], j * stride[1]
        assert np.array_equal(view[:, i, j], x[:, top : top + kernel[0], left : left + kernel[1]])
    assert view.shape[1] == len(range(0, size[1] - kernel[0] + 1, stride[0]))
    assert view.shape[2] == len(range(0, size[2] - kernel[1] + 1, stride[1]))


# Blocks and threads


@pytest.fixture(params=[(1, 1), (5, 2), (7, 3), (60, 4), (10**9, 2)], ids=str)
def in_blocks(request, monkeypatch):
    size, threads = request.param
    monkeypatch.setattr(blocks, "ELEMENTWISE_THREADED", 0)
    monkeypatch.setattr(blocks, "ELEMENTWISE_BLOCK", size)
    monkeypatch.setattr(products, "WINDOWS_BLOCK", size)
    nnlite.set_num_threads(threads)


@pytest.mark.parametrize("order", ["C", "channels last", "longer rows", "every second"])
def test_elementwise(in_blocks, rng, order):
    a, b = (in_order(rng.standard_normal((2, 3, 5, 4)), o) for o in (order, "C"))
    scale = rng.standard_normal(3)
    y = Cpu().elementwise(lambda a, b, s, t: a * s + b * t, a, b, constants=(scale, 2.0))
    np.testing.assert_allclose(y, a * scale[:, None, None] + 2.0 * b, rtol=1e-14)
    y = Cpu().elementwise(np.negative, a[0, 0])
    assert np.array_equal(y, -a[0, 0])


@pytest.mark.parametrize("order", ["C", "channels last", "Fortran", "every second"])
@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (5, 4), (7,), (), (2, 3, 4)])
def test_update_writes_into_the_arrays_it_is_given(in_blocks, rng, order, shape):
    p, g = (np.asarray(rng.standard_normal(shape)) for _ in "pg")
    a, b = in_order(p, order), in_order(g, "C")

    def descend(p, g, lr):
        p -= lr * g
        g *= 2.0

    Cpu().update(descend, a, b, constants=(0.1,))
    np.testing.assert_allclose(a, p - 0.1 * g, rtol=1e-14)
    np.testing.assert_allclose(b, 2.0 * g, rtol=1e-14)


def test_column_sums(in_blocks, rng):
    a, b = rng.standard_normal((23, 3)), rng.standard_normal((23, 3))
    sums = Cpu().column_sums(lambda a, b, c: a * b + c, a, b, constants=(np.arange(3.0),))
    np.testing.assert_allclose(sums, (a * b + np.arange(3.0)).sum(0), rtol=1e-12)
    assert Cpu().column_sums(lambda a: a, a.astype(np.float32)).dtype == np.float64


def test_products_of_windows(in_blocks, rng):
    x, w, bias = rng.standard_normal((2, 6, 5, 3)), rng.standard_normal((3 * 2 * 3, 4)), rng.standard_normal(4)
    view = Cpu().windows(x, window_geometry((3, 2), (1, 2)))
    flat = np.stack([patch.ravel() for patch in view.reshape(-1, 3, 2, 3)])
    expected = (flat @ w).reshape(*view.shape[:3], 4)
    np.testing.assert_allclose(products.rows_matmul(view, w), expected, rtol=1e-12)
    out = np.zeros((2, 4, 4, 4))[:, :, ::2]  # every second column of a larger result, as `spread` wants it
    assert products.rows_matmul(view, w, bias, out) is out
    np.testing.assert_allclose(out, expected + bias, rtol=1e-12)
    y = rng.standard_normal((*view.shape[:3], 4))
    np.testing.assert_allclose(products.rows_outer(view, y), y.reshape(-1, 4).T @ flat, rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_each_block_is_worked_once_whatever_the_number_of_threads(threads):
    for count in (0, 1, 2, 7, 8, 9):
        done, blocks = [], [(i,) for i in range(count)]
        parallel(done.append, blocks, threads)
        assert sorted(done) == list(range(count))
        if count:
            assert parallel(lambda i: i, blocks, threads, total=True) == sum(range(count))


@pytest.mark.parametrize("where", range(9))
def test_an_error_in_any_thread_reaches_the_caller(where):
    def fail(i):
        if i == where:
            raise ZeroDivisionError
        return i

    with pytest.raises(ZeroDivisionError):
        parallel(fail, [(i,) for i in range(9)], 3)
    assert parallel(fail, [(i,) for i in range(9) if i != where], 3, total=True) == 36 - where


def test_several_threads_of_the_readers_may_compute_at_once(tiny_blocks, rng):
    x = rng.standard_normal((4, 3, 8, 8))
    expected, results = np.tanh(x), {}

    def work(i):
        results[i] = nnlite.functional.tanh(nnlite.Tensor(x + i)).numpy()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    np.testing.assert_allclose(results[0], expected, rtol=1e-14)
    assert len(results) == 4


def test_the_number_of_threads():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        nnlite.set_num_threads(0)


def test_blas_gets_its_threads_back():
    switch = blas._switch()
    before = switch and switch[0]()
    with pytest.raises(ZeroDivisionError), blas.one_thread_each():
        assert not switch or switch[0]() == 1
        raise ZeroDivisionError
    assert (switch and switch[0]()) == before


def test_without_the_switch_everything_works(monkeypatch, tiny_blocks, rng):
    monkeypatch.setattr(blas, "_switch", lambda: None)
    x = rng.standard_normal((3, 4, 5, 6))
    np.testing.assert_allclose(nnlite.functional.sigmoid(nnlite.Tensor(x)).numpy(), 1 / (1 + np.exp(-x)), rtol=1e-13)


# Random numbers


def test_random_state_goes_through_json():
    import json

    random.manual_seed(3)
    random.uniform(5)
    state = json.loads(json.dumps(nnlite.get_rng_state()))
    first = random.normal((2, 3)), random.uniform(4)
    random.manual_seed(9)
    nnlite.set_rng_state(state)
    again = random.normal((2, 3)), random.uniform(4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert first[0].dtype == first[1].dtype == np.float32


@given(seed=seeds)
def test_the_seed_decides(seed):
    draws = []
    for s in (seed, seed, seed + 1):
        nnlite.manual_seed(s)
        draws.append(random.uniform(8).tolist())
    assert draws[0] == draws[1] != draws[2]


# Devices


def test_without_a_gpu_one_line_says_what_to_do(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cupy", None)  # makes `import cupy` fail even where it is installed
    assert not nnlite.gpu_available()
    for ask in (
        lambda: nnlite.tensor(1.0).gpu(),
        lambda: nnlite.tensor(1.0, device="cuda"),
        lambda: nnlite.nn.Conv2d(1, 1, 1).to("cuda:0"),
        lambda: nnlite.DataLoader([(np.zeros(2),)], device="gpu").__iter__().__next__(),
        # the first GPU is number 0, which must not be taken for "none given"
        lambda: nnlite.tensor(1.0, device=0),
        lambda: nnlite.as_tensor([1.0], device=0),
        lambda: nnlite.as_tensor(np.zeros(2), device=0),
        lambda: nnlite.randn(2, device=0),
        lambda: nnlite.zeros_like(nnlite.ones(2), device=0),
        lambda: nnlite.data.collate.collate([nnlite.ones(2)], device=0),
        lambda: nnlite.data.collate.collate([1.5], device=0),
        lambda: nnlite.torch.FloatTensor([1.0], device=0),
    ):
        with pytest.raises(nnlite.DeviceError, match=r"no GPU here.*'cpu'.*nnlite\[gpu\]") as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["tpu", "", "GPU", None, 1, False])
def test_devices_that_do_not_exist(device):
    with pytest.raises(nnlite.DeviceError, match="'cpu' or 'gpu'"):
        nnlite.tensor(1.0).to(device)


def test_the_cpu_is_where_things_are(fast):
    x = nnlite.tensor([1.0])
    assert x.to("cpu") is x and x.device == "cpu" and isinstance(backends.of(x.array, 2.0, None), Cpu)
