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
    "circular": (lambda: nn.Conv2d(1, 1, 3, padding_mode="circular"), "padding_mode 'circular' is not covered"),
    "two sides": (lambda: nn.ZeroPad2d((1, 2)), r"ZeroPad2d: padding must be one or four .* got \(1, 2\)"),
    "a negative side": (lambda: nn.ReflectionPad2d(-1), "ReflectionPad2d: padding .* got -1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_when_the_layer_is_made(what):
    make, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        make()


def test_indices_of_the_largest_are_not_covered():
    with pytest.raises(TypeError, match="return_indices"):
        nn.MaxPool2d(2, return_indices=True)
    with pytest.raises(TypeError, match="positional"):
        nn.MaxPool2d(2, 2, 0, 1, True)
