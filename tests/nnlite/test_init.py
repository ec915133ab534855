"""Starting values: their distributions beside PyTorch's, their seeds, their memory."""

import math

import numpy as np
import pytest

import nnlite
from nnlite import nn
from nnlite.nn import init
from tests.helpers import ORDERS, in_order

# Each with a shape that leaves about 100,000 numbers, so that the moments of two samples are close.
RANDOM = {
    "uniform_": (lambda init, t: init.uniform_(t), (100, 1000)),
    "uniform_ bounds": (lambda init, t: init.uniform_(t, -0.5, 0.25), (100, 1000)),
    "normal_": (lambda init, t: init.normal_(t), (100, 1000)),
    "normal_ moments": (lambda init, t: init.normal_(t, 3.0, 0.5), (100, 1000)),
    "trunc_normal_": (lambda init, t: init.trunc_normal_(t), (100, 1000)),
    "trunc_normal_ narrow": (lambda init, t: init.trunc_normal_(t, 0.1, 0.02), (100, 1000)),
    "trunc_normal_ cut": (lambda init, t: init.trunc_normal_(t, 1.0, 2.0, 0.5, 4.0), (100, 1000)),
    "trunc_normal_ flat": (lambda init, t: init.trunc_normal_(t, 0.0, 1.0, -0.3, 0.2), (100, 1000)),
    "trunc_normal_ tail": (lambda init, t: init.trunc_normal_(t, 0.0, 1.0, 2.0, 4.0), (100, 1000)),
    "xavier_uniform_": (lambda init, t: init.xavier_uniform_(t), (300, 400)),
    "xavier_uniform_ conv": (lambda init, t: init.xavier_uniform_(t, gain=2.0), (40, 80, 6, 5)),
    "xavier_normal_": (lambda init, t: init.xavier_normal_(t), (300, 400)),
    "xavier_normal_ conv": (lambda init, t: init.xavier_normal_(t, 0.5), (80, 40, 5, 6)),
    "kaiming_uniform_": (lambda init, t: init.kaiming_uniform_(t), (300, 400)),
    "kaiming_uniform_ conv": (lambda init, t: init.kaiming_uniform_(t, math.sqrt(5)), (40, 80, 6, 5)),
    "kaiming_uniform_ out": (lambda init, t: init.kaiming_uniform_(t, 0.2, "fan_out"), (40, 80, 6, 5)),
    "kaiming_normal_": (lambda init, t: init.kaiming_normal_(t), (300, 400)),
    "kaiming_normal_ relu": (lambda init, t: init.kaiming_normal_(t, 7.0, "fan_in", "relu"), (40, 80, 6, 5)),
    "kaiming_normal_ out": (
        lambda init, t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh"),
        (40, 80, 6, 5),
    ),
    "orthogonal_": (lambda init, t: init.orthogonal_(t, 3.0), (300, 300)),
}


@pytest.mark.parametrize("name", RANDOM)
def test_the_distribution_is_pytorchs(torch, name):
    fill, shape = RANDOM[name]
    torch.manual_seed(0)
    ours, theirs = nnlite.empty(shape), torch.empty(shape)
    assert fill(init, ours) is ours
    fill(torch.nn.init, theirs)
    a, b = np.sort(ours.numpy().ravel()), np.sort(theirs.numpy().ravel())
    assert a.dtype == np.float32
    span = float(b[-1] - b[0])
    assert abs(a.mean() - b.mean()) < 0.01 * span and a.std() == pytest.approx(b.std(), rel=0.02)
    # the whole curve, at its 1 % steps (Kolmogorov & Smirnov), and the ends where there are sharp ones
    steps = np.linspace(0.01, 0.99, 99)
    assert np.abs(np.searchsorted(a, np.quantile(b, steps)) / a.size - steps).max() < 0.01
    if "uniform" in name:
        assert [a[0], a[-1]] == pytest.approx([b[0], b[-1]], rel=1e-3, abs=1e-3 * span)


