"""StyleGAN: its convolution against a loop, styles that reach their layers and no others, the mean style, noise."""

import math

import numpy as np
import pytest

import nnlite
from models.stylegan import (
    MEMORY,
    BatchDeviation,
    SmoothDiscriminator,
    StyleGAN,
    StyleGenerator,
    modulated_conv2d,
    slope_at,
)
from nnlite import gradcheck


def generator(**how):
    """A tiny generator, as it paints after training, with noise that can be seen."""
    made = StyleGenerator(32, 1, latent=6, width=2, **how).eval()
    for layer in made.styled:
        layer.strength.data[:] = 0.5
    return made


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_modulated_convolution_has_weights_of_its_own_for_each_image(kernel):
    x, weight, scales = numbers(2, 3, 4, 5), numbers(4, 3, kernel, kernel, seed=1), numbers(2, 3, seed=2)
    edge = kernel // 2
    padded = np.pad(x, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    expected = np.zeros((2, 4, 4, 5))
    for n in range(2):
        for o in range(4):
            own = weight[o] * scales[n][:, None, None]
            own = 1.5 * own / math.sqrt((own**2).sum() + 1e-8)
            for i in range(4):
                for j in range(5):
                    expected[n, o, i, j] = (padded[n, :, i : i + kernel, j : j + kernel] * own).sum()
    y = modulated_conv2d(*map(nnlite.tensor, (x, weight, scales)), gain=1.5)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-10)


def test_its_gradient():
    shapes = ((2, 3, 4, 4), (2, 3, 3, 3), (2, 3))
    assert gradcheck(modulated_conv2d, [nnlite.tensor(numbers(*s, seed=7), requires_grad=True) for s in shapes])


def test_demodulation_undoes_the_size_of_scales_and_weights():
    x, weight, scales = (nnlite.tensor(numbers(*s, seed=3)) for s in ((2, 8, 6, 6), (4, 8, 3, 3), (2, 8)))
    y = modulated_conv2d(x, weight, scales).numpy()
    np.testing.assert_allclose(modulated_conv2d(x, 10.0 * weight, 0.1 * scales).numpy(), y, rtol=1e-6)
    assert y[:, :, 1:-1, 1:-1].std() == pytest.approx(1.0, abs=0.25), "as its inputs, away from the border"


@pytest.mark.parametrize("size", [28, 32, 64])
def test_images_of_every_size(size):
    made = StyleGenerator(size, 3, latent=5, width=2)
    images = made(nnlite.randn(2, 5))
    assert images.shape == (2, 3, size, size) and float(images.detach().abs().max()) <= 1.0
    assert len(made.sides) == len(made.styled) + 1 and made.sides[0] == {28: 7}.get(size, 4) and made.sides[-1] == size


def test_a_size_that_it_cannot_make():
    with pytest.raises(ValueError, match="size must be 28, 32 or 64, got 48"):
        StyleGenerator(48)


# Styles


def test_mixing_a_style_with_itself_changes_nothing():
    g = generator()
    w, maps = g.style(nnlite.randn(3, 6)), g.draw_maps()
    alone = g.synthesize([w] * len(g.sides), maps).detach().numpy()
    for side in (8, 16, 32):
        np.testing.assert_array_equal(g.synthesize(g.mix(w, w, side), maps).detach().numpy(), alone)


def test_mixing_takes_the_small_maps_from_one_and_the_large_ones_from_the_other():
    g = generator()
    assert g.sides == [4, 8, 8, 16, 16, 32, 32]
    assert g.mix("coarse", "fine", 16) == ["coarse"] * 3 + ["fine"] * 4
    assert g.mix("coarse", "fine", 8) == ["coarse"] + ["fine"] * 6


def test_the_style_of_a_layer_leaves_the_maps_before_it_alone():
    g = generator()
    w, other = g.style(nnlite.randn(2, 1, 6))
    seen = []
    for layer in g.styled:
        layer.register_forward_hook(lambda *call: seen.append(call[-1].detach().numpy()))
    maps = g.draw_maps()
    g.synthesize([w] * 7, maps)
    before, seen[:] = list(seen), []
    g.synthesize(g.mix(w, other, 16), maps)
    same = [bool((a == b).all()) for a, b in zip(before, seen, strict=True)]
    assert same == [True] * 3 + [False] * 3


@pytest.mark.parametrize("mixing", [0.0, 0.5, 1.0])
def test_training_mixes_the_share_it_is_told_to(mixing):
    g = generator(mixing=mixing)
    w = g.style(nnlite.randn(400, 6))
    styles = np.stack([s.detach().numpy() for s in g.mix_at_random([w] * 7)])
    own = (styles == w.detach().numpy()).all(2)  # (layers, images)
    assert own[0].all() and (own[1:] <= own[:-1]).all(), "from some layer on it is the other"
    assert 1.0 - own[-1].mean() == pytest.approx(mixing, abs=0.08)
    if mixing == 1.0:
        counts = np.bincount(own.sum(0), minlength=7)
        assert counts[1:7].min() > 35, f"all six layers begin the second style about as often: {counts}"


