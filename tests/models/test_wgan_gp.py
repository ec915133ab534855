"""WGAN-GP: the gradient of the penalty is that of a closed form and of PyTorch's double backward."""

import numpy as np
import pytest

import nnlite
from models.dcgan import Discriminator
from models.gan import DenseGenerator
from models.gan_strategies import Strategy
from models.wgan_gp import DISTANCE, WGANGP, SmoothCritic, slope_along, steepest
from nnlite import nn

SHAPE = (1, 4, 4)


def smooth(width=8):
    return nn.Sequential(nn.Flatten(), nn.Linear(16, width), nn.SiLU(), nn.Linear(width, 1))


def images(n=6, shape=(1, 28, 28), dtype=np.float32):
    return nnlite.tensor(np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype(dtype))


def penalty_gradient(critic, x):
    slope, direction = steepest(critic, x)
    critic.zero_grad()
    (20.0 * (slope - 1.0) * slope_along(critic, x, direction)).mean().backward()
    return {name: p.grad.numpy().copy() for name, p in critic.named_parameters() if p.grad is not None}


class Bowl(nn.Module):
    """f(x) = a |x|^2 / 2, whose gradient is a x: so |g| = a |x|, and d/da of 10 (|g| - 1)^2 is 20 (a |x| - 1) |x|."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(nnlite.tensor([0.7], dtype="float64"))

    def forward(self, x):
        return self.a * (x * x).sum((1, 2, 3)).reshape(-1, 1) / 2.0


def test_the_slope_and_the_gradient_of_the_penalty_are_those_of_a_closed_form():
    x, critic = images(dtype=np.float64), Bowl()
    lengths = np.linalg.norm(x.numpy().reshape(6, -1), axis=1)
    slope, direction = steepest(critic, x)
    np.testing.assert_allclose(slope.numpy()[:, 0], 0.7 * lengths, rtol=1e-12)
    np.testing.assert_allclose(direction.numpy(), x.numpy() / lengths.reshape(-1, 1, 1, 1), rtol=1e-12)
    assert critic.a.grad is None and critic.a.requires_grad, "measuring the slope must not teach the critic"
    expected = np.mean(20.0 * (0.7 * lengths - 1.0) * lengths)
    assert penalty_gradient(critic, x)["a"] == pytest.approx(expected, rel=1e-9)


def their_loss(torch, critic, x, between, generated):
    """PyTorch's loss of the critic, with the penalty by double backward in float64; and the weights it depends on."""
    weights = {k: torch.tensor(v.detach().numpy(), dtype=torch.float64) for k, v in critic.state_dict().items()}
    weights = {name: weight.requires_grad_(True) for name, weight in weights.items()}

    def f(x):
        for layer in (0, 2):
            x = torch.nn.functional.conv2d(x, weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"], 2, 1)
            x = torch.nn.functional.silu(x)
        return torch.nn.functional.conv2d(x, weights["layers.4.weight"], weights["layers.4.bias"]).flatten(1)

    x, between, generated = (torch.tensor(each.numpy(), dtype=torch.float64) for each in (x, between, generated))
    between.requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(between).sum(), between, create_graph=True)
    penalty = 10.0 * ((gradient.flatten(1).norm(dim=1) - 1.0) ** 2).mean()
    return f(generated).mean() - f(x).mean(), penalty, weights


def critic_of(dtype):
    critic = SmoothCritic(28, 1, 4)
    if dtype == "float64":
        critic.double()
    with nnlite.no_grad():
        for p in critic.parameters():
            p.mul_(5.0)  # steeper than at the start, as when training goes on
    return critic


@pytest.mark.parametrize(("dtype", "error"), [("float32", 1e-4), ("float64", 1e-5)])
def test_the_gradient_of_the_penalty_is_that_of_double_backward(torch, dtype, error):
    critic, x = critic_of(dtype), images(dtype=dtype)
    _, penalty, weights = their_loss(torch, critic, x, x, x)
    penalty.backward()
    for name, mine in penalty_gradient(critic, x).items():
        if name != "layers.4.bias":  # it moves f(x + e u) and f(x - e u) alike: rounding is left
            theirs = weights[name].grad.numpy()
            assert np.linalg.norm(mine - theirs) < error * np.linalg.norm(theirs), name


def test_a_step_of_the_critic_has_the_whole_gradient_of_pytorch(torch, monkeypatch):
    model = WGANGP(DenseGenerator(3, 8, (1, 28, 28)), critic_of("float32"), Strategy(), lr=1e-6)
    x, noise, t = images(8), nnlite.randn(8, 3), np.linspace(0, 1, 8, dtype=np.float32).reshape(8, 1, 1, 1)
    model.draw_noise = lambda n: noise
    monkeypatch.setattr(nnlite, "rand", lambda *shape, **how: nnlite.tensor(t))
    with nnlite.no_grad():
        generated = model.generator(noise)
    wasserstein, penalty, weights = their_loss(torch, model.discriminator, x, x * t + generated * (1.0 - t), generated)
    (wasserstein + penalty).backward()
    figures = model.discriminator_step(x)
    assert float(figures["penalty"]) == pytest.approx(penalty.item(), rel=1e-4)
    assert float(figures["discriminator"].detach()) == pytest.approx(wasserstein.item(), rel=1e-3)
    for name, p in model.discriminator.named_parameters():
        if name != "layers.4.bias":
            theirs = weights[name].grad.numpy()
            assert np.linalg.norm(p.grad.numpy() - theirs) < 2e-4 * np.linalg.norm(theirs), name


def test_the_penalty_brings_the_slope_near_one():
    model = WGANGP(DenseGenerator(3, 8, SHAPE), smooth(), Strategy(), lr=0.02)
    x = images(16, SHAPE)
    before = float(model.discriminator_step(x)["slope"])
    for _ in range(80):
        figures = model.discriminator_step(x)
    assert before < 0.6 and float(figures["slope"]) == pytest.approx(1.0, abs=0.25)


def test_a_flat_critic_has_no_direction_and_no_nan():
    critic = smooth()
    with nnlite.no_grad():
        for p in critic.parameters():
            p.mul_(0.0)
    slope, direction = steepest(critic, images(2, SHAPE))
    assert not slope.numpy().any() and not direction.numpy().any()
    assert np.isfinite(slope_along(critic, images(2, SHAPE), direction, DISTANCE).detach().numpy()).all()


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="weight must be above 0, got 0"):
        WGANGP(DenseGenerator(3, 8, SHAPE), smooth(), weight=0.0)
    with pytest.raises(ValueError, match="the critic has batch norm"):
        WGANGP(DenseGenerator(3, 8, (1, 28, 28)), Discriminator(28, 1, 4))
