"""Autoencoders: each loss against its closed form, a numerical Jacobian or PyTorch; shapes, states, bad input."""

import math

import numpy as np
import pytest

import nnlite
from models.autoencoder import (
    Autoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    bernoulli_kl,
    convolutional,
    dense,
    feature_maps,
    gaussian_noise,
    masked_square,
    masking_noise,
    one_layer,
    squared_jacobian,
    tied,
)
from nnlite import nn

NETWORKS = {
    "dense": lambda: dense(3, (16, 8)),
    "convolutional": lambda: convolutional(3, 2),
    "convolutional, hidden": lambda: convolutional(3, 2, (6, 5)),
    "feature maps": lambda: feature_maps(2, 4),
    "one layer": lambda: one_layer(5),
    "tied": lambda: tied(5),
}
CODES = {
    "dense": (3,),
    "convolutional": (3,),
    "convolutional, hidden": (3,),
    "feature maps": (4, 7, 7),
    "one layer": (5,),
    "tied": (5,),
}
KINDS = {
    "plain": lambda: Autoencoder(*convolutional(3, 2)),
    "denoising": lambda: DenoisingAutoencoder(*dense(3, (8,)), gaussian_noise(0.3)),
    "kl": lambda: SparseAutoencoder(*one_layer(6), lr=0.01),
    "l1": lambda: SparseAutoencoder(*one_layer(6, nn.ReLU), "l1", lr=0.01),
    "contractive": lambda: ContractiveAutoencoder(*tied(6), lr=0.01),
}


def images(n=4, seed=0, dtype=np.float32):
    return nnlite.Tensor(np.random.default_rng(seed).random((n, 1, 28, 28)).astype(dtype))


