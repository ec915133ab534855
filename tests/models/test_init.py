"""Initial weights: their scale behind ten rectified layers, the layers they reach, and the ones they leave alone."""

import numpy as np
import pytest

import nnlite
from models.init import init_he, init_normal
from nnlite import nn


@pytest.mark.parametrize("slope", [0.0, 0.2, 0.8])
def test_he_keeps_the_variance_behind_rectifiers(slope):
    """The default of nn.Linear, without the factor, loses nearly all of it; so does a slope that is ignored."""

    def variance(init):
        nnlite.manual_seed(0)
        layers = [layer for _ in range(10) for layer in (nn.Linear(400, 400), nn.LeakyReLU(slope))]
        network = nn.Sequential(*layers[:-1])
        init(network)
        return float(network(nnlite.randn(50, 400)).detach().numpy().var())

    expected = 2.0 / (1.0 + slope**2)  # before a rectifier; behind it the mean square is 1
    assert variance(lambda network: init_he(network, slope)) == pytest.approx(expected, rel=0.5)
    assert variance(lambda network: None) < 0.1


def test_he_reaches_convolutions_without_bias_and_leaves_other_layers_alone():
    network = nn.Sequential(nn.Conv2d(3, 200, 5, bias=False), nn.BatchNorm2d(200), nn.Linear(75, 400))
    before = network[1].weight.detach().numpy().copy()
    init_he(network)
    for layer in (network[0], network[2]):
        assert layer.weight.detach().numpy().std() == pytest.approx((2.0 / 75) ** 0.5, rel=0.05)
    assert network[0].bias is None and (network[2].bias.detach().numpy() == 0).all()
    np.testing.assert_array_equal(network[1].weight.detach().numpy(), before)


def test_normal_is_the_start_of_dcgan():
    network = nn.Sequential(nn.Conv2d(16, 64, 4), nn.BatchNorm2d(2000), nn.ConvTranspose2d(64, 16, 4, bias=False))
    init_normal(network)
    for layer, mean in zip(network, (0.0, 1.0, 0.0), strict=True):
        weight = layer.weight.detach().numpy()
        assert weight.mean() == pytest.approx(mean, abs=2e-3) and weight.std() == pytest.approx(0.02, rel=0.05)
        assert layer.bias is None or (layer.bias.detach().numpy() == 0).all()
