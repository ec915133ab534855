"""Super-resolution: the generator against PyTorch's layers, both models' steps, and what they refuse."""

import numpy as np
import pytest

import nnlite
from models.srgan import SRGAN, ContentModel, Discriminator, SRResNet, enlarge_bicubic, grid_loss, shrink_bicubic
from nnlite.nn import functional as F


def batch(rng, n=2, h=6, w=8, dtype=np.float32):
    small, large = (rng.uniform(-1, 1, (n, 3, s * h, s * w)).astype(dtype) for s in (1, 4))
    return nnlite.Tensor(small), nnlite.Tensor(large)


def taught(rng, width=8, blocks=2):
    """A generator that no longer gives the bicubic enlargement."""
    network = SRResNet(width, blocks)
    network.up[3].weight.data[...] = rng.normal(0, 0.1, network.up[3].weight.shape)
    return network


def in_pytorch(torch, network):
    """Its weights by name."""
    return {k: torch.tensor(v.numpy().copy(), requires_grad=True) for k, v in network.state_dict().items()}


def reference(torch, weights, images):
    """The generator by PyTorch's functions, layer by layer."""
    F, x = torch.nn.functional, torch.tensor(images.numpy())
    blocks = sum(name.endswith("body.0.weight") for name in weights)

    def leaky(x):
        return F.leaky_relu(x, 0.2)

    def conv(x, name):
        return F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)

    first = maps = conv(x, "first")
    for i in range(blocks):
        maps = maps + conv(leaky(conv(maps, f"body.{i}.body.0")), f"body.{i}.body.2")
    maps = first + conv(maps, f"body.{blocks}")
    maps = leaky(F.pixel_shuffle(conv(maps, "up.0"), 2))
    detail = F.pixel_shuffle(conv(maps, "up.3"), 2)
    return detail + bicubic(torch, x)


def bicubic(torch, x):
    return torch.nn.functional.interpolate(x, scale_factor=4, mode="bicubic", antialias=True)


def discriminator_reference(torch, weights, detail):
    """The discriminator by PyTorch's functions."""
    F, x = torch.nn.functional, detail
    for i in (0, 2, 4, 6):
        x = F.leaky_relu(F.conv2d(x, weights[f"layers.{i}.weight"], weights[f"layers.{i}.bias"], 2, 1), 0.2)
    return F.conv2d(x, weights["layers.8.weight"], weights["layers.8.bias"])


@pytest.mark.parametrize(("width", "blocks"), [(8, 2), (6, 1)])
def test_the_generator_is_that_of_its_description(torch, rng, width, blocks):
    network, (small, _) = taught(rng, width, blocks), batch(rng)
    ours = network(small).detach().numpy()
    assert ours.shape == (2, 3, 24, 32) and ours.dtype == np.float32
    theirs = reference(torch, in_pytorch(torch, network), small).detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_an_untaught_generator_is_bicubic(torch, rng):
    small, _ = batch(rng, 1, 5, 7)
    expected = bicubic(torch, torch.tensor(small.numpy()))
    np.testing.assert_allclose(SRResNet(8, 3)(small).detach().numpy(), expected.detach().numpy(), atol=1e-5)