@pytest.mark.parametrize(("a", "b"), [(-2.0, 2.0), (-0.1, 0.05), (3.0, 3.5), (-math.inf, 0.0), (-math.inf, -6.0)])
def test_truncated_numbers_lie_within_the_bounds(a, b):
    values = init.trunc_normal_(nnlite.empty(50_000), 0.0, 1.0, a, b).numpy()
    assert a <= values.min() and values.max() <= b
    assert values.max() == pytest.approx(b, abs=1e-3)


def test_constants(torch):
    for name, shape in (("ones_", (2, 3)), ("zeros_", ()), ("eye_", (3, 5)), ("eye_", (4, 2)), ("eye_", (3, 3))):
        ours, theirs = nnlite.full(shape, 7.0), torch.empty(shape)
        assert getattr(init, name)(ours) is ours
        np.testing.assert_array_equal(ours.numpy(), getattr(torch.nn.init, name)(theirs).numpy())
    assert init.constant_(nnlite.empty(2), 0.25).tolist() == [0.25, 0.25]
    assert init.constant_(nnlite.zeros(2, dtype=np.int64), 3).tolist() == [3, 3]


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 5), (8, 3, 2, 2), (12, 3, 1, 2), (1, 7)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal_rows_or_columns(shape, gain):
    w = init.orthogonal_(nnlite.empty(shape, dtype=np.float64), gain).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-12)


def test_every_orthogonal_matrix_is_equally_likely():
    """Of 1 x 1 matrices half are -1; QR alone would give one sign always. And so for rotations by any angle."""
    signs = [init.orthogonal_(nnlite.empty(1, 1)).item() for _ in range(400)]
    assert 150 < signs.count(-1.0) < 250
    angles = [math.atan2(*init.orthogonal_(nnlite.empty(2, 2)).numpy()[0]) for _ in range(400)]
    quarters = np.histogram(angles, 4, (-math.pi, math.pi))[0]
    assert quarters.min() > 60 and quarters.max() < 140


@pytest.mark.parametrize("layer", ["Conv2d(3, 8, (5, 2))", "ConvTranspose2d(3, 8, (5, 2))", "Conv2d(3, 8, 1)"])
def test_fans_equal_pytorchs(torch, layer):
    ours, theirs = (eval(f"nn.{layer}", {"nn": library}) for library in (nn, torch.nn))
    fans = init.fan_in_and_fan_out(ours.weight)
    assert fans == torch.nn.init._calculate_fan_in_and_fan_out(theirs.weight)


def test_gains_equal_pytorchs(torch):
    names = "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid tanh relu selu"
    for name, param in ([name, None] for name in names.split()):
        assert init.calculate_gain(name, param) == torch.nn.init.calculate_gain(name, param)
    for slope in (None, 0, 0.2, 3):
        assert init.calculate_gain("leaky_relu", slope) == torch.nn.init.calculate_gain("leaky_relu", slope)


# Where the numbers go


@pytest.mark.parametrize("name", RANDOM)
def test_the_seed_decides_whatever_the_memory(name):
    fill, _ = RANDOM[name]
    shape = (4, 3, 5, 2)
    for dtype in (np.float32, np.float64):
        results = []
        for order in ORDERS:
            array = in_order(np.full(shape, 7, dtype), order)
            nnlite.manual_seed(1)
            fill(init, nnlite.Tensor(array))
            results.append(array)
        assert all(a.dtype == dtype and np.array_equal(a, results[0]) for a in results)
        nnlite.manual_seed(2)
        assert not np.array_equal(fill(init, nnlite.Tensor(array.copy())).numpy(), results[0])


