"""Functions of every element, and what division leaves: dtypes, NaN and infinities, steps, signs, divisors of 0."""

import math

import numpy as np
import pytest

import nnlite
import nnlite.torch as room
from nnlite import GraphError

VALUES = [-math.inf, -7.5, -2.0, -1.5, -0.5, -0.0, 0.0, 0.3, 0.5, 1.0, 2.5, 7.0, math.inf, math.nan]
SMOOTH = ["sin", "cos", "log2", "log10", "log1p", "expm1", "rsqrt", "reciprocal", "square"]
STEPS = ["sign", "round", "floor", "ceil", "trunc"]


def assert_equal_to(theirs, ours):
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", [*SMOOTH, *STEPS])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_values_and_dtypes_are_pytorchs(torch, name, dtype):
    values = VALUES if dtype.startswith("f") else [0, 1, 2, 200]
    for shape in ((), (1,), (0,), (len(values),)):
        array = np.resize(np.array(values, dtype), shape)
        assert_equal_to(getattr(torch, name)(torch.tensor(array)), getattr(room, name)(nnlite.tensor(array)))


@pytest.mark.parametrize("name", STEPS)
def test_steps_have_gradient_zero_even_on_the_edge(torch, name):
    for lib in (room, torch):
        x = lib.tensor([-1.5, -1.0, 0.0, 0.5, 2.5], requires_grad=True)
        getattr(lib, name)(x).sum().backward()
        assert x.grad.tolist() == [0.0] * 5


@pytest.mark.parametrize("decimals", [-2, -1, 1, 3])
def test_rounding_to_decimals(torch, decimals, rng):
    array = 1000.0 * rng.standard_normal(50)
    for x in (array, array.astype(np.float32)):
        assert_equal_to(torch.tensor(x).round(decimals=decimals), nnlite.tensor(x).round(decimals=decimals))


def test_whole_numbers_stay_exact():
    large = nnlite.tensor([2**53 + 1])
    assert [f(large).item() for f in (room.floor, room.ceil, room.trunc, room.round)] == [2**53 + 1] * 4
    with pytest.raises(TypeError, match="decimals"):
        room.round(large, decimals=-1)
    with pytest.raises(TypeError, match="floor: expected numbers, got bools"):
        room.floor(large > 0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
def test_division_with_a_rest_is_pytorchs(torch, name):
    for dtype in ("float64", "int64"):
        values = [v for v in VALUES if dtype == "float64" or (math.isfinite(v) and v)]
        a, b = (grid.reshape(-1).astype(dtype) for grid in np.meshgrid(values, values))
        if dtype == "int64":
            a, b = a[b != 0], b[b != 0]
        assert_equal_to(
            getattr(torch, name)(torch.tensor(a), torch.tensor(b)),
            getattr(room, name)(nnlite.tensor(a), nnlite.tensor(b)),
        )


def test_operators_take_numbers_on_either_side(torch):
    for numbers in ([7, -7, 3], [7.5, -7.5, 3.0]):
        x, y = nnlite.tensor(numbers), torch.tensor(numbers)
        for ours, theirs in (
            (x // 2, y // 2),
            (20 // x, 20 // y),
            (x % -2, y % -2),
            (20 % x, 20 % y),
            (x % 2.5, y % 2.5),
        ):
            assert_equal_to(theirs, ours)


def test_what_division_refuses():
    x = nnlite.tensor([7, 8])
    for divide in (lambda: x // 0, lambda: x % nnlite.tensor([1, 0]), lambda: 3 % (x - 7)):
        with pytest.raises(ValueError, match="whole numbers divided by 0"):
            divide()
    with pytest.raises(TypeError, match="bools"):
        (x > 7) % (x > 7)
    with pytest.raises(GraphError, match="floor_divide has no gradient"):
        (nnlite.ones(2, requires_grad=True) // 2).sum().backward()
    assert nnlite.gradcheck(lambda x: 2 % x, [nnlite.tensor([0.3, 0.7, -1.3], dtype="float64", requires_grad=True)])
