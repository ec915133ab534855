"""GANs: the losses of the papers and of PyTorch, who learns from which, strategies, health, labels, checkpoints."""

import math

import numpy as np
import pytest

import nnlite
from models.dcgan import DCGAN, Discriminator, Generator
from models.gan import GAN, ConditionalGAN, DenseDiscriminator, DenseGenerator
from models.gan_strategies import Strategy, diversity, gradient_norm
from models.vae import VAE
from models.wgan import WGAN, Wasserstein
from models.wgan_gp import WGANGP
from nnlite import nn

SHAPE = (1, 4, 4)
HEALTH = {"discriminator_gradient", "generator_gradient", "diversity"}


def dense(strategy=None, kind=GAN, **how):
    """A tiny GAN of dense layers without dropout, so that its two networks are functions."""
    return kind(DenseGenerator(3, 8, SHAPE), DenseDiscriminator(8, SHAPE, dropout=0.0), strategy, **how)


def conditional(**how):
    return ConditionalGAN(4, 3, 8, SHAPE, **how)


def images(n=8, shape=SHAPE, seed=0):
    return nnlite.tensor(np.random.default_rng(seed).uniform(-1, 1, (n, *shape)).astype(np.float32))


def labels(n=8):
    return nnlite.tensor(np.arange(n) % 4)


KINDS = {
    "gan": lambda: (dense(), (images(),)),
    "conditional": lambda: (conditional(), (images(), labels())),
    "dcgan": lambda: (DCGAN(28, 1, 4, 4), (images(4, (1, 28, 28)),)),
    "wgan": lambda: (dense(kind=WGAN), (images(10),)),
    "wgan-gp": lambda: (dense(kind=WGANGP), (images(10),)),
}


@pytest.fixture(params=KINDS, name="kind")
def a_kind(request):
    return KINDS[request.param]


def weights(network):
    return [p.detach().numpy().copy() for p in network.parameters()]


def test_a_step_returns_losses_and_health_as_detached_numbers(kind):
    model, batch = kind()
    figures = model.train_step(*batch)
    beliefs = {"f_real", "f_fake"} if isinstance(model, Wasserstein) else {"d_real", "d_fake"}
    beliefs |= {"penalty", "slope"} if isinstance(model, WGANGP) else set()
    assert set(figures) == {"discriminator", "generator"} | HEALTH | beliefs
    for figure in figures.values():
        assert isinstance(figure, nnlite.Tensor) and figure.shape == () and figure.dtype == np.float32
        assert not figure.requires_grad and math.isfinite(figure)


def test_a_step_changes_every_parameter(kind):
    model, batch = kind()
    before = weights(model.generator), weights(model.discriminator)
    model.train_step(*batch)
    for network, old in zip((model.generator, model.discriminator), before, strict=True):
        names = [name for name, _ in network.named_parameters()]
        still = [name for name, w, new in zip(names, old, weights(network), strict=True) if (w == new).all()]
        # A bias before batch norm has no effect: its gradient is rounding, if anything.
        assert not [name for name in still if not name.endswith("bias")]
    assert all(p.requires_grad for p in model.discriminator.parameters())


def test_the_seed_decides_a_whole_run(kind):
    def run(seed):
        nnlite.manual_seed(seed)
        model, batch = kind()
        return [float(v) for _ in range(3) for v in model.train_step(*batch).values()]

    assert run(1) == run(1) != run(2)


def test_a_loaded_state_goes_on_exactly(kind):
    model, batch = kind()
    model.train_step(*batch)
    other, _ = kind()
    other.load_state_dict(model.state_dict())
    after = []
    for each in (model, other):
        nnlite.manual_seed(5)
        after.append([float(v) for v in each.train_step(*batch).values()])
    assert after[0] == after[1]


