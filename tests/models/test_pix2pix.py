"""Pix2Pix: the two losses, who learns from which, the patches, and the same numbers as PyTorch."""

import math

import numpy as np
import pytest

import nnlite
from models.pix2pix import PatchDiscriminator, Pix2Pix, gradient_difference
from models.unet import StrokeUNet, UNet
from nnlite import nn
from tests.helpers import gradients_at_steps, in_order
from tests.models import torch_twins


def batch(size=32, n=2, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return [
        nnlite.Tensor(in_order(rng.uniform(-1, 1, (n, 3, size, size)).astype(dtype), "channels last")) for _ in "xy"
    ]


def weights(network):
    return [p.detach().numpy().copy() for p in network.parameters()]


def test_a_step_returns_detached_numbers_on_the_device():
    losses = Pix2Pix(StrokeUNet(4), 4).train_step(*batch())
    assert list(losses) == ["discriminator", "adversarial", "l1"]
    for loss in losses.values():
        assert isinstance(loss, nnlite.Tensor) and loss.shape == () and loss.dtype == np.float32
        assert not loss.requires_grad and loss.grad_fn is None and math.isfinite(loss)


@pytest.mark.parametrize("generator", [lambda: StrokeUNet(4), lambda: UNet(32, 4)], ids=["stroke unet", "unet"])
def test_both_networks_learn(generator):
    model = Pix2Pix(generator(), 4, generator_lr=1e-3, discriminator_lr=1e-3)
    photo, cartoon = batch()
    photo *= 0.1
    cartoon[...] = np.array([0.5, -0.2, 0.1], np.float32)[:, None, None]  # one colour, which is soon learnt
    before = weights(model.generator), weights(model.discriminator)
    first = model.train_step(photo, cartoon)
    for network, old in zip((model.generator, model.discriminator), before, strict=True):
        assert all((new != w).any() for new, w in zip(weights(network), old, strict=True)), "every parameter moves"
    later = [model.train_step(photo, cartoon) for _ in range(30)]
    assert float(later[-1]["l1"]) < 0.7 * float(first["l1"])
    assert min(float(losses["discriminator"]) for losses in later) < 0.95 * float(first["discriminator"])


def test_each_network_gets_gradients_from_its_own_loss_only(monkeypatch):
    model = Pix2Pix(StrokeUNet(4), 4)
    seen = gradients_at_steps(monkeypatch, model, ("generator", "discriminator"))
    model.train_step(*batch())
    assert all(g is None for g in seen["discriminator"]["generator"]), "D's loss reached G"
    assert all(g is not None and g.any() for g in seen["generator"]["generator"])
    for mine, later in zip(seen["discriminator"]["discriminator"], seen["generator"]["discriminator"], strict=True):
        assert mine.any() and np.array_equal(mine, later), "G's loss reached D"
    assert all(p.requires_grad for p in model.discriminator.parameters())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("lambda_l1", [100.0, 7.0])
def test_the_losses_are_those_of_the_paper(smoothing, lambda_l1):
    """-log D and -log(1 - D) from the logits by hand, in double precision."""
    model = Pix2Pix(StrokeUNet(4), 4, lambda_l1, smoothing, 0.0, 0.0)  # rates 0: all three losses see the same weights
    photo, cartoon = batch()
    with nnlite.no_grad():
        fake = model.generator(photo)
        on_true, on_fake = (model.discriminator(photo, image).numpy().astype(np.float64) for image in (cartoon, fake))
    losses = model.train_step(photo, cartoon)
    log_d, log_not_d = (lambda z: -np.log1p(np.exp(-z))), (lambda z: -np.log1p(np.exp(z)))
    true = -((1 - smoothing) * log_d(on_true) + smoothing * log_not_d(on_true)).mean()
    assert float(losses["discriminator"]) == pytest.approx((true - log_not_d(on_fake).mean()) / 2, rel=1e-4)
    assert float(losses["adversarial"]) == pytest.approx(-log_d(on_fake).mean(), rel=1e-4)
    assert float(losses["l1"]) == pytest.approx(np.abs(fake.numpy() - cartoon.numpy()).mean(), rel=1e-4)


def test_lambda_weighs_the_l1_term():
    """With a huge lambda the generator's gradient is that of the L1 term alone, times lambda."""

    def gradient(lambda_l1):
        nnlite.manual_seed(3)
        model = Pix2Pix(StrokeUNet(4), 4, lambda_l1)
        model.train_step(*batch())
        return model.generator.last[1].bias.grad.numpy().astype(np.float64)

    without, one, two = (gradient(v) for v in (0.0, 1e3, 2e3))
    np.testing.assert_allclose(two - without, 2 * (one - without), rtol=1e-3)
    assert np.abs(without).max() > 0


def test_the_start_is_from_the_papers_distribution():
    for network in (UNet(64, 16), PatchDiscriminator(16)):
        convs = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        every = np.concatenate([m.weight.detach().numpy().ravel() for m in convs])
        assert abs(every.mean()) < 1e-3 and every.std() == pytest.approx(0.02, rel=0.02)
        every = np.concatenate([m.weight.detach().numpy() for m in norms])
        assert every.mean() == pytest.approx(1.0, abs=0.01) and every.std() == pytest.approx(0.02, rel=0.25)
        assert not any(m.bias.detach().numpy().any() for m in (*convs, *norms) if m.bias is not None)


def test_the_seed_decides_a_whole_run():
    def run(seed):
        nnlite.manual_seed(seed)
        model = Pix2Pix(UNet(32, 2), 2)  # with dropout
        return [float(v) for _ in range(3) for v in model.train_step(*batch()).values()]

    assert run(1) == run(1) != run(2)


# The discriminator


@pytest.mark.parametrize(("size", "patches"), [(256, 30), (128, 14), (64, 6), (32, 2)])
def test_one_logit_for_each_patch(size, patches):
    x, y = batch(size, 1)
    assert PatchDiscriminator(2)(x, y).shape == (1, 1, patches, patches)


@pytest.mark.parametrize(("strided", "side", "row", "column"), [(3, 70, 15, 12), (2, 34, 31, 20)])
def test_a_patch_is_70_by_70_pixels_or_34_by_34(strided, side, row, column):
    """Where the gradient of one logit reaches, in both images."""
    net = PatchDiscriminator(2, strided=strided).eval()
    nnlite.manual_seed(1)
    photo, image = batch(256, 1)
    photo.requires_grad_()
    image.requires_grad_()
    y = net(photo, image)
    y[0, 0, row, column].backward()
    for tensor in (photo, image):
        rows, columns = np.nonzero(tensor.grad.numpy()[0].any(0))
        assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == side


def test_the_discriminator_sees_the_photo():
    net = PatchDiscriminator(4).eval()
    a, b = batch()
    assert not np.array_equal(net(a, b).detach().numpy(), net(b, b).detach().numpy())


# State


def test_a_saved_state_goes_on_bit_for_bit(tmp_path):
    def model():
        return Pix2Pix(UNet(32, 2), 2)

    straight = model()
    for _ in range(2):
        straight.train_step(*batch())
    nnlite.save({**straight.state_dict(), "rng": nnlite.get_rng_state()}, tmp_path / "c.safetensors")
    expected = [straight.train_step(*batch(seed=1)) for _ in range(2)]

    nnlite.manual_seed(99)
    resumed, state = model(), nnlite.load(tmp_path / "c.safetensors")
    resumed.load_state_dict(state)
    nnlite.set_rng_state(state["rng"])
    again = [resumed.train_step(*batch(seed=1)) for _ in range(2)]
    assert [{k: float(v) for k, v in step.items()} for step in again] == [
        {k: float(v) for k, v in step.items()} for step in expected
    ]
    for a, b in ((straight.generator, resumed.generator), (straight.discriminator, resumed.discriminator)):
        for name, tensor in a.state_dict().items():
            assert np.array_equal(tensor.numpy(), b.state_dict()[name].numpy()), name


def test_a_state_of_another_architecture_is_refused():
    model = Pix2Pix(StrokeUNet(4), 4)
    with pytest.raises(
        nnlite.CheckpointError, match=r"StrokeUNet.*missing: blur, first\.0\.0\.weight.*unexpected: down\.1\.1\.weight"
    ):
        model.load_state_dict(Pix2Pix(UNet(32, 4), 4).state_dict())
    with pytest.raises(nnlite.CheckpointError, match=r"last\.1\.weight \(file \(3, 8, 3, 3\), model \(3, 4, 3, 3\)\)"):
        model.load_state_dict(Pix2Pix(StrokeUNet(8), 4).state_dict())
    with pytest.raises(nnlite.CheckpointError, match="discriminator"):
        model.load_state_dict({"generator": model.generator.state_dict()})


# Against PyTorch


@pytest.mark.parametrize("kind", ["stroke unet", "unet", "unet, resize"])
def test_training_gives_pytorchs_losses(torch, kind):
    """From the same weights, in float64, the losses and then the weights stay together over several steps."""
    TorchStroke, TorchUNet, TorchPatch, torch_step = torch_twins.build(torch)
    decoder = "resize" if "resize" in kind else "transposed"
    ours = Pix2Pix(StrokeUNet(4) if kind == "stroke unet" else UNet(32, 4, decoder), 4, 50.0, 0.1, 1e-3, 1e-3)
    for network in (ours.generator, ours.discriminator):
        for tensor in network.state_dict().values():
            assert tensor.dtype in (np.float32, np.int64)
        for tensor in (*network.parameters(), *(t for _, t in network.named_buffers() if t.dtype == np.float32)):
            tensor.array = tensor.array.astype(np.float64)
        for module in network.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
    g = TorchStroke(4, 4) if kind == "stroke unet" else TorchUNet(4, decoder)
    d = TorchPatch(4)
    for network, own in ((g, ours.generator), (d, ours.discriminator)):
        network.double().load_state_dict({k: torch.tensor(v.numpy().copy()) for k, v in own.state_dict().items()})
    g_adam, d_adam = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.5, 0.999)) for net in (g, d))

    for step in range(5):
        photo, cartoon = batch(seed=step, dtype=np.float64)
        mine = ours.train_step(photo, cartoon)
        theirs = torch_step(
            g, d, g_adam, d_adam, torch.tensor(photo.numpy().copy()), torch.tensor(cartoon.numpy().copy()), 50.0, 0.9
        )
        assert {k: float(v) for k, v in mine.items()} == pytest.approx(theirs, rel=1e-9), f"step {step}"
    for network, own in ((g, ours.generator), (d, ours.discriminator)):
        for name, tensor in own.state_dict().items():
            np.testing.assert_allclose(
                tensor.numpy(), network.state_dict()[name].numpy(), rtol=1e-6, atol=1e-8, err_msg=name
            )