@pytest.mark.parametrize("name", RANDOM)
def test_the_seed_decides_whatever_the_device(gpu, name):
    fill, _ = RANDOM[name]
    results = []
    for device in ("cpu", "gpu"):
        nnlite.manual_seed(1)
        t = fill(init, nnlite.zeros(4, 3, 2, 2, device=device))
        assert t.device == device
        results.append(t.cpu().numpy())
    assert np.array_equal(*results)
    assert init.eye_(init.ones_(nnlite.zeros(2, 2, device="gpu"))).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_float64_has_all_its_digits():
    for name in RANDOM:
        values = RANDOM[name][0](init, nnlite.empty(20, 30, dtype=np.float64)).numpy()
        assert not np.array_equal(values, values.astype(np.float32))


@pytest.mark.parametrize("fill", [init.xavier_normal_, init.orthogonal_, init.zeros_, init.trunc_normal_])
def test_parameters_are_filled_in_place_through_data_too(fill):
    layer = nn.Conv2d(3, 4, 3)
    array, before = layer.weight.array, layer.weight.detach().numpy().copy()
    weight = fill(layer.weight)
    assert weight is layer.weight and weight.array is array and weight.requires_grad and weight.is_leaf
    first = array.copy()
    assert not np.array_equal(first, before)
    init.constant_(layer.weight, 9.0)
    fill(layer.weight.data)
    assert layer.weight.array is array and not (array == 9.0).any()


def test_a_change_that_backward_cannot_know_of_is_refused():
    layer = nn.Conv2d(1, 1, 1)
    x = nnlite.randn(1, 1, 2, 2).requires_grad_()
    y = layer(x).sum()
    init.normal_(layer.weight)
    with pytest.raises(nnlite.GraphError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize("shape", [(), (1,), (3, 0), (0, 3), (0, 0), (2, 0, 3, 3)])
@pytest.mark.parametrize("name", RANDOM)
def test_small_and_empty_tensors(name, shape):
    t = nnlite.full(shape, 7.0)
    if len(shape) < 2 and not name.startswith(("uniform", "normal", "trunc")):
        with pytest.raises(nnlite.ShapeError, match="at least 2 axes"):
            RANDOM[name][0](init, t)
    else:
        RANDOM[name][0](init, t)
        assert t.shape == shape and not (t.numpy() == 7.0).any()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda w: init.normal_(w.numpy()), TypeError, "normal_: expected a Tensor, got ndarray; pass module.weight"),
        (lambda w: init.uniform_(None), TypeError, "expected a Tensor, got NoneType"),
        (lambda w: init.zeros_("w"), TypeError, "expected a Tensor, got str"),
        (lambda w: init.uniform_(w.long()), TypeError, "floating-point Tensor, got int64; use .float"),
        (lambda w: init.kaiming_normal_(w.long()), TypeError, "floating-point Tensor, got int64"),
        (lambda w: init.normal_(w, 0.0, -1.0), ValueError, "std must not be negative, got -1.0"),
        (lambda w: init.trunc_normal_(w, std=0.0), ValueError, "std > 0 and a < b, got .*std=0.0"),
        (lambda w: init.trunc_normal_(w, a=2.0, b=-2.0), ValueError, r"a=2\.0, b=-2\.0"),
        (lambda w: init.trunc_normal_(w, math.nan), ValueError, "mean=nan"),
        (lambda w: init.eye_(w[0]), nnlite.ShapeError, r"eye_: expected a matrix, got shape \(3,\)"),
        (lambda w: init.xavier_normal_(w[0]), nnlite.ShapeError, r"at least 2 axes, got shape \(3,\)"),
        (lambda w: init.orthogonal_(w[0]), nnlite.ShapeError, r"orthogonal_: .* got shape \(3,\)"),
        (lambda w: init.kaiming_uniform_(w, mode="fan"), ValueError, "'fan_in' or 'fan_out', got 'fan'"),
        (lambda w: init.kaiming_uniform_(w, nonlinearity="gelu"), ValueError, "unknown nonlinearity 'gelu'"),
        (lambda w: init.kaiming_uniform_(w, True), ValueError, "slope of leaky_relu is a number, got True"),
    ],
)
def test_bad_arguments(call, error, says):
    with pytest.raises(error, match=says):
        call(nnlite.zeros(2, 3))