def test_samples_are_images_that_do_not_depend_on_each_other(kind):
    model, batch = kind()
    model.train_step(*batch)
    assert model.sample(5).shape == (5, *batch[0].shape[1:])
    noise = model.draw_noise(4)
    condition = [part[:4] for part in batch[1:]]
    four = model.generate(noise, *condition).numpy()
    two = model.generate(noise[:2], *(part[:2] for part in condition)).numpy()
    np.testing.assert_allclose(four[:2], two, atol=1e-6)
    assert np.abs(four).max() <= 1.0 and model.generator.training


# The losses


@pytest.mark.parametrize("label", [1.0, 0.9])
def test_the_losses_are_those_of_pytorch(torch, label):
    """The same losses, and the same gradient of each with respect to the logits, as PyTorch's BCE."""
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(size=(6, 1)).astype(np.float32) for _ in range(2))
    on_real, on_fake = (nnlite.tensor(x, requires_grad=True) for x in (real, fake))
    theirs = [torch.tensor(x, requires_grad=True) for x in (real, fake)]
    model = dense(Strategy(label, label))
    bce = torch.nn.BCELoss()
    ours = model.discriminator_loss(on_real, on_fake)
    p_real, p_fake = (x.sigmoid() for x in theirs)
    expected = bce(p_real, torch.full_like(p_real, label)) + bce(p_fake, torch.zeros_like(p_fake))
    ours.backward()
    expected.backward()
    assert float(ours.detach()) == pytest.approx(expected.item(), rel=1e-5)
    for mine, other in zip((on_real, on_fake), theirs, strict=True):
        np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), rtol=1e-4)
    assert float(model.generator_loss(on_fake.detach())) == pytest.approx(
        bce(p_fake.detach(), torch.ones_like(p_fake)).item(), rel=1e-5
    )


def test_a_step_of_dcgan_is_that_of_pytorch(torch):
    """Losses and weights after a step that starts from the same weights, and is given the same noise."""
    from benchmarks.dcgan_quality import TorchDCGAN

    ours, batch = DCGAN(28, 1, 4, 4, lr=1e-3), images(8, (1, 28, 28))
    theirs = TorchDCGAN(torch, 4, 4)
    theirs.copy_weights(ours)
    noises = [np.random.default_rng(i).normal(size=(8, 4)).astype(np.float32) for i in range(2)]
    ours_left, theirs_left = iter(noises), iter(noises)
    ours.draw_noise = lambda n: nnlite.tensor(next(ours_left))
    randn, torch.randn = torch.randn, lambda *size: torch.tensor(next(theirs_left))
    try:
        ours.train_step(batch)
        theirs.train_step(torch.tensor(batch.numpy()), 1e-3)
    finally:
        torch.randn = randn
    for name in ("generator", "discriminator"):
        mine = getattr(ours, name).state_dict()
        for key, value in getattr(theirs, name).state_dict().items():
            # Adam's first step is lr times the sign of the gradient: where that is about 0, it may go either way.
            far = np.abs(mine[key].numpy() - value.numpy()) > 1e-5
            assert far.mean() < 0.01, (name, key)


def test_the_losses_of_wgan_are_differences_of_means():
    model = dense(kind=WGAN)
    real, fake = nnlite.tensor([[1.0], [4.0]]), nnlite.tensor([[-1.0], [2.0]])
    assert float(model.discriminator_loss(real, fake)) == 0.5 - 2.5
    assert float(model.generator_loss(fake)) == -0.5


def test_each_network_learns_from_its_own_loss_only():
    model = dense()
    model.discriminator_step(images())
    assert all(p.grad is None for p in model.generator.parameters()), "D's loss reached G"
    before = [p.grad.numpy().copy() for p in model.discriminator.parameters()]
    model.generator_step(images())
    after = [p.grad.numpy() for p in model.discriminator.parameters()]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)), "G's loss reached D"
    assert all(p.grad is not None for p in model.generator.parameters())


# Wasserstein