def gradients(model, photo, cartoon):
    """What one step leaves in the generator's gradients."""
    nnlite.manual_seed(3)
    model.train_step(photo, cartoon)
    return [p.grad.numpy().copy() for p in model.generator.parameters()]


def test_the_two_terms_are_weighed():
    """Gradients are linear in the terms, and those of L1 alone are those of F.l1_loss."""
    photo, cartoon = batch()

    def model(**weights):
        nnlite.manual_seed(0)
        return Pix2Pix(StrokeUNet(4), 4, **weights)

    l1 = gradients(model(lambda_l1=1.0, lambda_gan=0.0), photo, cartoon)
    gan = gradients(model(lambda_l1=0.0, lambda_gan=1.0), photo, cartoon)
    both = gradients(model(lambda_l1=2.0, lambda_gan=3.0), photo, cartoon)
    for ours, a, b in zip(both, l1, gan, strict=True):
        np.testing.assert_allclose(ours, 2 * a + 3 * b, rtol=1e-3, atol=1e-4 * np.abs(ours).max())
    generator = model().generator
    nn.functional.l1_loss(generator(photo), cartoon).backward()
    for ours, parameter in zip(l1, generator.parameters(), strict=True):
        np.testing.assert_allclose(ours, parameter.grad.numpy(), rtol=1e-5, atol=1e-8)


