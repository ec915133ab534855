"""The generators: sizes in and out, what they refuse, their parts, and no copies for the sake of memory order."""

import numpy as np
import pytest

import nnlite
from models.pix2pix import GENERATORS, PatchDiscriminator, Pix2Pix
from models.unet import StrokeUNet, UNet, local_contrast
from nnlite import nn
from nnlite.backend import layout
from tests.helpers import in_order


def images(shape, seed=0):
    values = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
    return nnlite.Tensor(in_order(values, "channels last"))


def kinds(module, kind):
    return [m for m in module.modules() if isinstance(m, kind)]


@pytest.mark.parametrize("decoder", ["transposed", "resize"])
@pytest.mark.parametrize("size", [32, 64, 128, 256, 512])
def test_unet_returns_an_image_of_its_size_in_the_range_of_tanh(size, decoder):
    net = UNet(size, 2, decoder)
    assert len(net.down) == len(net.up) == np.log2(size)
    y = net(images((1, 3, size, size)))
    assert y.shape == (1, 3, size, size) and y.dtype == np.float32 and np.abs(y.detach().numpy()).max() <= 1.0


@pytest.mark.parametrize(("h", "w"), [(16, 16), (32, 48), (64, 16)])
def test_stroke_unet_takes_any_multiple_of_16(h, w):
    assert StrokeUNet(4)(images((2, 3, h, w))).shape == (2, 3, h, w)
    assert StrokeUNet(4, levels=2)(images((1, 3, h + 4, w + 8))).shape == (1, 3, h + 4, w + 8)


def test_stroke_unet_adds_to_the_photograph():
    net, photo = StrokeUNet(4), images((1, 3, 32, 32))
    nn.init.constant_(net.last[1].weight, 0.0)
    nn.init.constant_(net.last[1].bias, 0.25)
    np.testing.assert_allclose(net(photo).detach().numpy(), photo.detach().numpy() + 0.25, rtol=1e-6)


