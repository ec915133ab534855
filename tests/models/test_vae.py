"""The VAE: its loss by hand, by integration and against PyTorch; what is drawn; state; bad input."""

import math

import numpy as np
import pytest

import nnlite
from benchmarks import vae_elbo
from demos.shared.digits import load_digits
from models.autoencoder import Autoencoder, dense
from models.vae import NETWORKS, VAE
from nnlite import nn
from nnlite.backend import random


@pytest.fixture(scope="module")
def digits():
    return load_digits()[0].images[:64]


def batch(digits, n=8, start=0, dtype=np.float32):
    return nnlite.tensor(digits[start : start + n].astype(dtype))


def to_double(model):
    for network in (model.encoder, model.decoder):
        for parameter in network.parameters():
            parameter.array = parameter.array.astype(np.float64)
    return model


def numbers(losses):
    return {name: float(value) for name, value in losses.items()}


# The loss


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_step_returns_detached_numbers(kind, digits):
    losses = VAE(kind, 3).train_step(batch(digits))
    assert list(losses) == ["loss", "reconstruction", "kl"]
    for loss in losses.values():
        assert loss.shape == () and loss.dtype == np.float32 and not loss.requires_grad and loss.grad_fn is None


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_is_that_of_the_paper(kind, beta, digits):
    """Pixels and code summed over, mean over the batch; z = mu + e^(log_var / 2) eps: by hand in double precision."""
    model, x = VAE(kind, 3, beta, lr=0.0), batch(digits)
    with nnlite.no_grad():
        mu, log_var = model.encode(x)
        nnlite.manual_seed(5)
        z = mu.numpy() + np.exp(log_var.numpy() / 2) * nnlite.randn(8, 3).numpy()
        p = model.decode(nnlite.tensor(z)).numpy().astype(np.float64)
    nnlite.manual_seed(5)
    losses = numbers(model.train_step(x))
    t, m, v = digits[:8], mu.numpy().astype(np.float64), log_var.numpy().astype(np.float64)
    reconstruction = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum() / 8
    kl = (m**2 + np.expm1(v) - v).sum() / 2 / 8
    terms = (m**2 + abs(np.expm1(v)) + abs(v)).sum() / 2 / 8  # they nearly cancel
    assert losses["kl"] == pytest.approx(kl, abs=1e-5 * terms)
    assert losses["reconstruction"] == pytest.approx(reconstruction, rel=1e-5)
    assert losses["loss"] == pytest.approx(reconstruction + beta * kl, rel=1e-5)
    nnlite.manual_seed(5)
    assert float(model.elbo(x)) == pytest.approx(-(reconstruction + kl), rel=1e-5), "the bound knows no beta"


def test_a_network_that_knows_nothing(digits):
    """All weights 0: each pixel costs ln 2, and the code is the prior."""
    model = VAE("conv", 4)
    for network in (model.encoder, model.decoder):
        for parameter in network.parameters():
            parameter.array[...] = 0.0
    assert float(model.elbo(batch(digits))) == pytest.approx(-784 * math.log(2), rel=1e-6)


