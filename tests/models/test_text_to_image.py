"""Text to image: the losses against loops, what a caption's code depends on, who learns from which step."""

import numpy as np
import pytest

import nnlite
from models.text_to_image import TextDiscriminator, TextEncoder, TextGenerator, TextToImage, mismatch

WORDS, LENGTH = 7, 4


@pytest.fixture(autouse=True)
def seed():
    nnlite.manual_seed(0)


def batch(n=3, seed=0):
    """Images, captions and near misses."""
    rng = np.random.default_rng(seed)
    images = rng.uniform(-1.0, 1.0, (n, 3, 32, 32)).astype(np.float32)
    return [nnlite.tensor(each) for each in (images, *rng.integers(1, WORDS, (2, n, LENGTH)))]


def tiny(**how):
    return TextToImage(WORDS, LENGTH, latent=3, width=2, **how)


def weights(network):
    return {name: p.detach().numpy().copy() for name, p in network.named_parameters()}


def test_mismatch_is_the_mean_surprise_at_the_right_caption():
    features, codes = (np.random.default_rng(s).standard_normal((n, 5)) for s, n in ((0, 3), (1, 6)))
    expected = 0.0
    for i in range(3):
        products = [sum(features[i] * codes[j]) for j in range(6)]
        expected -= np.log(np.exp(products[i]) / sum(np.exp(p) for p in products)) / 3
    assert float(mismatch(nnlite.tensor(features), nnlite.tensor(codes))) == pytest.approx(expected, rel=1e-12)


def test_the_order_of_words_counts():
    encoder = TextEncoder(WORDS, LENGTH)
    one, other, padded = encoder(nnlite.tensor([[1, 2, 3, 4], [3, 2, 1, 4], [1, 2, 3, 0]])).detach().numpy()
    assert np.abs(one - other).max() > 0.1 and np.abs(one - padded).max() > 0.1


def test_the_discriminators_loss_is_made_of_the_scores_of_all_pairs():
    model = tiny(noise=0.0)
    images, right, wrong = batch()
    D = model.discriminator.eval()  # spectral norm takes no further step
    a = D.taste(D.layers(images)).detach().numpy()
    with nnlite.no_grad():
        pairs = np.array(
            [[float(D(images[i : i + 1], t[j : j + 1])) for t in (right, wrong) for j in range(3)] for i in range(3)]
        )
        nnlite.manual_seed(1)
        fakes = D(model.generator(model.draw_noise(3), right), right).numpy()
    real, products = pairs.diagonal(), pairs - a  # the taste is the same for all captions
    surprise = np.log(np.exp(products).sum(1)) - products.diagonal()
    expected = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fakes).mean() + 2.0 * surprise.mean()
    nnlite.manual_seed(1)
    figures = model.discriminator_step(images, right, wrong)
    assert float(figures["discriminator"]) == pytest.approx(expected, rel=1e-4)
    assert float(figures["s_real"]) == pytest.approx(real.mean(), rel=1e-3, abs=1e-5)


def test_the_generators_loss():
    model = tiny(noise=0.0, l1_weight=7.0, apart=2.0)
    images, right, wrong = batch(4)
    D = model.discriminator.eval()
    asked = nnlite.cat([right[:2], right[:2]])
    with nnlite.no_grad():
        nnlite.manual_seed(1)
        generated = model.generator(model.draw_noise(4), asked)
        scores = D(generated, asked).numpy()
        products = (D.layers(generated) @ D.codes(nnlite.cat([right, wrong])).transpose(0, 1)).numpy()
    own = products[[0, 1, 2, 3], [0, 1, 0, 1]]
    surprise = np.log(np.exp(products).sum(1)) - own
    g, x = generated.numpy(), images.numpy()
    l1, apart = np.abs(g - x[[0, 1, 0, 1]]).mean(), np.abs(g[:2] - g[2:]).mean()
    nnlite.manual_seed(1)
    figures = model.generator_step(images, right, wrong)
    expected = surprise.mean() - scores.mean() + 7.0 * l1 + 3.0 * (1.0 - apart / 2.0)
    assert float(figures["generator"]) == pytest.approx(expected, rel=1e-4)
    assert float(figures["apart"]) == pytest.approx(apart, rel=1e-4)


def test_each_step_changes_all_of_its_network_and_nothing_of_the_other():
    model = tiny()
    for step, learns, waits in (
        (model.discriminator_step, model.discriminator, model.generator),
        (model.generator_step, model.generator, model.discriminator),
    ):
        before, others = weights(learns), weights(waits)
        step(*batch())
        still = [name for name, w in weights(learns).items() if (w == before[name]).all()]
        assert not still or still == ["taste.bias"]  # real and generated pull at it with equal force at first
        assert all((w == others[name]).all() for name, w in weights(waits).items())
    assert all(p.requires_grad for p in model.discriminator.parameters())


def test_a_step_returns_detached_numbers():
    for name, figure in tiny().train_step(*batch()).items():
        assert figure.shape == () and not figure.requires_grad and np.isfinite(float(figure)), name


def test_images_follow_the_caption_and_the_noise():
    generator = TextGenerator(WORDS, LENGTH, latent=3, width=2).eval()
    noise, captions = nnlite.randn(2, 3), nnlite.tensor([[1, 2, 3, 4], [4, 2, 3, 1]])
    with nnlite.no_grad():
        both = generator(noise, captions)
        assert both.shape == (2, 3, 32, 32) and float(both.abs().max()) <= 1.0
        assert not np.array_equal(generator(noise, captions.flip(0)).numpy(), both.numpy())
        assert not np.array_equal(generator(noise.flip(0), captions).numpy(), both.numpy())
        assert np.array_equal(generator.draw(noise, generator.encoder(captions)).numpy(), both.numpy())
    assert TextDiscriminator(WORDS, LENGTH, 2)(both, captions).shape == (2,)
