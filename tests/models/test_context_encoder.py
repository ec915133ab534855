"""The context encoder: what it leaves as it was, whom its losses teach, and against PyTorch."""

import numpy as np
import pytest

import nnlite
from demos.shared.digits import load_digits
from models.autoencoder import convolutional, masked_square
from models.context_encoder import ContextEncoder, hole
from models.dcgan import Discriminator
from nnlite import nn


@pytest.fixture
def images(rng):
    nnlite.manual_seed(0)
    return nnlite.tensor((rng.integers(0, 256, (6, 1, 28, 28)) / 255.0).astype(np.float32))


def build(cut=None, **weights):
    nnlite.manual_seed(1)
    return ContextEncoder(*convolutional(8, 4), Discriminator(28, 2, 4), cut or masked_square(10), **weights)


def test_only_the_hole_is_painted(images):
    model = build()
    with_hole = masked_square(10)(images)
    mask = hole(with_hole).numpy()
    np.testing.assert_array_equal(mask.sum((1, 2, 3)), 100.0)
    completed = model.complete(with_hole).detach().numpy()
    np.testing.assert_array_equal(completed[mask == 0], images.numpy()[mask == 0])
    assert np.abs(completed - images.numpy())[mask == 1].min() > 0.0


def test_the_losses_are_those_of_the_formulas(torch, images):
    with_hole = masked_square(10)(images)
    model = build(lambda _: with_hole)
    mask = torch.tensor(hole(with_hole).numpy())
    x, y = torch.tensor(images.numpy()), torch.tensor(model.complete(with_hole).detach().numpy())
    with nnlite.no_grad():
        real, fake = (model.judge(nnlite.tensor(z.numpy()), hole(with_hole)).numpy() for z in (x, y))
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    ones = torch.ones(6, 1)
    expected = bce(torch.tensor(real), ones) + bce(torch.tensor(fake), 0.0 * ones)
    losses = model.train_step(images)
    assert float(losses["discriminator"]) == pytest.approx(expected.item(), rel=1e-5)
    assert float(losses["reconstruction"]) == pytest.approx((((x - y) ** 2 * mask).sum() / mask.sum()).item(), rel=1e-5)
    assert all(loss.shape == () and not loss.requires_grad for loss in losses.values())


def test_the_generator_listens_to_the_discriminator_only_if_it_weighs(images):
    """Without weight, two discriminators leave the same generator; with it they do not. They learn in any case."""
    with_hole = masked_square(10)(images)

    def step(adversarial_weight, bias):
        model = build(lambda _: with_hole, adversarial_weight=adversarial_weight)
        with nnlite.no_grad():
            model.discriminator.layers[0].weight += bias
        before = [p.numpy().copy() for p in model.discriminator.state_dict().values()]
        model.train_step(images)
        after = [p.numpy() for p in model.discriminator.state_dict().values()]
        assert any((x != y).any() for x, y in zip(before, after, strict=True))
        assert all(p.requires_grad for p in model.discriminator.parameters())
        return np.concatenate([p.numpy().ravel() for p in model.generator.state_dict().values()])

    np.testing.assert_array_equal(step(0.0, 0.1), step(0.0, -0.1))
    assert np.abs(step(1.0, 0.1) - step(1.0, -0.1)).max() > 1e-4


def test_an_undecided_discriminator_leaves_an_autoencoder_of_the_hole():
    class Undecided(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(nnlite.zeros(1))

        def forward(self, pair):
            return pair.mean((1, 2, 3), keepdim=True)[:, :, 0, 0] * 0.0 + self.bias

    nnlite.manual_seed(0)
    model = ContextEncoder(*convolutional(8, 4), Undecided(), masked_square(10))
    digits = nnlite.tensor(load_digits()[0].images[:32])
    losses = [float(model.train_step(digits)["reconstruction"]) for _ in range(30)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