def test_small_images_are_pytorchs(torch, rng):
    _, large = batch(rng, 2, 9, 5)
    expected = torch.nn.functional.interpolate(
        torch.tensor(large.numpy()), scale_factor=0.25, mode="bicubic", antialias=True
    )
    np.testing.assert_allclose(shrink_bicubic(large).numpy(), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("blocks", [1, 3])
def test_no_pixel_depends_on_more_than_its_reach(rng, blocks):
    """The gradient of the four by four pixels of one in the middle is 0 beyond `reach`, and somewhere not at it."""
    network = taught(rng, 8, blocks)
    middle, side = network.reach + 2, 2 * network.reach + 5
    x = nnlite.Tensor(rng.uniform(-1, 1, (1, 3, side, side)).astype(np.float32), requires_grad=True)
    network(x)[:, :, 4 * middle : 4 * middle + 4, 4 * middle : 4 * middle + 4].sum().backward()
    rows, columns = np.nonzero(x.grad.numpy()[0].any(0))
    assert max(np.abs(rows - middle).max(), np.abs(columns - middle).max()) in (network.reach - 1, network.reach)


@pytest.mark.parametrize("shape", [(1, 1, 8, 8), (3, 8, 8)])
def test_other_images_are_refused(shape):
    with pytest.raises(nnlite.ShapeError, match=r"SRResNet: expected images \(N, 3, H, W\), got"):
        SRResNet(4, 1)(nnlite.zeros(shape))


def test_the_content_model_learns_pytorchs_weights(torch, rng):
    """From the same weights, in float64, losses and then weights stay together over several steps."""
    model = ContentModel(taught(rng, 4, 1), 1e-2)
    model.generator.double()
    weights = in_pytorch(torch, model.generator)
    adam = torch.optim.Adam(weights.values(), 1e-2)
    for step in range(4):
        small, large = batch(rng, dtype=np.float64)
        losses = model.train_step(small, large)
        loss = torch.nn.functional.l1_loss(reference(torch, weights, small), torch.tensor(large.numpy()))
        adam.zero_grad()
        loss.backward()
        adam.step()
        assert float(losses["content"]) == pytest.approx(loss.item(), rel=1e-9), f"step {step}"
    for name, value in weights.items():
        ours = model.generator.state_dict()[name].numpy()
        np.testing.assert_allclose(ours, value.detach().numpy(), 1e-6, 1e-8, err_msg=name)


@pytest.mark.parametrize("size", [(16, 16), (47, 31), (32, 100)])
def test_the_discriminator_judges_patches(torch, rng, size):
    network, detail = Discriminator(3), rng.uniform(-1, 1, (2, 3, *size)).astype(np.float32)
    ours = network(nnlite.Tensor(detail)).detach().numpy()
    assert ours.shape == (2, 1, size[0] // 16, size[1] // 16)
    theirs = discriminator_reference(torch, in_pytorch(torch, network), torch.tensor(detail))
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_srgan_learns_pytorchs_weights(torch, rng):
    """From the same weights, in float64, losses and then weights stay together: first D learns, then G deceives it."""
    model = SRGAN(taught(rng, 4, 1), 0.3, 1e-3, 1e-2, discriminator_width=3)
    networks, theirs = (model.generator, model.discriminator), []
    for network in networks:
        network.double()
        theirs.append(in_pytorch(torch, network))
    generator_adam, discriminator_adam = (
        torch.optim.Adam(weights.values(), lr) for weights, lr in zip(theirs, (1e-3, 1e-2), strict=True)
    )

    def bce(logits, label):
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

    def minimise(loss, adam):
        adam.zero_grad()
        loss.backward()
        adam.step()

    for step in range(3):
        small, large = batch(rng, 2, 8, 12, np.float64)
        ours = {name: float(loss) for name, loss in model.train_step(small, large).items()}
        y, base = torch.tensor(large.numpy()), bicubic(torch, torch.tensor(small.numpy()))
        made = reference(torch, theirs[0], small)
        real_logits, made_logits = (
            discriminator_reference(torch, theirs[1], 10.0 * (image - base)) for image in (y, made.detach())
        )
        discriminator = (bce(real_logits, 1.0) + bce(made_logits, 0.0)) / 2
        minimise(discriminator, discriminator_adam)
        content = (made - y).abs().mean()
        adversarial = bce(discriminator_reference(torch, theirs[1], 10.0 * (made - base)), 1.0)
        places = torch.stack([(made - y)[:, :, i::4, j::4].mean((0, 2, 3)) for i in range(4) for j in range(4)])
        minimise(content + 0.3 * adversarial + places.abs().mean(), generator_adam)
        expected = {"content": content, "adversarial": adversarial, "discriminator": discriminator}
        assert ours == pytest.approx({name: loss.item() for name, loss in expected.items()}, rel=1e-9), f"step {step}"
    for network, weights in zip(networks, theirs, strict=True):
        for name, value in weights.items():
            mine = network.state_dict()[name].numpy()
            np.testing.assert_allclose(mine, value.detach().numpy(), 1e-6, 1e-8, err_msg=name)


def test_it_learns_what_bicubic_lacks():
    """Stripes of one pixel in four, which bicubic enlargement blurs: a few steps take most of the error away."""
    large = np.tile(np.where(np.arange(32) % 8 < 2, 1.0, -1.0), (4, 3, 32, 1)).astype(np.float32)
    small = shrink_bicubic(nnlite.Tensor(large))
    error = float(np.abs(enlarge_bicubic(small).numpy() - large).mean())
    model = ContentModel(SRResNet(16, 1), 3e-3)
    for _ in range(60):
        losses = model.train_step(small, nnlite.Tensor(large))
    assert float(losses["content"]) < 0.3 * error


def test_steps_return_detached_numbers(rng):
    small, large = batch(rng, 2, 8, 8)
    for model, names in (
        (ContentModel(SRResNet(4, 1)), ["content"]),
        (SRGAN(SRResNet(4, 1), discriminator_width=4), ["content", "adversarial", "discriminator"]),
    ):
        losses = model.train_step(small, large)
        assert list(losses) == names
        for value in losses.values():
            assert value.shape == () and value.dtype == np.float32 and value.grad_fn is None


def test_the_losses_are_those_of_the_paper(rng):
    """Computed again from the networks as they were, and as the discriminator is after its own step."""
    model = SRGAN(taught(rng, 4, 1), discriminator_width=4, discriminator_lr=0.0)
    small, large = batch(rng, 2, 8, 8)

    def bce(logits, label):
        p = 1 / (1 + np.exp(-logits.numpy().astype(np.float64)))
        return -np.log(p if label else 1 - p).mean()

    with nnlite.no_grad():
        made, bicubic = model.generator(small), enlarge_bicubic(small)
        real_logits, made_logits = (model.discriminator(10.0 * (images - bicubic)) for images in (large, made))
    losses = {name: float(value) for name, value in model.train_step(small, large).items()}
    assert losses["content"] == pytest.approx(np.abs(made.numpy() - large.numpy()).mean(), rel=1e-5)
    assert losses["adversarial"] == pytest.approx(bce(made_logits, 1), rel=1e-4)
    assert losses["discriminator"] == pytest.approx((bce(real_logits, 1) + bce(made_logits, 0)) / 2, rel=1e-4)


def test_the_adversarial_weight_weighs(rng):
    """With weight 0 the generator learns by content and grid alone; with a large one it deceives instead."""
    small, large = batch(rng, 2, 8, 8)
    content = ContentModel(taught(rng, 4, 1), 1e-3)
    steps = {}
    for weight in (0.0, 10.0):
        model = SRGAN(SRResNet(4, 1), weight, generator_lr=1e-3, discriminator_width=4)
        model.start_from(content.generator)
        model.train_step(small, large)
        steps[weight] = model.generator.state_dict()["first.weight"].numpy()
    made = content.generator(small)
    (F.l1_loss(made, large) + grid_loss(made - large)).backward()
    content.optimizer.step()
    alone = content.generator.state_dict()["first.weight"].numpy()
    np.testing.assert_allclose(steps[0.0], alone, atol=1e-6)
    assert np.abs(steps[10.0] - alone).max() > 1e-4


def test_the_grid_is_what_repeats_every_four_pixels(rng):
    pattern = rng.uniform(-1, 1, (3, 4, 4)).astype(np.float32)
    everywhere = nnlite.Tensor(np.tile(pattern, (2, 1, 3, 5)))
    assert float(grid_loss(everywhere)) == pytest.approx(np.abs(pattern).mean(), rel=1e-5)
    ramp = np.linspace(-1.0, 1.0, 5, dtype=np.float32).repeat(4)  # as much below 0 as above at each place
    assert float(grid_loss(nnlite.Tensor(np.tile(ramp, (2, 3, 8, 1))))) == pytest.approx(0.0, abs=1e-6)
    error = rng.uniform(-1, 1, (2, 3, 8, 12)).astype(np.float32)
    by_hand = [abs(error[:, c, i::4, j::4].mean()) for c in range(3) for i in range(4) for j in range(4)]
    assert float(grid_loss(nnlite.Tensor(error))) == pytest.approx(np.mean(by_hand), rel=1e-5)


def test_the_discriminator_learns_to_tell_blurred_from_sharp(rng):
    """From contrast alone: with a batch norm, which takes the contrast of each batch away, it could not."""
    model = SRGAN(SRResNet(4, 1), generator_lr=0.0, discriminator_lr=1e-3, discriminator_width=8)
    for _ in range(40):
        large = nnlite.Tensor(rng.uniform(-1, 1, (4, 3, 32, 32)).astype(np.float32))
        losses = model.train_step(shrink_bicubic(large), large)
    assert float(losses["discriminator"]) < 0.4  # ln 2 for who does not know


def test_srgan_starts_from_a_copy(rng):
    """What it learns afterwards is not handed back."""
    network, model = taught(rng, 4, 1), SRGAN(SRResNet(4, 1), discriminator_width=4)
    before = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    model.start_from(network)
    small, large = batch(rng, 2, 8, 8)
    assert np.array_equal(model.generator(small).detach().numpy(), network(small).detach().numpy())
    model.train_step(small, large)
    assert all(np.array_equal(before[name], value.numpy()) for name, value in network.state_dict().items())
    assert not np.array_equal(model.generator(small).detach().numpy(), network(small).detach().numpy())


def test_a_saved_state_goes_on_bit_for_bit(rng, tmp_path):
    batches = [batch(rng, 2, 8, 8) for _ in range(4)]
    straight, resumed = (SRGAN(taught(rng, 4, 1), discriminator_width=4) for _ in range(2))
    for each in batches[:2]:
        straight.train_step(*each)
    nnlite.save(straight.state_dict(), tmp_path / "s.safetensors")
    resumed.load_state_dict(nnlite.load(tmp_path / "s.safetensors"))
    for each in batches[2:]:
        losses = [{k: float(v) for k, v in model.train_step(*each).items()} for model in (straight, resumed)]
        assert losses[0] == losses[1]