@pytest.mark.parametrize("clip", [0.01, 0.002])
def test_clipping_holds_after_each_step_of_the_critic(clip, monkeypatch):
    model = dense(kind=WGAN, lr=0.05, clip=clip)
    largest = []
    step = WGAN.discriminator_step

    def watched(self, *batch):
        figures = step(self, *batch)
        largest.append(max(float(p.abs().max()) for p in self.discriminator.parameters()))
        return figures

    monkeypatch.setattr(WGAN, "discriminator_step", watched)
    for i in range(3):
        model.train_step(images(10, seed=i))
    assert len(largest) == 15 and max(largest) <= np.float32(clip)
    assert max(largest) == np.float32(clip), "such a rate takes some weight to the bound"


def test_the_generators_weights_are_not_clipped():
    model = dense(kind=WGAN)
    model.train_step(images(10))
    assert max(float(p.abs().max()) for p in model.generator.parameters()) > 0.1


# Strategies


@pytest.mark.parametrize(("d", "g"), [(1, 1), (3, 1), (1, 4)])
def test_each_network_takes_its_steps_on_its_part_of_the_batch(d, g):
    model = dense(Strategy(discriminator_steps=d, generator_steps=g))
    seen = []
    step = model.discriminator_step
    model.discriminator_step = lambda part: seen.append(part.numpy()) or step(part)
    batch = images(12)
    model.train_step(batch)
    assert len(seen) == d and np.array_equal(np.concatenate(seen), batch.numpy())
    assert model.discriminator_optimizer.state_dict()["state"][0]["step"] == d
    assert model.generator_optimizer.state_dict()["state"][0]["step"] == g


def test_a_batch_that_has_no_equal_parts_is_refused():
    with pytest.raises(ValueError, match="batch of 8 cannot be cut into 3 equal shares"):
        dense(Strategy(discriminator_steps=3)).train_step(images(8))


def test_labels_of_real_images_are_fixed_or_drawn():
    logits = nnlite.zeros(1000, 1)
    assert (Strategy(0.9, 0.9).real_labels(logits).numpy() == np.float32(0.9)).all()
    drawn = Strategy(0.7, 1.0).real_labels(logits).numpy()
    assert 0.7 <= drawn.min() < 0.71 and 0.99 < drawn.max() <= 1.0 and drawn.mean() == pytest.approx(0.85, abs=0.01)


def test_noise_can_be_changed_while_training():
    model = dense(Strategy(noise=0.5))
    x = nnlite.zeros(100, *SHAPE)
    for noise in (model.noise, 0.25, 0.125):
        model.noise = noise
        assert model.add_noise(x).numpy().std() == pytest.approx(noise, rel=0.05)
    model.noise = 0.0
    assert model.add_noise(x) is x


def test_with_spectral_norm_the_discriminator_stretches_nothing():
    for model, batch in (
        (dense(Strategy(spectral_norm=True)), images()),
        (DCGAN(28, 1, 4, 4, Strategy(spectral_norm=True)), images(4, (1, 28, 28))),
    ):
        for _ in range(20):
            model.train_step(batch)
        layers = [m for m in model.discriminator.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
        with nnlite.no_grad():
            norms = [np.linalg.norm(m.weight.numpy().reshape(len(m.weight), -1), 2) for m in layers]
        assert len(norms) == 3 and max(norms) < 1.1
        assert not any(isinstance(m, nn.BatchNorm2d) for m in model.discriminator.modules())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"label_high": 1.1}, "low <= high <= 1"),
        ({"label_low": 0.9, "label_high": 0.8}, "low <= high"),
        ({"label_low": 0.0}, "0 < low"),
        ({"discriminator_steps": 0}, "at least one step"),
        ({"generator_steps": 0}, "at least one step"),
        ({"noise": -0.1}, "at least 0"),
    ],
)
def test_strategies_out_of_range(options, expected):
    with pytest.raises(ValueError, match=expected):
        Strategy(**options)


# Health


def test_diversity_is_the_mean_distance_over_all_pairs(rng):
    x = rng.normal(size=(7, 2, 3, 3)).astype(np.float32)
    pairs = [np.linalg.norm(x[i] - x[j]) for i in range(7) for j in range(i)]
    assert float(diversity(nnlite.tensor(x))) == pytest.approx(np.mean(pairs), rel=1e-5)
    assert float(diversity(nnlite.ones(5, 3))) == 0.0


