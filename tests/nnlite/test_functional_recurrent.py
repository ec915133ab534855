"""Recurrent layers: by hand, through time, in parts, and what they say to wrong shapes."""

import math

import numpy as np
import pytest

import nnlite
from nnlite import ShapeError, nn
from tests.helpers import assert_close, backward

KINDS = ("RNN", "LSTM", "GRU")


def sequence(*shape, seed=0, **settings):
    return nnlite.tensor(np.random.default_rng(seed).standard_normal(shape), **settings)


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_a_plain_layer_by_hand(nonlinearity):
    nnlite.manual_seed(0)
    layer = nn.RNN(3, 4, nonlinearity=nonlinearity).double()
    w, u, b, d = (p.detach().numpy() for p in layer.parameters())
    x, h, expected = sequence(5, 2, 3), np.zeros((2, 4)), []
    for t in range(5):
        sums = x[t].numpy() @ w.T + b + h @ u.T + d
        h = np.tanh(sums) if nonlinearity == "tanh" else sums * (sums > 0)
        expected.append(h)
    output, h_n = layer(x)
    assert_close(output, np.stack(expected), 1e-14)
    assert_close(h_n, h[None], 1e-14)


def test_an_lstm_of_one_unit_by_hand():
    """Three steps of PyTorch's formulas, gates in the order i, f, g, o."""
    nnlite.manual_seed(0)
    cell = nn.LSTM(1, 1).double()
    w, u, b, d = (p.detach().numpy().reshape(4) for p in cell.parameters())
    h = c = 0.0
    expected = []
    for x in (0.5, -1.0, 2.0):
        i, f, g, o = w * x + b + u * h + d
        c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
        h = sigmoid(o) * math.tanh(c)
        expected.append(h)
    output, (h_n, c_n) = cell(nnlite.tensor([[0.5], [-1.0], [2.0]], dtype=nnlite.float64))
    assert_close(output, np.array(expected)[:, None], 1e-14)
    assert_close(h_n, np.array([[h]]), 1e-14)
    assert_close(c_n, np.array([[c]]), 1e-14)


def test_a_gru_of_one_unit_by_hand():
    nnlite.manual_seed(0)
    layer = nn.GRU(1, 1).double()
    w, u, b, d = (p.detach().numpy().reshape(3) for p in layer.parameters())
    h = 0.3
    for x in (0.5, -1.0, 2.0):
        a, s = w * x + b, u * h + d
        r, z = sigmoid(a[0] + s[0]), sigmoid(a[1] + s[1])
        h = (1.0 - z) * math.tanh(a[2] + r * s[2]) + z * h
    _, h_n = layer(nnlite.tensor([[0.5], [-1.0], [2.0]], dtype=nnlite.float64), nnlite.tensor([[0.3]]).double())
    assert_close(h_n, np.array([[h]]), 1e-7)