def test_the_mean_style_follows_the_styles_of_training_only():
    g = generator()
    noise = nnlite.randn(50, 6)
    mean = g.style(noise).detach().numpy().mean(0)
    g(noise)
    assert (g.mean_style.numpy() == 0.0).all()
    g.train()(noise)
    np.testing.assert_allclose(g.mean_style.numpy(), (1.0 - MEMORY) * mean, rtol=1e-4, atol=1e-7)
    assert "mean_style" in g.state_dict()


def test_truncation_leads_from_the_image_to_that_of_the_mean_style():
    g = generator()
    g.mean_style.copy_(nnlite.randn(6))
    w, maps = g.style(nnlite.randn(3, 6)), g.draw_maps()

    def paint(w):
        return g.synthesize([w] * 7, maps).detach().numpy()

    np.testing.assert_allclose(paint(g.truncate(w, 1.0)), paint(w), atol=1e-6)
    mean = paint(g.mean_style.unsqueeze(0))
    np.testing.assert_allclose(paint(g.truncate(w, 0.0)), np.repeat(mean, 3, 0), atol=1e-6)
    halfway = g.truncate(w, 0.5).detach().numpy()
    np.testing.assert_allclose(halfway, 0.5 * (w.detach().numpy() + g.mean_style.numpy()), atol=1e-6)


# Noise


def test_noise_changes_an_image_by_the_strengths_alone():
    g = generator()
    styles = [g.style(nnlite.randn(2, 6))] * 7
    one, other = (g.synthesize(styles).detach().numpy() for _ in range(2))
    assert (np.abs(one - other).max((1, 2, 3)) > 1e-3).all()
    for layer in g.styled:
        layer.strength.data[:] = 0.0
    silent, again = (g.synthesize(styles).detach().numpy() for _ in range(2))
    np.testing.assert_array_equal(silent, again)


def test_images_differ_by_their_own_noise_unless_they_share_it():
    g = generator()
    styles = [g.style(nnlite.randn(1, 6)).expand(2, -1)] * 7
    own, shared = (g.synthesize(styles, g.draw_maps(n)).detach().numpy() for n in (2, 1))
    assert np.abs(own[0] - own[1]).max() > 1e-3
    np.testing.assert_allclose(shared[0], shared[1], atol=1e-6)


# Training


def test_the_gradient_of_the_penalty_is_that_of_the_mean_square_slope():
    """Along a random direction of the weights, it is the difference of R1 = mean |v|^2 / 2, in float64."""
    rng, x = np.random.default_rng(0), nnlite.tensor(numbers(3, 1, 32, 32, seed=4))
    d = SmoothDiscriminator(32, 1, 2).to(dtype=nnlite.float64)
    slope, change = slope_at(d, x)
    assert float(change.detach().mean()) == pytest.approx(float((slope * slope).mean()), rel=1e-2)
    change.mean().backward()
    gradients = [p.grad.numpy() for p in d.parameters()]
    direction = [rng.normal(size=g.shape) for g in gradients]

    def penalty(step):
        for p, way in zip(d.parameters(), direction, strict=True):
            p.data += step * way
        return float((slope_at(d, x)[0] ** 2).mean()) / 2

    eps = 1e-5
    ahead, behind = penalty(eps), penalty(-2.0 * eps)
    along = sum((g * way).sum() for g, way in zip(gradients, direction, strict=True))
    assert along == pytest.approx((ahead - behind) / (2.0 * eps), rel=1e-2)


def test_the_discriminator_sees_whether_images_differ():
    x = numbers(4, 3, 2, 2, seed=5)
    y = BatchDeviation()(nnlite.tensor(x)).numpy()
    np.testing.assert_array_equal(y[:, :3], x)
    np.testing.assert_allclose(y[:, 3], x.std(0).mean(), rtol=1e-6)
    alike = BatchDeviation()(nnlite.tensor(np.repeat(x[:1], 4, 0))).numpy()
    assert alike[:, 3].max() < 1e-3


def test_a_step_changes_every_parameter_and_the_seed_decides_it():
    def run(seed):
        nnlite.manual_seed(seed)
        model = StyleGAN(32, 1, latent=4, width=2)
        before = {name: p.detach().numpy().copy() for name, p in model.generator.named_parameters()}
        figures = model.train_step(nnlite.rand(4, 1, 32, 32))
        assert not [
            name for name, p in model.generator.named_parameters() if (p.detach().numpy() == before[name]).all()
        ]
        assert model.generator.mean_style.numpy().any() and model.generator.training
        return [float(figure) for figure in figures.values()]

    assert run(1) == run(1) != run(2)


def test_a_loaded_state_goes_on_exactly():
    batch = nnlite.rand(4, 1, 32, 32)
    one, other = (StyleGAN(32, 1, latent=4, width=2) for _ in range(2))
    one.train_step(batch)
    other.load_state_dict(one.state_dict())
    after = []
    for model in (one, other):
        nnlite.manual_seed(5)
        after.append([float(figure) for figure in model.train_step(batch).values()])
    assert after[0] == after[1]