def test_gradient_norm_is_that_of_one_vector():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    net(nnlite.ones(4, 3)).sum().backward()
    every = np.concatenate([p.grad.numpy().ravel() for p in net.parameters()])
    assert float(gradient_norm(net.parameters())) == pytest.approx(np.linalg.norm(every), rel=1e-6)


def test_health_shows_the_weights_before_the_step():
    model = dense(lr=0.0)
    noise = model.draw_noise(8)
    model.draw_noise = lambda n: noise
    with nnlite.no_grad():
        fake = model.generator(noise)
        d_real, d_fake = (model.discriminator(x).sigmoid().mean() for x in (images(), fake))
    figures = model.train_step(images())
    assert float(figures["d_real"]) == pytest.approx(float(d_real), rel=1e-5)
    assert float(figures["d_fake"]) == pytest.approx(float(d_fake), rel=1e-5)
    assert float(figures["diversity"]) == pytest.approx(float(diversity(fake) / diversity(images())), rel=1e-4)


# Labels


def test_labels_change_the_output_of_both_networks():
    model, noise = conditional(), nnlite.randn(1, 3)
    drawn = [model.generate(noise, nnlite.tensor([k])).numpy() for k in range(4)]
    with nnlite.no_grad():
        judged = [float(model.discriminator.eval()(images(1), nnlite.tensor([k]))) for k in range(4)]
    assert all(np.abs(drawn[0] - other).max() > 1e-3 for other in drawn[1:])
    assert len(set(judged)) == 4


def test_without_labels_a_sample_has_all_classes_in_turn():
    model = conditional()
    nnlite.manual_seed(1)
    by_default = model.sample(6).numpy()
    nnlite.manual_seed(1)
    assert np.array_equal(by_default, model.sample(6, nnlite.tensor([0, 1, 2, 3, 0, 1])).numpy())


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [([0, 4], "0..3, got 0 to 4"), ([-1, 0], "got -1 to 0"), ([0, 1, 2], "expected 2 labels"), ([0.0, 1.0], "whole")],
)
def test_labels_out_of_range(wrong, expected):
    with pytest.raises(ValueError, match=expected):
        conditional().sample(2, nnlite.tensor(wrong))


def test_a_batch_with_labels_out_of_range():
    with pytest.raises(IndexError, match="expected 0 to 3"):
        conditional().train_step(images(2), nnlite.tensor([0, 7]))


# The networks of DCGAN, and what is refused


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [28, 32, 64])
def test_sizes_and_colours(size, channels):
    model = DCGAN(size, channels, 4, 2)
    model.train_step(images(2, (channels, size, size)))
    assert model.sample(3).shape == (3, channels, size, size)


def test_the_start_is_from_the_papers_distribution():
    for network in (Generator(64, 3, 100, 8), Discriminator(64, 3, 8)):
        convs = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
        every = np.concatenate([m.weight.detach().numpy().ravel() for m in convs])
        assert len(convs) == 5 and abs(every.mean()) < 1e-3 and every.std() == pytest.approx(0.02, rel=0.03)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: DCGAN(48), "28, 32 or 64, got 48"),
        (lambda: DCGAN(28, latent=0), "latent=0"),
        (lambda: DenseGenerator(0), "latent=0"),
        (lambda: dense(kind=WGAN, clip=0.0), "clip must be above 0"),
    ],
)
def test_options_out_of_range(build, expected):
    with pytest.raises(ValueError, match=expected):
        build()


def test_states_of_other_kinds_are_refused():
    with pytest.raises(nnlite.CheckpointError, match="a state of dense VAE, not of GAN"):
        dense().load_state_dict(VAE("dense", 2).state_dict())
    for state in (conditional().state_dict(), DCGAN(28, 1, 3, 4).state_dict()):
        with pytest.raises((nnlite.CheckpointError, ValueError)):
            dense().load_state_dict(state)
