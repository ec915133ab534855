"""DenseNet: every layer sees the maps of all layers before it (Huang, Liu, van der Maaten & Weinberger 2017).

A residual block adds its result to its input; a dense layer appends it as further channels, so nothing is lost:

    x_k = [x_0, f_1(x_0), ..., f_k(x_(k-1))],   f = batch norm, relu, conv 3x3 to `growth` maps

Since all maps stay available, each layer needs to add only a few. Between two blocks, a transition mixes the maps down
to half their number and halves the resolution.

Left out, as there are few layers here: the 1x1 convolutions before the 3x3 ones (the paper's "B").
"""

from __future__ import annotations

import nnlite
from models.classifiers import ClassifierNetwork
from models.init import init_he
from nnlite import Tensor, nn


class DenseLayer(nn.Module):
    """Maps (N, before, H, W) -> (N, before + growth, H, W): the input, followed by f of it."""

    def __init__(self, before: int, growth: int):
        super().__init__()
        self.f = nn.Sequential(
            nn.BatchNorm2d(before), nn.ReLU(), nn.Conv2d(before, growth, 3, padding=1, bias=False)
        )  # fmt: skip

    def forward(self, maps: Tensor) -> Tensor:
        return nnlite.cat([maps, self.f(maps)], 1)


class DenseNet(ClassifierNetwork):
    """Images (N, channels, H, W) in 0..1, 7 pixels a side or more -> logits (N, classes).

    growth   maps that each layer adds
    layers   number of dense layers in each block

    The features are the mean of each of the last maps, (N, number of maps).
    """

    def __init__(self, growth: int = 8, layers: tuple[int, ...] = (3, 3, 3), channels: int = 1, classes: int = 10):
        super().__init__()
        maps = 2 * growth
        self.layers = nn.Sequential(nn.Conv2d(channels, maps, 3, 2, 1, bias=False))
        for block, count in enumerate(layers):
            if block > 0:
                self.layers.append(transition(maps, maps // 2))
                maps //= 2
            for _ in range(count):
                self.layers.append(DenseLayer(maps, growth))
                maps += growth
        self.layers.extend([nn.BatchNorm2d(maps), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()])
        self.output = nn.Linear(maps, classes)
        init_he(self)


def transition(before: int, after: int) -> nn.Sequential:
    """Fewer maps at half the resolution."""
    return nn.Sequential(
        nn.BatchNorm2d(before), nn.ReLU(), nn.Conv2d(before, after, 1, bias=False), nn.AvgPool2d(2)
    )  # fmt: skip