def double(model):
    model.encoder.to(nnlite.float64)
    model.decoder.to(nnlite.float64)
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_and_range(name):
    model = Autoencoder(*NETWORKS[name]())
    x = images()
    code = model.encode(x)
    assert code.shape == (4, *CODES[name])
    r = model.decode(code).detach().numpy()
    assert r.shape == x.shape and r.dtype == np.float32 and 0 <= r.min() and r.max() <= 1
    np.testing.assert_array_equal(model.reconstruct(x).detach().numpy(), r)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_returns_detached_numbers_and_moves_every_parameter(kind):
    model = KINDS[kind]()
    parameters = [*model.encoder.parameters(), *model.decoder.parameters()]
    before = [p.detach().numpy().copy() for p in parameters]
    terms = model.train_step(images(32))
    assert next(iter(terms)) == "mse"
    for term in terms.values():
        assert term.shape == () and term.dtype == np.float32 and not term.requires_grad and math.isfinite(term)
    assert all((p.detach().numpy() != old).any() for p, old in zip(parameters, before, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_one_batch(kind):
    model, x = KINDS[kind](), images(8) * 0.2
    first, *_, last = [float(model.train_step(x)["mse"]) for _ in range(60)]
    assert last < 0.8 * first


def test_the_784_to_2_of_course_material():
    encoder, decoder = dense(2)
    sizes = [m.weight.shape for m in (*encoder.modules(), *decoder.modules()) if isinstance(m, nn.Linear)]
    assert sizes == [(512, 784), (128, 512), (2, 128), (128, 2), (512, 128), (784, 512)]


def test_three_steps_are_pytorchs(torch):
    """Dense 784-16-3 with Adam in PyTorch, in double precision."""
    model = double(Autoencoder(*dense(3, (16,))))
    x = images(6, dtype=np.float64)
    N = torch.nn
    twin = N.Sequential(
        N.Flatten(), N.Linear(784, 16), N.ReLU(), N.Linear(16, 3), N.Linear(3, 16), N.ReLU(), N.Linear(16, 784)
    ).double()
    ours = [*model.encoder.parameters(), *model.decoder.parameters()]
    with torch.no_grad():
        for theirs, p in zip(twin.parameters(), ours, strict=True):
            theirs.copy_(torch.tensor(p.detach().numpy()))
    adam, y = torch.optim.Adam(twin.parameters(), 1e-3), torch.tensor(x.numpy())
    for _ in range(3):
        adam.zero_grad()
        loss = N.functional.mse_loss(twin(y).sigmoid(), y.flatten(1))
        loss.backward()
        adam.step()
        assert float(model.train_step(x)["mse"]) == pytest.approx(loss.item(), rel=1e-12)
    for theirs, p in zip(twin.parameters(), ours, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_a_target_of_its_own():
    """`fit(noisy, clean)`: the input is one image, the target another."""
    model = Autoencoder(*dense(3, (8,)), lr=0.0)
    x, y = images(seed=1), images(seed=2)
    assert float(model.train_step(x, y)["mse"]) == pytest.approx(((model.reconstruct(x) - y) ** 2).mean().item())


def test_denoising_is_given_corrupted_digits_and_asked_for_clean_ones():
    given = []

    def corrupt(x):
        given.append(x * 0.5)
        return given[-1]

    model, x = DenoisingAutoencoder(*dense(3, (8,)), corrupt, lr=0.0), images()
    loss = float(model.train_step(x)["mse"])
    assert len(given) == 1
    assert loss == pytest.approx(float(((model.reconstruct(given[0]) - x) ** 2).mean()))
    assert loss != pytest.approx(float(((model.reconstruct(x) - x) ** 2).mean()), rel=1e-4)


def test_sparse_kl_is_that_of_two_coins(torch):
    m = np.random.default_rng(0).uniform(0.01, 0.99, 7)
    for rho in (0.05, 0.5):
        ours = bernoulli_kl(rho, nnlite.Tensor(m)).numpy()
        coin = torch.distributions.Bernoulli
        theirs = torch.distributions.kl_divergence(coin(torch.full((7,), rho).double()), coin(torch.tensor(m)))
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-6, atol=1e-9)  # rho is float32 there
    assert float(bernoulli_kl(0.2, nnlite.Tensor(np.array(0.2)))) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("penalty", ["kl", "l1"])
def test_sparse_terms_by_hand(penalty):
    network = one_layer(6, nn.Sigmoid if penalty == "kl" else nn.ReLU)
    model, x = SparseAutoencoder(*network, penalty, weight=0.7, rho=0.1), images()
    h = model.encode(x).detach().numpy().astype(np.float64)
    m = h.mean(0)
    if penalty == "kl":
        expected = (0.1 * np.log(0.1 / m) + 0.9 * np.log(0.9 / (1 - m))).mean()
    else:
        expected = np.abs(h).mean()
    assert float(model.train_step(x)[penalty]) == pytest.approx(0.7 * expected, rel=1e-5)


def mean_activation(penalty, weight):
    """After a short training."""
    nnlite.manual_seed(1)
    network = one_layer(20, nn.Sigmoid if penalty == "kl" else nn.ReLU)
    model = SparseAutoencoder(*network, penalty, weight, rho=0.05, lr=0.01)
    for _ in range(100):
        model.train_step(images(16))
    return float(model.encode(images(16)).mean())


def test_kl_brings_the_activation_to_rho():
    assert mean_activation("kl", 1.0) == pytest.approx(0.05, abs=0.01)
    assert mean_activation("kl", 0.0) != pytest.approx(0.05, abs=0.04)


def test_l1_lowers_the_activation():
    assert mean_activation("l1", 1.0) < 0.5 * mean_activation("l1", 0.0)


def test_closed_form_of_the_jacobian():
    """Against central differences of the encoder in double precision, pixel by pixel."""
    model = double(ContractiveAutoencoder(*tied(5), weight=0.3, lr=0.0))
    x, eps = images(3, dtype=np.float64), 1e-5
    expected = np.zeros(3)
    for i in range(784):
        step = np.zeros((1, 1, 28, 28))
        step.flat[i] = eps
        ahead, behind = (model.encode(nnlite.Tensor(x.detach().numpy() + s)).detach().numpy() for s in (step, -step))
        expected += (((ahead - behind) / (2 * eps)) ** 2).sum(1)
    ours = squared_jacobian(model.encode(x), model.encoder[1].weight).detach().numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-7)
    assert float(model.train_step(x)["contraction"]) == pytest.approx(0.3 * expected.mean(), rel=1e-7)


def test_contraction_contracts():
    def norm(weight):
        nnlite.manual_seed(1)
        model = ContractiveAutoencoder(*tied(20), weight, lr=0.01)
        for _ in range(50):
            model.train_step(images(16))
        return float(squared_jacobian(model.encode(images(16)), model.encoder[1].weight).mean())

    assert norm(0.1) < 0.5 * norm(0.0)


def test_tied_weights_are_one():
    model = ContractiveAutoencoder(*tied(5))
    assert len(model.optimizer.param_groups[0]["params"]) == 3  # W, b, c
    model.train_step(images())
    assert model.decoder[0].weight is model.encoder[1].weight


@pytest.mark.parametrize("kind", ["kl", "l1", "contractive"])
def test_gradients(kind):
    """The whole loss as a function of the image and of the encoder's weights."""
    rng = np.random.default_rng(0)
    x = nnlite.Tensor(rng.random((3, 1, 28, 28)), requires_grad=True)
    weight = nnlite.Tensor(rng.uniform(0.005, 0.05, (4, 784)), requires_grad=True)  # no ReLU near its kink
    penalty = SparseAutoencoder(*one_layer(4), "kl" if kind == "kl" else "l1", 0.3)

    def loss(x, weight):
        z = x.reshape(3, 784) @ weight.T - 2.0 * (kind != "l1")
        h = z.relu() if kind == "l1" else z.sigmoid()
        if kind == "contractive":
            return squared_jacobian(h, weight).mean()
        penalty.encode, penalty.decode = (lambda _: h), (lambda h: (h @ weight).sigmoid().reshape(3, 1, 28, 28))
        return sum(penalty.losses(x, x).values())

    assert nnlite.gradcheck(loss, [x, weight])


def test_noises():
    x = images(200)
    noise = gaussian_noise(0.4)(x).numpy() - x.numpy()
    assert noise.std() == pytest.approx(0.4, rel=0.02) and abs(noise.mean()) < 0.005
    masked = masking_noise(0.3)(x).numpy()
    assert (masked == 0).mean() == pytest.approx(0.3, abs=0.01)
    np.testing.assert_array_equal(masked[masked != 0], x.numpy()[masked != 0])


@pytest.mark.parametrize("side", [1, 10, 27])
def test_masked_square(side):
    """One square of grey in each image, everywhere inside, and all else untouched."""
    x = images(300) * 0.4
    y = masked_square(side)(x).numpy()
    hole = y[:, 0] == 0.5
    np.testing.assert_array_equal(y[:, 0][~hole], x.numpy()[:, 0][~hole])
    corners = set()
    for one in hole:
        rows, columns = np.flatnonzero(one.any(1)), np.flatnonzero(one.any(0))
        assert len(rows) == len(columns) == side and one.sum() == side * side
        corners.add((rows[0], columns[0]))
    assert {row for row, _ in corners} == set(range(29 - side)) == {column for _, column in corners}
    assert side == 1 or len(corners) > (28 - side) / 2  # each image has its own


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_state_goes_on_with_the_same_bits(kind, tmp_path):
    model, x = KINDS[kind](), images()
    model.train_step(x)
    nnlite.save(model.state_dict(), tmp_path / "state.safetensors")
    other = KINDS[kind]()
    other.load_state_dict(nnlite.load(tmp_path / "state.safetensors"))
    for trained in (model, other):
        nnlite.manual_seed(7)
        trained.train_step(x)
    for ours, theirs in ((model.encoder, other.encoder), (model.decoder, other.decoder)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_states_of_another_kind():
    state = SparseAutoencoder(*one_layer(5)).state_dict()
    with pytest.raises(nnlite.CheckpointError, match="SparseAutoencoder, not of Autoencoder"):
        Autoencoder(*one_layer(5)).load_state_dict(state)
    with pytest.raises(nnlite.CheckpointError):
        SparseAutoencoder(*one_layer(6)).load_state_dict(state)
    with pytest.raises(nnlite.CheckpointError, match="no encoder, decoder, optimizer"):
        Autoencoder(*one_layer(5)).load_state_dict({})


@pytest.mark.parametrize("make", [dense, convolutional, one_layer, tied])
@pytest.mark.parametrize("latent", [0, -1])
def test_a_code_of_nothing(make, latent):
    with pytest.raises(ValueError, match=f"at least one number, got latent = {latent}"):
        make(latent)


@pytest.mark.parametrize("shape", [(4, 28, 28), (4, 784), (4, 3, 28, 28), (4, 1, 32, 32)])
def test_images_of_another_shape(shape):
    model = Autoencoder(*convolutional(2, 2))
    with pytest.raises(nnlite.ShapeError, match=r"expected images \(N, 1, 28, 28\), got shape"):
        model.train_step(nnlite.zeros(shape))


def test_settings_out_of_range():
    with pytest.raises(ValueError, match="'kl' or 'l1', got 'l2'"):
        SparseAutoencoder(*one_layer(5), "l2")
    for rho in (0.0, 1.0):
        with pytest.raises(ValueError, match="0 < rho < 1"):
            SparseAutoencoder(*one_layer(5), rho=rho)
    for side in (0, 28):
        with pytest.raises(ValueError, match="1 to 27 pixels"):
            masked_square(side)
