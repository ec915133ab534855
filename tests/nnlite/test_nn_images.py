"""The layers of nn/{conv,pool,pad,resize}.py: how they print, start and refuse. Their values: tests/operations/."""

import numpy as np
import pytest

import nnlite
from nnlite import nn
from tests.operations import conv, pool

LAYERS = {**conv.MODULES, **pool.MODULES}


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "Upsample"])
def test_layers_print_as_in_pytorch(torch, name):
    make, *_ = LAYERS[name]
    assert repr(make(nn)) == repr(make(torch.nn))


def test_a_scale_factor_prints_as_it_was_given():
    assert repr(nn.Upsample(scale_factor=2)) == "Upsample(scale_factor=2, mode='nearest')"


@pytest.mark.parametrize("dtype", [nnlite.float32, nnlite.float64])
def test_fresh_weights_have_the_default_dtype(dtype):
    before = nnlite.get_default_dtype()
    nnlite.set_default_dtype(dtype)
    try:
        layers = nn.Conv2d(2, 2, 3), nn.ConvTranspose2d(2, 2, 3)
    finally:
        nnlite.set_default_dtype(before)
    assert all(p.dtype == dtype for layer in layers for p in layer.parameters())


@pytest.mark.parametrize(
    ("layer", "shape", "fan_in"),
    [
        (lambda: nn.Conv2d(16, 64, 3, groups=4), (64, 4, 3, 3), 4 * 9),
        (lambda: nn.ConvTranspose2d(64, 16, (2, 4), groups=2), (64, 8, 2, 4), 8 * 8),
        (lambda: nn.Conv2d(128, 128, 3, groups=128), (128, 1, 3, 3), 9),
    ],
)
def test_with_groups_the_fan_in_is_that_of_one_group(layer, shape, fan_in):
    weight, bias = (p.detach().numpy() for p in layer().parameters())
    bound = fan_in**-0.5
    assert weight.shape == shape and 0.98 * bound < np.abs(weight).max() <= bound
    assert 0.7 * bound < np.abs(bias).max() <= bound
    assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.05)


