"""Residual blocks against PyTorch, depths, and the plain twin."""

import numpy as np
import pytest

import nnlite
from models.resnet import Plain, ResidualBlock, ResNet
from nnlite import nn

from .classifier_twins import check_twin


@pytest.mark.parametrize("before, after, stride", [(4, 4, 1), (4, 6, 2), (4, 4, 2), (4, 6, 1)])
def test_a_block_is_pytorchs(before, after, stride, torch, rng):
    t = torch.nn

    class Twin(t.Module):
        def __init__(self):
            super().__init__()
            self.body = t.Sequential(
                t.Conv2d(before, after, 3, stride, 1, bias=False), t.BatchNorm2d(after), t.ReLU(),
                t.Conv2d(after, after, 3, 1, 1, bias=False), t.BatchNorm2d(after),
            )  # fmt: skip
            if before != after or stride != 1:
                self.down = t.Sequential(t.Conv2d(before, after, 1, stride, bias=False), t.BatchNorm2d(after))

        def forward(self, x):
            return torch.relu((self.down(x) if hasattr(self, "down") else x) + self.body(x))

    check_twin(torch, ResidualBlock(before, after, stride), Twin(), rng.standard_normal((3, before, 7, 6)))


def test_without_weights_a_block_hands_its_input_on(rng):
    block = ResidualBlock(3, 3, 1)
    nn.init.zeros_(block.body[4].weight)  # of the last batch norm: f = 0
    x = np.abs(rng.standard_normal((2, 3, 5, 5))).astype(np.float32)
    np.testing.assert_array_equal(block(nnlite.Tensor(x)).detach().numpy(), x)


@pytest.mark.parametrize("make", [ResNet, Plain])
@pytest.mark.parametrize("depth", [8, 14, 20])
def test_depth_counts_layers_with_weights(make, depth):
    """Without the 1x1 convolutions of shortcuts, which the paper does not count either."""
    network = make(depth, width=2)
    counted = [m for m in network.modules() if isinstance(m, nn.Linear) or getattr(m, "kernel_size", 0) == (3, 3)]
    assert len(counted) == depth


@pytest.mark.parametrize("depth", [-4, 2, 9, 19, 8.5])
def test_other_depths_are_refused(depth):
    with pytest.raises(ValueError, match=rf"Plain: depth must be 6 n \+ 2 .* got {depth}"):
        Plain(depth)


def test_the_plain_twin_has_the_same_convolutions():
    def convolutions(network):
        of_3x3 = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
        return [(m.in_channels, m.out_channels, m.stride) for m in of_3x3]

    plain = Plain(20)
    assert convolutions(plain) == convolutions(ResNet(20))
    assert not any(isinstance(m, (nn.BatchNorm2d, ResidualBlock)) for m in plain.modules())
    assert all(isinstance(m, nn.Sequential) for m in plain.layers if list(m.children()))


def test_the_plain_network_is_pytorchs(torch, rng):
    t, widths = torch.nn, (3, 3, 3, 3, 6, 6, 12, 12)
    layers = []
    for number, (before, after) in enumerate(zip((1, *widths[1:-1]), widths[1:], strict=True)):
        layers += [t.Conv2d(before, after, 3, 2 if number in (0, 3, 5) else 1, 1), t.ReLU()]
    theirs = t.Sequential(*layers, t.AdaptiveAvgPool2d(1), t.Flatten(), t.Linear(12, 10))
    check_twin(torch, Plain(8, width=3), theirs, rng.random((2, 1, 28, 28)))


def test_gradients_reach_the_first_layer_past_blocks_that_add_nothing(rng):
    """With f = 0 in all blocks the images' gradient is still there: it came along the shortcuts."""
    network = ResNet(20, width=2).eval()
    for block in network.layers:
        if isinstance(block, ResidualBlock):
            nn.init.zeros_(block.body[4].weight)
    x = nnlite.Tensor(rng.random((2, 1, 28, 28)).astype(np.float32), requires_grad=True)
    network(x)[:, 0].sum().backward()
    assert np.abs(x.grad.numpy()).max() > 1e-6