# The terms and means of the painter's training


def test_the_gradient_difference_is_the_loop_of_its_formula(rng):
    image, target = rng.standard_normal((2, 2, 3, 4, 5))
    d = image - target
    steps_down = [abs(d[n, c, i + 1, j] - d[n, c, i, j]) for n, c, i, j in np.ndindex(2, 3, 3, 5)]
    steps_right = [abs(d[n, c, i, j + 1] - d[n, c, i, j]) for n, c, i, j in np.ndindex(2, 3, 4, 4)]
    result = gradient_difference(nnlite.tensor(image), nnlite.tensor(target))
    assert float(result) == pytest.approx(np.mean(steps_down) + np.mean(steps_right), rel=1e-12)


def test_colours_that_are_off_by_one_amount_everywhere_have_no_gradient_difference(rng):
    image = nnlite.tensor(rng.integers(-8, 8, (2, 3, 4, 5)) / 8)
    off = nnlite.tensor([0.5, -0.25, 0.125], dtype="float64").reshape(1, 3, 1, 1)
    assert float(gradient_difference(image, image + off)) == 0.0


def model(**settings):
    nnlite.manual_seed(0)
    return Pix2Pix(StrokeUNet(4, 1), 4, **settings)


def test_the_gradient_difference_is_weighed():
    photo, cartoon = batch()
    l1, one, three = (
        gradients(model(lambda_l1=1.0, lambda_gan=0.0, lambda_gradient=weight), photo, cartoon)
        for weight in (0.0, 1.0, 3.0)
    )
    for without, once, thrice in zip(l1, one, three, strict=True):
        np.testing.assert_allclose(thrice - without, 3 * (once - without), rtol=1e-3, atol=1e-6)
    network = model().generator
    gradient_difference(network(photo), cartoon).backward()
    for without, once, parameter in zip(l1, one, network.parameters(), strict=True):
        np.testing.assert_allclose(once - without, parameter.grad.numpy(), rtol=1e-3, atol=1e-6)


