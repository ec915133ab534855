"""Spectral norm: PyTorch's weights, singular vectors and gradients, step by step; and what a singular value is."""

import copy

import numpy as np
import pytest

import nnlite
from nnlite import nn, optim
from nnlite.nn.utils.parametrizations import spectral_norm
from tests.helpers import assert_close, backward, leaf

# layer -> how it is made (nn, its spectral_norm), shape of its input, axis of the outputs in its weight
LAYERS = {
    "Linear": (lambda nn, norm: norm(nn.Linear(4, 5)), (3, 4), 0),
    "Conv2d": (lambda nn, norm: norm(nn.Conv2d(3, 4, (3, 2))), (2, 3, 5, 4), 0),
    "Conv2d twice a step": (lambda nn, norm: norm(nn.Conv2d(3, 4, 2), n_power_iterations=2), (2, 3, 5, 4), 0),
    "Conv2d by inputs": (lambda nn, norm: norm(nn.Conv2d(3, 4, 2), "weight", 1, 1e-12, -3), (2, 3, 5, 4), 1),
    "ConvTranspose2d": (lambda nn, norm: norm(nn.ConvTranspose2d(3, 4, (2, 3))), (2, 3, 5, 4), 1),
    "bias": (lambda nn, norm: norm(nn.Linear(4, 5), "bias"), (3, 4), 0),
    "both": (lambda nn, norm: norm(norm(nn.Linear(4, 5)), "bias"), (3, 4), 0),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def pair(torch, name):
    """The layer here and in PyTorch, in float64 and in the same state."""
    make = LAYERS[name][0]
    ours = make(nn, spectral_norm).double()
    theirs = make(torch.nn, torch.nn.utils.parametrizations.spectral_norm).double()
    ours.load_state_dict({n: t.numpy() for n, t in theirs.state_dict().items()})
    return ours, theirs


@every_layer
def test_names_are_pytorchs(torch, name):
    ours, theirs = pair(torch, name)
    listed = [(n, tuple(t.shape)) for n, t in theirs.state_dict().items()]
    assert [(n, t.shape) for n, t in ours.state_dict().items()] == listed
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert isinstance(ours, getattr(nn, type(theirs).__base__.__name__))
    assert "ParametrizationList(" in repr(ours) and repr(ours).startswith("Parametrized")


@every_layer
def test_training_equals_pytorch_step_by_step(torch, rng, name):
    """Several forwards before one backward, as a discriminator has; then a step; at last eval()."""
    ours, theirs = pair(torch, name)
    a, b = optim.SGD(ours.parameters(), 0.5), torch.optim.SGD(theirs.parameters(), 0.5)
    for training in (True, True, True, False):
        ours.train(training)
        theirs.train(training)
        batches = rng.standard_normal((3, *LAYERS[name][1]))
        y = sum((ours(nnlite.Tensor(x)).tanh() for x in batches), nnlite.tensor(0.0, nnlite.float64))
        z = sum(theirs(torch.tensor(x)).tanh() for x in batches)
        a.zero_grad()
        b.zero_grad()
        u = backward(y)
        z.backward(torch.tensor(u))
        assert_close(y, z, 1e-10)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert_close(p.grad, q.grad, 1e-10, terms=np.linalg.norm(u))
        a.step()
        b.step()
        for p, q in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
            assert_close(p, q, 1e-10)


@pytest.mark.parametrize("name", ["Linear", "Conv2d", "Conv2d by inputs", "ConvTranspose2d"])
def test_the_weight_has_largest_singular_value_1(rng, name):
    make, shape, axis = LAYERS[name]
    layer = make(nn, spectral_norm).double()
    original = layer.parametrizations.weight.original
    for _ in range(100):
        layer(nnlite.Tensor(rng.standard_normal(shape)))
    layer.eval()
    sigma = np.linalg.svd(np.moveaxis(original.detach().numpy(), axis, 0).reshape(original.shape[axis], -1))[1][0]
    np.testing.assert_allclose(layer.weight.detach().numpy(), original.detach().numpy() / sigma, rtol=1e-6)


def test_fifteen_iterations_at_the_start_come_near():
    weight = spectral_norm(nn.Linear(20, 40)).weight.detach().numpy()
    assert np.linalg.svd(weight)[1][0] == pytest.approx(1.0, abs=0.1)


def test_gradient_of_the_weight_with_u_and_v_held(rng):
    layer = spectral_norm(nn.Conv2d(2, 3, 2)).double().eval()

    def weight(original):
        return layer.parametrizations.weight[0](original)

    nnlite.gradcheck(weight, [leaf(rng.standard_normal((3, 2, 2, 2)), order="channels last")])


def test_eval_leaves_u_and_v_and_training_moves_them_in_place(rng):
    layer = spectral_norm(nn.Linear(4, 5))
    nn.init.normal_(layer.parametrizations.weight.original)  # what _u and _v do not know yet
    x = nnlite.Tensor(rng.standard_normal((2, 4)).astype(np.float32))
    state = layer.state_dict()
    before = {n: t.numpy().copy() for n, t in state.items()}
    y = layer.eval()(x)
    assert np.array_equal(layer(x).detach().numpy(), y.detach().numpy())
    assert all(np.array_equal(t.numpy(), before[n]) for n, t in state.items())
    with nnlite.no_grad():
        layer.train()(x)
    changed = {n for n, t in state.items() if not np.array_equal(t.numpy(), before[n])}
    assert changed == {"parametrizations.weight.0._u", "parametrizations.weight.0._v"}
    assert all(t.dtype == np.float32 and not t.requires_grad for t in layer.buffers())


def test_a_layer_in_eval_stays_so_and_a_copy_is_independent():
    layer = spectral_norm(nn.Linear(4, 5).eval())
    assert not any(m.training for m in (layer, *layer.parametrizations.weight.modules()))
    other = copy.deepcopy(layer)
    with nnlite.no_grad():
        layer.parametrizations.weight.original.mul_(3.0)
        other.parametrizations.weight.original.fill_(1.0)
    assert not np.allclose(layer.weight.detach().numpy(), other.weight.detach().numpy())
    assert type(nn.Linear(4, 5)) is nn.Linear and isinstance(nn.Linear(4, 5).weight, nn.Parameter)


@pytest.mark.parametrize("name", ["Linear", "ConvTranspose2d", "bias"])
def test_assigning_a_tensor_sets_the_trained_weight_as_in_pytorch(torch, rng, name):
    attribute = "bias" if name == "bias" else "weight"
    ours, theirs = pair(torch, name)
    trained = getattr(ours.parametrizations, attribute).original
    value = rng.standard_normal(trained.shape)
    for _ in range(2):  # the second time with the singular vectors that the first has left
        setattr(ours, attribute, nnlite.Tensor(value))
        setattr(theirs, attribute, torch.tensor(value))
        assert getattr(ours.parametrizations, attribute).original is trained and trained.requires_grad
        np.testing.assert_array_equal(trained.detach().numpy(), value)
        expected = getattr(theirs, attribute).detach().numpy()
        np.testing.assert_allclose(getattr(ours, attribute).detach().numpy(), expected, rtol=1e-9)
        value = 2.0 * value[::-1].copy()


def test_what_cannot_be_assigned_is_refused():
    layer = spectral_norm(nn.Linear(4, 5))
    before = layer.parametrizations.weight.original.detach().numpy().copy()
    for value in (None, nn.Parameter(nnlite.ones(5, 4)), before):
        with pytest.raises(TypeError, match=rf"weight is computed from .*original, .*; got {type(value).__name__}"):
            layer.weight = value
    with pytest.raises(nnlite.ShapeError, match=r"expected a Tensor \(5, 4\), got \(1, 4\)"):
        layer.weight = nnlite.ones(1, 4)
    np.testing.assert_array_equal(layer.parametrizations.weight.original.detach().numpy(), before)


def test_what_cannot_be_normalised_is_refused():
    with pytest.raises(ValueError, match="ReLU has no parameter 'weight'"):
        spectral_norm(nn.ReLU())
    with pytest.raises(ValueError, match="Conv2d has no parameter 'bias'"):
        spectral_norm(nn.Conv2d(1, 1, 1, bias=False), "bias")
    with pytest.raises(ValueError, match="normalised already"):
        spectral_norm(spectral_norm(nn.Linear(2, 2)))
    with pytest.raises(ValueError, match="n_power_iterations is at least 1, not 0"):
        spectral_norm(nn.Linear(2, 2), n_power_iterations=0)
    layer = nn.Linear(2, 2)
    with pytest.raises(IndexError, match="dim 2"):
        spectral_norm(layer, dim=2)
    assert "weight" in layer.state_dict(), "a refused layer is left as it was"
