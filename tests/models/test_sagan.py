"""SAGAN: the attention's gradient, PyTorch's numbers, what attention means; the hinge loss; spectral norm."""

import numpy as np
import pytest

import nnlite
from models.sagan import SAGAN, SelfAttention
from nnlite import nn


def layer(channels=8, inner=2, gamma=0.7):
    attention = SelfAttention(channels, inner).double()
    with nnlite.no_grad():
        attention.gamma.fill_(gamma)
    return attention


def values(*shape, seed=0, **how):
    return nnlite.tensor(np.random.default_rng(seed).normal(size=shape), **how)


def test_the_gradient_of_the_attention_is_right():
    """By gradcheck, for the input and each of the nine parameters."""
    attention = layer()
    names = [name for name, _ in attention.named_parameters()]
    weights = [nnlite.tensor(p.detach().numpy(), requires_grad=True) for p in attention.parameters()]

    def with_weights(x, *weights):
        for name, weight in zip(names, weights, strict=True):
            part, _, name = name.rpartition(".")
            vars(getattr(attention, part) if part else attention)[name] = weight
        return attention(x)

    assert len(weights) == 9
    assert nnlite.gradcheck(with_weights, [values(2, 8, 3, 4, requires_grad=True), *weights])


def test_output_and_every_gradient_are_those_of_pytorch(torch):
    attention = layer()
    x, u = values(2, 8, 3, 4, requires_grad=True), values(2, 8, 3, 4, seed=1)
    attention(x).backward(u)
    w = {k: torch.tensor(v.detach().numpy()).requires_grad_(True) for k, v in attention.state_dict().items()}
    z = torch.tensor(x.detach().numpy()).requires_grad_(True)

    def conv(name, x):
        return torch.nn.functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"])

    # attention as PyTorch itself computes it, with places as rows
    q, k, v = (conv(name, z).flatten(2).transpose(1, 2) for name in "fgh")
    o = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0).transpose(1, 2).reshape(2, -1, 3, 4)
    y = z + w["gamma"] * conv("v", o)
    y.backward(torch.tensor(u.numpy()))
    np.testing.assert_allclose(attention(x).detach().numpy(), y.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), atol=1e-12)
    for name, p in attention.named_parameters():
        np.testing.assert_allclose(p.grad.numpy(), w[name].grad.numpy(), atol=1e-12, err_msg=name)


def test_a_place_fetches_the_mean_of_contents_weighed_by_its_attention():
    attention, x = layer(), values(1, 8, 2, 3)
    question, key, content = (getattr(attention, name)(x).detach().numpy()[0].reshape(2, 6) for name in "fgh")
    fetched = np.zeros((2, 6))
    for i in range(6):
        agreement = np.exp([question[:, i] @ key[:, j] for j in range(6)])
        fetched[:, i] = content @ (agreement / agreement.sum())
    expected = x + 0.7 * attention.v(nnlite.tensor(fetched.reshape(1, 2, 2, 3)))
    np.testing.assert_allclose(attention(x).detach().numpy(), expected.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(attention.attention(x).sum(2).detach().numpy(), 1.0)


def test_it_starts_as_the_identity():
    x = values(2, 16, 4, 4)
    assert np.array_equal(SelfAttention(16).double()(x).detach().numpy(), x.numpy())
    assert SelfAttention(16).f.out_channels == 2 and SelfAttention(4).f.out_channels == 1


@pytest.mark.parametrize(("size", "attention"), [(28, True), (28, False), (32, True)])
def test_every_weight_learns_and_no_layer_stretches(size, attention):
    model = SAGAN(size, 1, 4, 8, (1e-4, 1e-4), attention)
    images = values(2, 1, size, size).float()
    networks = (model.generator, model.discriminator)
    before = [{name: p.detach().numpy().copy() for name, p in n.named_parameters()} for n in networks]
    for _ in range(3):  # gamma is 0 at first, and what it weighs learns from the second step on
        figures = model.train_step(images)
    assert {"discriminator", "generator", "f_real", "f_fake", "diversity"} <= set(figures)
    for network, old in zip(networks, before, strict=True):
        still = [name for name, p in network.named_parameters() if np.array_equal(p.detach().numpy(), old[name])]
        assert not [name for name in still if not name.endswith("bias")]
        assert any(isinstance(part, SelfAttention) for part in network.modules()) == attention
        for part in network.modules():
            if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
                axis = 1 if isinstance(part, nn.ConvTranspose2d) else 0
                matrix = np.moveaxis(part.weight.detach().numpy(), axis, 0)
                assert np.linalg.norm(matrix.reshape(len(matrix), -1), 2) == pytest.approx(1.0, abs=0.1)
    assert model.sample(2).shape == (2, 1, size, size)


def test_the_hinge_loss_leaves_alone_what_is_clear():
    model = SAGAN(28, 1, 4, 8)
    real = nnlite.tensor([[2.0], [0.5], [-1.0]], requires_grad=True)
    fake = nnlite.tensor([[-3.0], [0.0], [1.0]], requires_grad=True)
    loss = model.discriminator_loss(real, fake)
    loss.backward()
    assert float(loss.detach()) == pytest.approx((0.0 + 0.5 + 2.0) / 3 + (0.0 + 1.0 + 2.0) / 3)
    np.testing.assert_allclose(real.grad.numpy()[:, 0], [0.0, -1 / 3, -1 / 3])
    np.testing.assert_allclose(fake.grad.numpy()[:, 0], [0.0, 1 / 3, 1 / 3])
    assert float(model.generator_loss(fake.detach())) == pytest.approx(2.0 / 3)
    rates = [o.param_groups[0]["lr"] for o in (model.generator_optimizer, model.discriminator_optimizer)]
    assert rates == [1e-4, 4e-4]


def test_the_maps_belong_to_the_images():
    model = SAGAN(28, 1, 4, 8)
    noise = model.draw_noise(3)
    images, maps = model.attention_maps(noise)
    assert np.array_equal(images.numpy(), model.generate(noise).numpy()) and maps.shape == (3, 196, 196)
    np.testing.assert_allclose(maps.numpy().sum(2), 1.0, rtol=1e-5)
    assert model.generator.training
    with pytest.raises(ValueError, match="no attention"):
        SAGAN(28, 1, 4, 8, attention=False).attention_maps(noise)