@pytest.mark.parametrize(
    ("kind", "settings"), [("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {"bias": False})]
)
def test_the_gradient_goes_through_time_layers_and_both_directions(kind, settings):
    nnlite.manual_seed(0)
    layer = getattr(nn, kind)(2, 2, num_layers=2, bidirectional=True, **settings).double()
    x = sequence(3, 2, 2, requires_grad=True)
    assert nnlite.gradcheck(lambda x, *parameters: layer(x)[0], [x, *layer.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_input_reaches_the_last_output(kind):
    nnlite.manual_seed(0)
    x = sequence(6, 1, 3, requires_grad=True)
    output, _ = getattr(nn, kind)(3, 4).double()(x)
    output[-1].sum().backward()
    assert np.all(np.abs(x.grad.numpy()) > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_in_two_halves_and_step_by_step_is_the_same_sequence(kind):
    nnlite.manual_seed(0)
    layer, cell = getattr(nn, kind)(3, 4).double(), getattr(nn, kind + "Cell")(3, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x = sequence(6, 2, 3)
    whole, last = layer(x)
    first, state = layer(x[:2])
    second, also_last = layer(x[2:], state)
    assert_close(nnlite.cat([first, second]), whole, 1e-14)
    state, steps = None, []
    for t in range(6):
        state = cell(x[t], state)
        steps.append(state[0] if kind == "LSTM" else state)
    assert_close(nnlite.stack(steps), whole, 1e-14)
    for a, b in zip(*((h if kind == "LSTM" else (h,)) for h in (also_last, last)), strict=True):
        assert_close(a, b, 1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_between_layers_in_training_only(kind):
    nnlite.manual_seed(0)
    layer = getattr(nn, kind)(3, 4, num_layers=2, dropout=1.0)
    x, other = sequence(5, 2, 3).float(), sequence(5, 2, 3, seed=1).float()
    a, b = (layer(given)[0].detach().numpy() for given in (x, other))
    assert np.array_equal(a, b)  # nothing of the first layer arrives
    layer.eval()
    assert not np.allclose(layer(x)[0].detach().numpy(), layer(other)[0].detach().numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_asked_for_gets_a_gradient(kind):
    nnlite.manual_seed(0)
    layer = getattr(nn, kind)(3, 4)
    layer.weight_hh_l0.requires_grad_(False)
    output, _ = layer(sequence(5, 2, 3).float())
    backward(output)
    assert layer.weight_hh_l0.grad is None and layer.weight_ih_l0.grad is not None


@pytest.mark.parametrize("kind", KINDS)
def test_weights_start_within_one_over_the_root_of_the_units(kind):
    nnlite.manual_seed(0)
    weights = np.concatenate([p.detach().numpy().ravel() for p in getattr(nn, kind)(30, 25).parameters()])
    assert np.abs(weights).max() <= 0.2 and np.abs(weights).max() > 0.19
    assert abs(weights.mean()) < 0.01 and abs(weights.std() - 0.2 / math.sqrt(3)) < 0.005


@pytest.mark.parametrize("kind", KINDS)
def test_arguments_stand_in_pytorchs_order(torch, kind):
    more = (2, "relu", False, True, 0.5, True) if kind == "RNN" else (2, False, True, 0.5, True)
    ours, theirs = (getattr(lib, kind)(3, 4, *more) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    assert getattr(ours, "nonlinearity", None) == getattr(theirs, "nonlinearity", None)


class PackedSequence:
    pass


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.LSTM(0, 4), ValueError, "LSTM: input_size must be a whole number of at least 1, got 0"),
        (lambda: nn.GRUCell(3, -1), ValueError, "GRUCell: hidden_size must be a whole number of at least 1"),
        (lambda: nn.GRU(3, 4, num_layers=0), ValueError, "GRU: num_layers must be a whole number of at least 1"),
        (lambda: nn.RNN(3, 4, dropout=2.0), ValueError, "RNN: dropout must lie between 0 and 1, got 2"),
        (lambda: nn.RNN(3, 4, nonlinearity="gelu"), ValueError, "RNN: nonlinearity .*'gelu'"),
        (lambda: nn.LSTM(3, 4, proj_size=2), TypeError, "proj_size"),
        (lambda: nn.LSTM(3, 4)(PackedSequence()), TypeError, "LSTM: a PackedSequence is not covered; pass padded"),
        (lambda: nn.LSTM(3, 4)(sequence(5, 2, 4)), ShapeError, r"LSTM: expected \(T, N, 3\) .* got \(5, 2, 4\)"),
        (lambda: nn.GRU(3, 4, batch_first=True)(sequence(3)), ShapeError, r"GRU: expected \(N, T, 3\) .* got \(3,\)"),
        (lambda: nn.RNN(3, 4)(sequence(0, 2, 3)), ShapeError, r"RNN: expected .* got \(0, 2, 3\)"),
        (
            lambda: nn.GRU(3, 4, 2)(sequence(5, 2, 3), sequence(1, 2, 4)),
            ShapeError,
            r"GRU: hx must be one state h, each of shape \(2, 2, 4\), got \(1, 2, 4\)",
        ),
        (
            lambda: nn.LSTM(3, 4)(sequence(5, 2, 3), sequence(1, 2, 4)),
            TypeError,
            r"LSTM: hx must be two states \(h, c\), each a Tensor \(1, 2, 4\), got \(1, 2, 4\)",
        ),
        (lambda: nn.LSTMCell(3, 4)(sequence(2, 5)), ShapeError, r"LSTMCell: expected \(N, 3\) or \(3,\).* \(2, 5\)"),
        (lambda: nn.RNNCell(3, 4)(sequence(2, 3), sequence(4)), ShapeError, r"RNNCell: hx .*\(2, 4\), got \(4,\)"),
    ],
)
def test_what_is_refused_is_told_why(call, error, says):
    with pytest.raises(error, match=says):
        call()
