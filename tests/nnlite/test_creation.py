"""New tensors: PyTorch's values and dtypes, whose memory they have, and what is no shape."""

import numpy as np
import pytest

import nnlite
from nnlite import ShapeError

MAKERS = {
    "zeros": lambda lib: lib.zeros(2, 3),
    "zeros of a tuple": lambda lib: lib.zeros((2, 3), dtype=lib.int64),
    "ones": lambda lib: lib.ones(4, requires_grad=True),
    "ones in no axes": lambda lib: lib.ones(()),
    "full": lambda lib: lib.full((2, 2), 1.5),
    "full whole": lambda lib: lib.full((2,), 7),
    "full bool": lambda lib: lib.full((2,), True),
    "eye": lambda lib: lib.eye(3),
    "eye wide": lambda lib: lib.eye(2, 4, dtype=lib.float64),
    "arange": lambda lib: lib.arange(5),
    "arange from": lambda lib: lib.arange(2, 11, 3),
    "arange down": lambda lib: lib.arange(5, 0, -2),
    "arange of floats": lambda lib: lib.arange(0.5, 2.0, 0.25),
    "arange in a dtype": lambda lib: lib.arange(4, dtype=lib.float32),
    "linspace": lambda lib: lib.linspace(-1, 1, 5),
    "linspace of one": lambda lib: lib.linspace(2.0, 3.0, 1),
    "tensor": lambda lib: lib.tensor([[1, 2], [3, 4]]),
    "tensor of floats": lambda lib: lib.tensor([1.0, 2.5], dtype=lib.float64),
    "as_tensor": lambda lib: lib.as_tensor([True, False]),
    "full_like": lambda lib: lib.full_like(lib.ones(2, 3), 0.5),
    "zeros_like": lambda lib: lib.zeros_like(lib.arange(3)),
    "ones_like": lambda lib: lib.ones_like(lib.arange(3), dtype=lib.float32),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("default", ["float32", "float64"])
def test_values_dtypes_and_shapes_are_pytorchs(torch, name, default):
    try:
        for lib in (nnlite, torch):
            lib.set_default_dtype(getattr(lib, default))
        ours, theirs = MAKERS[name](nnlite), MAKERS[name](torch)
    finally:
        for lib in (nnlite, torch):
            lib.set_default_dtype(lib.float32)
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.") and ours.shape == tuple(theirs.shape)
    assert ours.requires_grad == theirs.requires_grad
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-7)


def test_random_tensors_have_their_distribution_and_repeat_with_the_seed():
    def draw():
        nnlite.manual_seed(3)
        return [
            nnlite.rand(100, 100), nnlite.randn(100, 100, dtype=nnlite.float64), nnlite.randint(-2, 5, (1000,)),
            nnlite.randint(4, (1000,)), nnlite.randperm(50), nnlite.rand_like(nnlite.zeros(3)),
            nnlite.randn_like(nnlite.zeros(3)), nnlite.randint_like(nnlite.zeros(3), 5),
        ]  # fmt: skip

    first, second = draw(), draw()
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(first, second, strict=True))
    uniform, normal, whole, low, order, *likes = first
    assert 0 <= float(uniform.min()) and float(uniform.max()) < 1
    assert float(uniform.mean()) == pytest.approx(0.5, abs=0.01)
    assert uniform.dtype == np.float32 and normal.dtype == np.float64 and whole.dtype == np.int64
    assert float(normal.mean()) == pytest.approx(0, abs=0.04) and float(normal.std()) == pytest.approx(1, abs=0.03)
    assert set(whole.tolist()) == set(range(-2, 5)) and set(low.tolist()) == set(range(4))
    assert sorted(order.tolist()) == list(range(50)) and order.tolist() != list(range(50))
    assert [t.shape for t in likes] == [(3,)] * 3 and all(t.dtype == np.float32 for t in likes)


def test_who_shares_memory():
    array = np.zeros(3)
    assert np.shares_memory(nnlite.from_numpy(array).numpy(), array)
    assert np.shares_memory(nnlite.as_tensor(array).numpy(), array)
    assert not np.shares_memory(nnlite.tensor(array).numpy(), array)
    x = nnlite.from_numpy(array)
    for copy in (nnlite.tensor(x), nnlite.zeros_like(x), nnlite.empty_like(x), nnlite.as_tensor(array, nnlite.float32)):
        assert not np.shares_memory(copy.numpy(), array)
    assert nnlite.empty(2, 3).shape == (2, 3) and nnlite.empty(2).dtype == np.float32


def test_layers_take_the_default_dtype():
    try:
        nnlite.set_default_dtype(nnlite.float64)
        assert nnlite.tensor([1.0]).dtype == nnlite.get_default_dtype() == np.float64
        layers = (nnlite.nn.Conv2d(1, 2, 3), nnlite.nn.Linear(2, 3), nnlite.nn.BatchNorm2d(4), nnlite.nn.PReLU())
        assert all(p.dtype == np.float64 for layer in layers for p in layer.parameters())
    finally:
        nnlite.set_default_dtype(nnlite.float32)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nnlite.zeros(2, -1), ShapeError, r"zeros: .* negative .*\(2, -1\)"),
        (lambda: nnlite.ones(2.5), TypeError, r"ones: .* whole numbers, got \(2\.5,\)"),
        (lambda: nnlite.rand("a"), TypeError, "rand"),
        (lambda: nnlite.arange(0, 5, -1), ValueError, "do not lead from 0 to 5"),
        (lambda: nnlite.arange(0, 5, 0), ValueError, "steps of 0"),
        (lambda: nnlite.linspace(0, 1, -1), ShapeError, "negative"),
        (lambda: nnlite.randint(5, 5, (2,)), ValueError, "no whole number from 5 on lies below 5"),
        (lambda: nnlite.from_numpy([1.0]), TypeError, r"a NumPy array, got list; use nnlite\.tensor"),
        (lambda: nnlite.ones(2, dtype=nnlite.int64, requires_grad=True), TypeError, "int64"),
        (lambda: nnlite.zeros(2, device="tpu"), nnlite.DeviceError, "unknown device 'tpu'"),
        (lambda: nnlite.set_default_dtype(nnlite.int64), TypeError, "floating-point"),
        (lambda: nnlite.tensor([[1.0], [1.0, 2.0]]), ValueError, "inhomogeneous"),
    ],
)
def test_what_is_no_tensor_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