def test_local_contrast_is_what_a_gaussian_blur_takes_away():
    """Far from the border against scipy's filter; of a constant image it is 0 up to the border."""
    net, photo = StrokeUNet(4), images((1, 3, 32, 48))
    blurred = pytest.importorskip("scipy.ndimage").gaussian_filter(photo.numpy(), (0, 0, 1.5, 1.5), radius=(0, 0, 3, 3))
    contrast = local_contrast(photo, net.blur).numpy()
    inner = (..., slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(contrast[inner], 5.0 * (photo.numpy() - blurred)[inner], atol=1e-5)
    assert np.abs(local_contrast(nnlite.full_like(photo, 0.7), net.blur).numpy()).max() < 1e-5


def test_activations_neither_vanish_nor_explode_at_the_start():
    net, x = StrokeUNet(), images((2, 3, 64, 64))
    x = net.first(nnlite.cat([x, local_contrast(x, net.blur)], 1))
    for down in net.down:
        assert 0.3 < x.detach().numpy().std() < 3.0
        x = down(x)


def test_the_papers_generator_for_256():
    """Isola et al. 2017: 8 levels up to 512 channels, dropout in three decoders, and the parameters of their code."""
    net = UNet(256)
    assert [m.out_channels for m in kinds(net, nn.Conv2d)] == [64, 128, 256, 512, 512, 512, 512, 512]
    assert [m.out_channels for m in kinds(net, nn.ConvTranspose2d)] == [512, 512, 512, 512, 256, 128, 64, 3]
    # theirs has 54,413,955, without biases in the two convolutions that no batch norm follows
    assert sum(p.numel() for p in net.parameters()) == 54_413_955 + 64 + 512
    assert len(kinds(net, nn.Dropout)) == 3
    assert [len(kinds(up, nn.Dropout)) for up in net.up] == [0, 1, 1, 1, 0, 0, 0, 0]
    assert not kinds(net.down[0], nn.BatchNorm2d) and not kinds(net.down[-1], nn.BatchNorm2d)


def test_the_resize_decoder_has_no_transposed_convolution():
    net = UNet(32, 4, "resize")
    assert not kinds(net, nn.ConvTranspose2d) and len(kinds(net, nn.Upsample)) == 5


def test_dropout_is_the_only_randomness():
    photo = images((2, 3, 32, 32))
    for net, random in ((UNet(32, 4), True), (StrokeUNet(4), False)):
        assert (not np.array_equal(net(photo).detach().numpy(), net(photo).detach().numpy())) == random
        net.eval()
        assert np.array_equal(net(photo).detach().numpy(), net(photo).detach().numpy())


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize(
    ("shape", "nearest"),
    [((1, 3, 100, 64), "{}x64"), ((1, 3, 1, 64), "{}x64"), ((1, 3, 64, 67), "64x64"), ((2, 3, 0, 64), "{}x64")],
)
def test_a_size_that_cannot_be_halved_is_refused_with_the_nearest_that_can(name, shape, nearest):
    net = GENERATORS[name](64, 2) if name == "unet" else GENERATORS[name](2)
    with pytest.raises(nnlite.ShapeError) as caught:
        net(images(shape))
    h, w = shape[2:]
    side = max(net.multiple, round(h / net.multiple) * net.multiple)
    assert f"{h}x{w}" in str(caught.value) and f"nearest is {nearest.format(side)}" in str(caught.value)
    fits = str(caught.value).split("nearest is ")[1].split("x")
    assert net(images((1, 3, *map(int, fits)))).shape[2:] == tuple(map(int, fits))


def test_other_refusals():
    for size, nearest in ((100, 128), (0, 32), (1024, 512), (33, 32)):
        with pytest.raises(ValueError, match=f"got {size}; the nearest is {nearest}"):
            UNet(size)
    with pytest.raises(ValueError, match="'transposed' or 'resize', got 'bilinear'"):
        UNet(64, decoder="bilinear")
    for shape in ((3, 64, 64), (1, 1, 64, 64), (1, 64, 64, 3)):
        with pytest.raises(nnlite.ShapeError, match=r"expected images \(N, 3, H, W\), got shape \(.*\)"):
            StrokeUNet(4)(images(shape) if len(shape) == 4 else nnlite.Tensor(np.zeros(shape, np.float32)))


NETWORKS = {
    "stroke unet": lambda: StrokeUNet(4),
    "unet": lambda: UNet(32, 4),
    "unet, resize": lambda: UNet(32, 4, "resize"),
    "discriminator": lambda: PatchDiscriminator(4),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_no_array_changes_its_memory_order_inside_a_network(name, batch, monkeypatch):
    """Forward and backward, given a channels-last batch: what conv, norm and activations hand on is in order."""
    net, x = NETWORKS[name](), images((batch, 3, 32, 32))
    y = net(x, x) if name == "discriminator" else net(x)  # the first step makes every gradient once
    converted = []
    monkeypatch.setattr(layout, "_convert", lambda base: converted.append(base.shape) or base.copy(order="C"))
    y = net(x, x) if name == "discriminator" else net(x)
    y.backward(nnlite.full_like(y, 1.0))
    assert converted == []
    layout.channels_last(np.zeros((2, 3, 4, 4)))
    assert converted == [(2, 4, 4, 3)], "the counter counts"


@pytest.mark.parametrize("generator", [lambda: StrokeUNet(4), lambda: UNet(32, 4)], ids=["stroke unet", "unet"])
def test_no_array_changes_its_memory_order_inside_a_training_step(generator, monkeypatch):
    model = Pix2Pix(generator(), 4)
    batch = images((2, 3, 32, 32)), images((2, 3, 32, 32), 1)
    converted = []
    monkeypatch.setattr(layout, "_convert", lambda base: converted.append(base.shape) or base.copy(order="C"))
    for _ in range(2):
        model.train_step(*batch)
    assert converted == []