REFUSED = {
    "groups": (
        lambda: nn.Conv2d(4, 6, 3, groups=4),
        "Conv2d: 4 groups must divide in_channels 4 and out_channels 6",
    ),
    "groups transposed": (
        lambda: nn.ConvTranspose2d(3, 6, 3, groups=2),
        "ConvTranspose2d: 2 groups must divide in_channels 3 and out_channels 6",
    ),
    "no groups": (lambda: nn.Conv2d(4, 4, 3, groups=0), "groups must be a whole number of at least 1, got 0"),
    "no channels": (lambda: nn.Conv2d(0, 4, 3), "in_channels must be a whole number of at least 1, got 0"),
    "half a channel": (lambda: nn.ConvTranspose2d(1, 0.5, 3), "out_channels must be a whole number .* got 0.5"),
    "kernel": (lambda: nn.Conv2d(1, 1, (3, 0)), r"kernel_size must be .* at least 1, got \(3, 0\)"),
    "padding": (lambda: nn.Conv2d(1, 1, 3, padding="full"), "padding must be .* got 'full'"),
    "strided same": (lambda: nn.Conv2d(1, 1, 3, 2, "same"), "padding 'same' needs stride 1"),
    "spiral": (lambda: nn.Conv2d(1, 1, 3, padding_mode="spiral"), "padding_mode 'spiral' is not covered"),
    "two sides": (lambda: nn.ZeroPad2d((1, 2)), r"ZeroPad2d: padding must be one or 4 whole .* got \(1, 2\)"),
    "half a pixel": (lambda: nn.ReflectionPad2d(0.5), "ReflectionPad2d: padding .* got 0.5"),
    "indices": (lambda: nn.MaxPool2d(2, return_indices=True), "MaxPool2d: return_indices=True is not covered"),
    "indices by position": (lambda: nn.MaxPool2d(2, 2, 0, 1, True), "MaxPool2d: return_indices=True is not covered"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_when_the_layer_is_made(what):
    make, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        make()


def test_the_ends_of_a_bilinear_upsampling_may_be_set_by_position(torch):
    x = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4)
    ours, theirs = (lib.Upsample(None, 1.6, "bilinear", False, True) for lib in (nn, torch.nn))
    np.testing.assert_allclose(ours(nnlite.tensor(x)).numpy(), theirs(torch.tensor(x)).numpy(), rtol=1e-6)
    assert not np.allclose(ours(nnlite.tensor(x)).numpy(), nn.Upsample(None, 1.6, "bilinear")(nnlite.tensor(x)).numpy())


# One image without a batch axis

UNBATCHED = {
    "Conv2d": lambda nn: nn.Conv2d(4, 2, 3, padding=1),
    "Conv2d circular": lambda nn: nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"),
    "ConvTranspose2d": lambda nn: nn.ConvTranspose2d(4, 2, 3, 2),
    "MaxPool2d": lambda nn: nn.MaxPool2d(2),
    "AvgPool2d": lambda nn: nn.AvgPool2d(2),
    "AdaptiveAvgPool2d": lambda nn: nn.AdaptiveAvgPool2d(3),
    "InstanceNorm2d": lambda nn: nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    "PixelShuffle": lambda nn: nn.PixelShuffle(2),
    "ZeroPad2d": lambda nn: nn.ZeroPad2d((-1, 2, 0, -3)),
    "ReflectionPad2d": lambda nn: nn.ReflectionPad2d(1),
    "ReplicationPad2d": lambda nn: nn.ReplicationPad2d(1),
    "PReLU": lambda nn: nn.PReLU(),
    "Dropout": lambda nn: nn.Dropout(0.0),
}


@pytest.mark.parametrize("name", UNBATCHED)
def test_one_image_without_a_batch_axis(torch, name, rng):
    ours, theirs = UNBATCHED[name](nn), UNBATCHED[name](torch.nn)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    image = rng.standard_normal((4, 6, 5)).astype(np.float32)
    x, a = nnlite.tensor(image, requires_grad=True), torch.tensor(image, requires_grad=True)
    y, b = ours(x), theirs(a)
    u = rng.standard_normal(y.shape).astype(np.float32)
    y.backward(nnlite.tensor(u))
    b.backward(torch.tensor(u))
    assert y.shape == tuple(b.shape)
    np.testing.assert_allclose(y.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(x.grad.numpy(), a.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_a_sequence_without_a_batch_axis(torch, rng):
    x = rng.standard_normal((3, 7)).astype(np.float32)
    ours, theirs = nn.InstanceNorm1d(3)(nnlite.tensor(x)), torch.nn.InstanceNorm1d(3)(torch.tensor(x))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", [lambda: nn.BatchNorm2d(3), lambda: nn.Upsample(scale_factor=2)])
def test_what_pytorch_does_not_take_without_a_batch_axis(layer):
    with pytest.raises(nnlite.ShapeError, match=r"expected .*N, C, H, W.* got \(3, 4, 4\)"):
        layer()(nnlite.ones(3, 4, 4))


def test_without_weights_the_number_of_channels_is_only_warned_of():
    layer, x = nn.InstanceNorm2d(64), nnlite.rand(2, 8, 4, 4)
    with pytest.warns(UserWarning, match=r"InstanceNorm2d: expected .* C = 64, got \(2, 8, 4, 4\).* does not matter"):
        y = layer(x)
    assert np.array_equal(y.numpy(), nn.InstanceNorm2d(8)(x).numpy())
    with pytest.raises(nnlite.ShapeError, match="C = 64"):
        nn.InstanceNorm2d(64, affine=True)(x)


def test_sizes_may_be_numpys_numbers():
    two, x = np.int64(2), nnlite.ones(1, 2, 4, 4)
    for layer in (
        nn.Conv2d(two, two, two, two, np.int32(1)),
        nn.MaxPool2d(two, two),
        nn.AvgPool2d((two, 2), divisor_override=two),
        nn.AdaptiveAvgPool2d(two),
        nn.ZeroPad2d(two),
        nn.Upsample(scale_factor=np.float64(2.0)),
        nn.Upsample((two, two)),
        nn.BatchNorm2d(two),
        nn.Dropout(np.float32(0.0)),
        nn.LeakyReLU(np.float32(0.2)),
    ):
        assert layer(x).dtype == nnlite.float32
    assert nn.Linear(np.int64(4), two)(x).shape == (1, 2, 4, 2)
