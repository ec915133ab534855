"""Fader networks: losses by hand, who learns from which, a code that keeps its secret; bad input."""

import numpy as np
import pytest

import nnlite
from models.fader import Fader
from nnlite import nn, optim


def a_batch(n=16, seed=0, classes=3, numbers=2):
    rng = np.random.default_rng(seed)
    attributes = np.concatenate([np.eye(classes)[rng.integers(classes, size=n)], rng.standard_normal((n, numbers))], 1)
    return (
        nnlite.tensor(rng.random((n, 1, 28, 28), np.float32)),
        nnlite.tensor(attributes.astype(np.float32)),
    )


def fader(**how):
    nnlite.manual_seed(0)
    return Fader(3, 2, 4, **how)


def test_the_losses_by_hand():
    model, (x, attributes) = fader(beta=2.0, secrecy=5.0, lr=0.0), a_batch()
    with nnlite.no_grad():
        mu, log_var = model.encode(x)
        nnlite.manual_seed(3)
        z = mu.numpy() + np.exp(log_var.numpy() / 2) * nnlite.randn(16, 4).numpy()
        guess = model.critic(nnlite.tensor(z)).numpy().astype(np.float64)
        p = model.decode(nnlite.tensor(z), attributes).numpy().astype(np.float64)
    nnlite.manual_seed(3)
    losses = {name: float(value) for name, value in model.train_step(x, attributes).items()}
    log_p = guess[:, :3] - np.log(np.exp(guess[:, :3]).sum(1, keepdims=True))
    c, t, m, v = attributes.numpy(), x.numpy(), mu.numpy(), log_var.numpy()
    expected = {
        "reconstruction": -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum() / 16,
        "kl": (m**2 + np.exp(v) - v - 1).sum() / 2 / 16,
        "critic": -(c[:, :3] * log_p).sum(1).mean() + ((guess[:, 3:] - c[:, 3:]) ** 2).sum(1).mean(),
        "leak": -log_p.mean() + (guess[:, 3:] ** 2).sum(1).mean(),
    }
    assert losses == pytest.approx(expected, rel=1e-4)


def test_each_learns_from_its_own_loss():
    """Without secrecy the code does not depend on the critic; with it, it does. The decoder learns in any case."""

    def after_a_step(critic_seed, secrecy):
        model = fader(secrecy=secrecy)
        nnlite.manual_seed(critic_seed)
        model.critic = nn.Linear(4, 5)
        model.critic_optimizer = optim.Adam(model.critic.parameters(), 1e-3)
        before = model.critic.weight.detach().numpy().copy()
        nnlite.manual_seed(5)
        model.train_step(*a_batch())
        assert (model.critic.weight.detach().numpy() != before).any() and model.critic.weight.requires_grad
        return [p.detach().numpy().tobytes() for p in (*model.encoder.parameters(), *model.decoder.parameters())]

    assert after_a_step(1, 0.0) == after_a_step(2, 0.0)
    first, second = after_a_step(1, 9.0), after_a_step(2, 9.0)
    assert first[:-6] != second[:-6] and first[-6:] == second[-6:]


def test_secrecy_takes_from_the_code_what_the_critic_goes_by():
    """A critic that stays as it is, and whose guesses are far from knowing nothing."""

    def leak(secrecy):
        model, batch = fader(secrecy=secrecy), a_batch()
        model.critic = nn.Linear(4, 5)
        model.critic.weight.data[...] = 3.0 * nnlite.randn(5, 4)
        model.critic_optimizer = optim.Adam(model.critic.parameters(), 0.0)
        nnlite.manual_seed(1)
        return np.mean([float(model.train_step(*batch)["leak"]) for _ in range(12)][-3:])

    assert np.log(3) < leak(100.0) < 0.8 * leak(0.0)


def test_an_edit_decodes_the_mean_code_with_the_attributes_asked_for():
    model, (x, attributes) = fader(), a_batch()
    with nnlite.no_grad():
        expected = model.decode(model.encode(x)[0], attributes).numpy()
    edited = model.edit(x, attributes)
    assert edited.grad_fn is None and 0 <= edited.numpy().min() <= edited.numpy().max() <= 1
    np.testing.assert_array_equal(edited.numpy(), expected)
    other = attributes.numpy()[::-1].copy()
    assert abs(model.edit(x, nnlite.tensor(other)).numpy() - expected).max() > 1e-3


def test_a_saved_state_goes_on_bit_for_bit(tmp_path):
    model, batch = fader(), a_batch()
    model.train_step(*batch)
    nnlite.save({"model": model.state_dict(), "rng": nnlite.get_rng_state()}, tmp_path / "f.safetensors")
    expected = {name: float(value) for name, value in model.train_step(*batch).items()}
    state, again = nnlite.load(tmp_path / "f.safetensors"), Fader(3, 2, 4)
    again.load_state_dict(state["model"])
    nnlite.set_rng_state(state["rng"])
    assert {name: float(value) for name, value in again.train_step(*batch).items()} == expected


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"latent": 0}, "latent of at least 1"),
        ({"classes": 1}, "classes of at least 2"),
        ({"beta": -1.0}, "must not be negative, got -1.0"),
        ({"secrecy": float("nan")}, "must not be negative, got 1.0 and nan"),
    ],
)
def test_options_out_of_range(how, expected):
    with pytest.raises(ValueError, match=expected):
        Fader(**how)


def test_other_shapes_are_refused():
    with pytest.raises(nnlite.ShapeError, match=r"expected images \(N, 1, 28, 28\), got \(2, 784\)"):
        fader().encode(nnlite.zeros(2, 784))