def test_the_bound_misses_the_evidence_by_the_divergence_from_the_posterior(digits):
    """ELBO = log p(x) - KL(q(z|x) || p(z|x)), both integrated over a code of one number."""
    model = to_double(VAE("dense", 1))
    model.decoder[0].weight.array *= 4.0  # else p(x|z) hardly depends on z
    x = batch(digits, 1, dtype=np.float64)
    z = np.linspace(-9, 9, 3001)
    with nnlite.no_grad():
        mu, log_var = (float(v) for v in model.encode(x))
        p = model.decode(nnlite.tensor(z[:, None])).numpy().reshape(len(z), -1)
    t = digits[0].ravel()
    log_joint = (t * np.log(p) + (1 - t) * np.log(1 - p)).sum(1) - z**2 / 2 - math.log(2 * math.pi) / 2
    log_q = -((z - mu) ** 2) / 2 / math.exp(log_var) - (math.log(2 * math.pi) + log_var) / 2
    dz = z[1] - z[0]
    evidence = log_joint.max() + math.log(np.exp(log_joint - log_joint.max()).sum() * dz)
    divergence = (np.exp(log_q) * (log_q - (log_joint - evidence))).sum() * dz
    bounds = [float(model.elbo(nnlite.tensor(np.repeat(x.numpy(), 500, axis=0)))) for _ in range(20)]
    error = np.std(bounds) / math.sqrt(len(bounds))
    assert divergence > 10 * error
    assert np.mean(bounds) == pytest.approx(evidence - divergence, abs=4 * error)


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_gradients_of_the_loss(beta, rng, digits):
    """To mu and log_var, through the noise and through KL, with a decoder that has no kinks."""
    model, x = VAE("dense", 3, beta), batch(digits, 4, dtype=np.float64)
    model.decoder = nn.Sequential(nn.Linear(3, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    to_double(model)

    def loss(mu, log_var):
        model.encoder = lambda images: nnlite.cat([mu, log_var], 1)
        reconstruction, kl = model.terms(x)
        return reconstruction + beta * kl

    code = [nnlite.tensor(rng.normal(size=(4, 3)), requires_grad=True) for _ in range(2)]
    assert nnlite.gradcheck(loss, code)


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_parameter_learns(kind, digits):
    model = VAE(kind, 2)
    parameters = [*model.encoder.parameters(), *model.decoder.parameters()]
    before = [p.detach().numpy().copy() for p in parameters]
    first = float(model.elbo(batch(digits, 64)))
    for _ in range(20):
        model.train_step(batch(digits, 64))
    assert all((p.detach().numpy() != old).any() for p, old in zip(parameters, before, strict=True))
    assert float(model.elbo(batch(digits, 64))) > first + 100


def test_beta_buys_codes_closer_to_the_prior(digits):
    def kl(beta):
        nnlite.manual_seed(0)
        model = VAE("dense", 4, beta)
        return [float(model.train_step(batch(digits, 64))["kl"]) for _ in range(60)][-1]

    assert kl(10.0) < 0.5 * kl(1.0) < 0.5 * kl(0.0)


# Against PyTorch


def test_training_gives_pytorchs_losses(torch, monkeypatch, digits):
    """From the same weights and with the same noise, in float64, over several steps: loss, then weights."""
    ours, theirs = to_double(VAE("conv", 4)), vae_elbo.TorchVAE(torch, 4)
    theirs.encoder.double(), theirs.decoder.double()
    theirs.copy_weights(ours)
    noise = {}
    monkeypatch.setattr(random, "normal", lambda shape, *_: noise["eps"])
    monkeypatch.setattr(torch.distributions.normal, "_standard_normal", lambda *_, **__: torch.tensor(noise["eps"]))
    for step in range(5):
        noise["eps"] = np.random.default_rng(step).standard_normal((8, 4))
        x = batch(digits, 8, 8 * step, np.float64)
        mine = float(ours.train_step(x)["loss"])
        assert mine == pytest.approx(theirs.train_step(torch.tensor(x.numpy())), rel=1e-9), f"step {step}"
    for network, other in ((ours.encoder, theirs.encoder), (ours.decoder, theirs.decoder)):
        for name, tensor in network.state_dict().items():
            np.testing.assert_allclose(tensor.numpy(), other.state_dict()[name].numpy(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", NETWORKS)
def test_kl_is_pytorchs_kl_divergence(kind, torch, digits):
    model, x = VAE(kind, 5), batch(digits)
    with nnlite.no_grad():
        mu, log_var = (torch.tensor(v.numpy()) for v in model.encode(x))
        _, kl = model.terms(x)
    Normal = torch.distributions.Normal
    divergence = torch.distributions.kl_divergence(Normal(mu, (log_var / 2).exp()), Normal(0.0, 1.0))
    assert float(kl) == pytest.approx(divergence.sum(1).mean().item(), rel=1e-4)


@pytest.mark.slow
def test_as_good_a_bound_as_pytorchs_after_as_many_steps(torch):
    """The default size is measured by `python -m benchmarks.vae_elbo`."""
    ours, theirs = vae_elbo.compare(torch, steps=150)
    assert ours == pytest.approx(theirs, rel=0.03) and theirs > -200


@pytest.mark.slow
def test_the_benchmark_prints_both_bounds(torch, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["vae_elbo", "--steps", "1"])
    vae_elbo.main()
    printed = capsys.readouterr().out
    assert "nnlite -5" in printed and "PyTorch -5" in printed and "% from PyTorch" in printed


# What is drawn


def test_samples_come_from_codes_of_the_prior():
    model = VAE("dense", 3)
    model.decoder = nn.Linear(3, 3, bias=False)
    model.decoder.weight.array[...] = np.eye(3)
    p = model.sample(20000).numpy().astype(np.float64)
    codes = np.log(p / (1 - p))
    assert codes.shape == (20000, 3)
    assert np.abs(codes.mean(0)).max() < 0.03 and np.abs(np.cov(codes.T) - np.eye(3)).max() < 0.05


def test_the_standard_deviation_is_exp_of_half_the_log_variance(digits):
    model, seen = VAE("dense", 2), []
    mu, log_var = np.array([1.0, -2.0], np.float32), np.log(np.array([9.0, 0.25], np.float32))
    model.encoder = lambda images: nnlite.tensor(np.tile(np.concatenate([mu, log_var]), (len(images), 1)))
    decoder = model.decoder
    model.decoder = lambda z: seen.append(z.numpy()) or decoder(z)
    for _ in range(100):
        model.terms(batch(digits, 64))
    z = np.concatenate(seen)
    assert z.mean(0) == pytest.approx(mu, abs=0.15) and z.std(0) == pytest.approx([3.0, 0.5], rel=0.05)


@pytest.mark.parametrize("kind", NETWORKS)
def test_shapes_and_ranges(kind, digits):
    model, x = VAE(kind, 3), batch(digits)
    mu, log_var = model.encode(x)
    assert mu.shape == log_var.shape == (8, 3) and not np.array_equal(mu.detach().numpy(), log_var.detach().numpy())
    for images in (model.decode(mu), model.reconstruct(x), model.sample(8)):
        assert (
            images.shape == (8, 1, 28, 28)
            and 0.0 <= images.detach().numpy().min()
            and images.detach().numpy().max() <= 1.0
        )
    assert np.array_equal(model.reconstruct(x).detach().numpy(), model.decode(mu).detach().numpy()), (
        "of mu, without noise"
    )
    assert model.elbo(x).grad_fn is model.sample(2).grad_fn is model.reconstruct(x).grad_fn is None


def test_the_seed_decides_a_whole_run(digits):
    def train(seed):
        nnlite.manual_seed(seed)
        model = VAE("conv", 2)
        losses = [numbers(model.train_step(batch(digits, 8, 8 * i))) for i in range(3)]
        return losses, model.sample(2).numpy().tobytes()

    assert train(1) == train(1) != train(2)


# State


def test_a_saved_state_goes_on_bit_for_bit(tmp_path, digits):
    straight = VAE("conv", 2)
    straight.train_step(batch(digits))
    nnlite.save({"model": straight.state_dict(), "rng": nnlite.get_rng_state()}, tmp_path / "c.safetensors")
    expected = [numbers(straight.train_step(batch(digits, 8, 8))) for _ in range(2)]
    nnlite.manual_seed(99)
    resumed, state = VAE("conv", 2), nnlite.load(tmp_path / "c.safetensors")
    resumed.load_state_dict(state["model"])
    nnlite.set_rng_state(state["rng"])
    assert [numbers(resumed.train_step(batch(digits, 8, 8))) for _ in range(2)] == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (lambda: VAE("dense", 4).state_dict(), "dense VAE, not of conv VAE"),
        (lambda: Autoencoder(*dense(4)).state_dict(), "Autoencoder, not of conv VAE"),
        (lambda: VAE("conv", 5).state_dict(), r"file \(10, 3136\), model \(8, 3136\)"),
        (dict, "no encoder, decoder, optimizer; it is not that of conv VAE"),
    ],
)
def test_a_state_of_another_kind_is_refused(state, expected):
    with pytest.raises(nnlite.CheckpointError, match=expected):
        VAE("conv", 4).load_state_dict(state())


def test_trains_on_the_gpu(gpu, digits):
    model = VAE("conv", 2).to("gpu")
    x = batch(digits, 4).to("gpu")
    assert {loss.device for loss in model.train_step(x).values()} == {"gpu"}
    assert model.sample(2).device == model.reconstruct(x).device == model.elbo(x).device == "gpu"


# Bad input


@pytest.mark.parametrize("shape", [(4, 28, 28), (4, 784), (4, 1, 32, 32), (4, 3, 28, 28), (0, 1, 28, 28)])
@pytest.mark.parametrize("kind", NETWORKS)
def test_other_shapes_are_refused(kind, shape):
    with pytest.raises(nnlite.ShapeError, match=r"expected images \(N, 1, 28, 28\)"):
        VAE(kind, 2).train_step(nnlite.zeros(shape))


def test_codes_of_another_size_are_refused():
    with pytest.raises(nnlite.ShapeError):
        VAE("dense", 2).decode(nnlite.zeros(4, 3))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"latent": 0}, "at least 1 number, got latent 0"),
        ({"kind": "deep"}, "'deep'; expected dense or conv"),
        ({"beta": -1.0}, "not be negative, got -1.0"),
        ({"beta": math.nan}, "not be negative, got nan"),
    ],
)
def test_options_out_of_range(options, expected):
    with pytest.raises(ValueError, match=expected):
        VAE(**options)