def test_without_its_term_the_discriminator_stays_as_it_is():
    trained = model(lambda_gan=0.0)
    before = {name: tensor.numpy().copy() for name, tensor in trained.discriminator.state_dict().items()}
    losses = trained.train_step(*batch())
    assert list(losses) == ["l1"]
    for name, tensor in trained.discriminator.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), before[name], err_msg=name)
    assert all(p.grad is None and p.requires_grad for p in trained.discriminator.parameters())


def test_the_average_is_the_exponential_moving_average(tmp_path):
    """By hand over three steps; a saved state goes on with it."""
    settings = {"decay": 0.75, "generator_lr": 1e-2}
    trained = model(**settings)
    mean = weights(trained.generator)
    for step in range(3):
        if step == 2:
            nnlite.save(trained.state_dict(), tmp_path / "c.safetensors")
        trained.train_step(*batch(seed=step))
        mean = [0.75 * m + 0.25 * w for m, w in zip(mean, weights(trained.generator), strict=True)]
    resumed = Pix2Pix(StrokeUNet(4, 1), 4, **settings)
    resumed.load_state_dict(nnlite.load(tmp_path / "c.safetensors"))
    resumed.train_step(*batch(seed=2))
    for by_hand, ours, again in zip(mean, weights(trained.average), weights(resumed.average), strict=True):
        np.testing.assert_allclose(ours, by_hand, rtol=1e-5, atol=1e-7)
        np.testing.assert_array_equal(ours, again)


def test_without_decay_the_average_is_the_generator():
    trained = model()
    trained.train_step(*batch())
    for mean, weight in zip(weights(trained.average), weights(trained.generator), strict=True):
        np.testing.assert_array_equal(mean, weight)


def test_the_norm_of_the_generators_gradient_is_limited():
    photo, cartoon = batch()
    free, limited = (gradients(model(max_norm=norm), photo, cartoon) for norm in (math.inf, 0.5))
    norm = math.sqrt(sum(np.square(g.astype(np.float64)).sum() for g in free))
    assert norm > 1.0
    for g, shortened in zip(free, limited, strict=True):
        np.testing.assert_allclose(shortened, g * (0.5 / norm), rtol=1e-4, atol=1e-8)
