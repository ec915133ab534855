"""functional/cumulative.py: zeros in products, dtypes, sizes, many numbers."""

import numpy as np
import pytest

import nnlite
from nnlite import tensor
from tests.helpers import backward, leaf
from tests.nnlite.test_functional_gather import same

OPERATIONS = {
    "cumsum": lambda x, dim, **kind: x.cumsum(dim, **kind),
    "cumprod": lambda x, dim, **kind: x.cumprod(dim, **kind),
    "prod": lambda x, dim, **kind: x.prod(dim, **kind),
    "prod kept": lambda x, dim, **kind: x.prod(dim, keepdim=True, **kind),
    "prod of all": lambda x, dim, **kind: x.prod(**kind),
}
DTYPES = ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (1, 2), (2, 0), (0, 2), ()])
def test_dtypes_and_sizes_are_pytorchs(torch, name, dtype, shape):
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) * 3 % 5).astype(dtype)
    for dim in range(-len(shape), len(shape)) or (0, -1):
        same(OPERATIONS[name](tensor(array), dim), OPERATIONS[name](torch.tensor(array), dim))
        for other in ("float64", "int32"):
            ours = OPERATIONS[name](tensor(array), dim, dtype=getattr(nnlite, other))
            same(ours, OPERATIONS[name](torch.tensor(array), dim, dtype=getattr(torch, other)))


@pytest.mark.parametrize("zeros", range(4))
@pytest.mark.parametrize("name", OPERATIONS)
def test_gradients_with_zeros_are_pytorchs(torch, name, zeros, rng):
    array = rng.uniform(0.5, 2.0, (2, 4))
    array[:, rng.permutation(4)[:zeros]] = 0.0
    x, z = leaf(array), torch.tensor(array, requires_grad=True)
    u = backward(OPERATIONS[name](x, 1))
    OPERATIONS[name](z, 1).backward(torch.tensor(u))
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-12)


def test_a_sum_of_many_keeps_its_digits():
    x = nnlite.full((100_000,), 0.1)
    assert abs(float(x.cumsum(0)[-1]) - 10_000.0) < 1e-2
    assert x.cumsum(0).dtype == np.float32


def test_nan_and_infinity_spread_from_where_they_are():
    x = tensor([1.0, float("nan"), 2.0])
    assert np.array_equal(np.isnan(x.cumsum(0).numpy()), [False, True, True])
    assert np.array_equal(np.isnan(x.cumprod(0).numpy()), [False, True, True])
    assert tensor([float("inf"), 2.0]).prod().item() == float("inf")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: x.cumsum(2), IndexError),
        (lambda x: x.prod(-3), IndexError),
        (lambda x: x.prod((0, 1)), TypeError),
        (lambda x: x.prod(keepdim=True), TypeError),
    ],
)
def test_refusals(call, error):
    with pytest.raises(error):
        call(nnlite.ones(2, 3))
