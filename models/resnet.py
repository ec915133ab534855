"""Residual networks: layers that learn what to add (He, Zhang, Ren & Sun 2016), and a plain twin that cannot.

More layers should do no worse: the additional ones could pass on their input. But a stack of convolutions finds that
hard to learn, and beyond some depth the error grows, on the training data too. A residual block starts from there:

    y = relu(x + f(x)),   f = conv 3x3, batch norm, relu, conv 3x3, batch norm

f = 0 passes x on, and the gradient of the sum reaches x at full size, however deep the network.

These are the paper's networks for small images: a convolution, three groups of n blocks (two convolutions each) with
1, 2 and 4 times `width` maps, each group after the first at half the resolution, the mean of each map, and a linear
layer: 6 n + 2 layers with weights. Here the first convolution halves the resolution too, to save time.
"""

from __future__ import annotations

from models.classifiers import ClassifierNetwork
from models.init import init_he
from nnlite import Tensor, nn
from nnlite.nn import functional as F


class ResidualBlock(nn.Module):
    """Maps (N, before, H, W) -> (N, after, ceil(H / stride), ceil(W / stride)): y = relu(shortcut(x) + f(x)).

    The shortcut is x itself or, where shapes differ, a 1x1 convolution with batch norm.
    """

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm(before, after, 3, stride),
            nn.ReLU(),
            *conv_norm(after, after, 3),
        )
        same = before == after and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(before, after, 1, stride))

    def forward(self, maps: Tensor) -> Tensor:
        return F.relu(self.shortcut(maps) + self.body(maps))


class ResNet(ClassifierNetwork):
    """Images (N, channels, H, W) in 0..1, of any size -> logits (N, classes).

    depth   layers with weights: 8, 14, 20, 26, ...
    width   maps of the first group

    The features are the mean of each of the last maps, (N, 4 width). Raises ValueError for other depths.
    """

    def __init__(self, depth: int = 20, width: int = 8, channels: int = 1, classes: int = 10):
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if blocks < 1 or rest:
            raise ValueError(f"{type(self).__name__}: depth must be 6 n + 2 with n >= 1 (8, 14, 20, ...), got {depth}")
        self.layers = nn.Sequential(*self.first(channels, width))
        before = width
        for after in (width, 2 * width, 4 * width):
            for number in range(blocks):
                self.layers.append(self.block(before, after, 2 if number == 0 and after > width else 1))
                before = after
        self.layers.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten()])
        self.output = nn.Linear(before, classes)
        init_he(self)

    def first(self, before: int, after: int) -> list[nn.Module]:
        """The layers before the blocks."""
        return [*conv_norm(before, after, 3, stride=2), nn.ReLU()]

    def block(self, before: int, after: int, stride: int) -> nn.Module:
        """Two of the network's convolutions."""
        return ResidualBlock(before, after, stride)


class Plain(ResNet):
    """The same convolutions, without shortcuts and without batch norm, each followed by a rectifier."""

    def first(self, before: int, after: int) -> list[nn.Module]:
        return conv_relu(before, after, stride=2)

    def block(self, before: int, after: int, stride: int) -> nn.Module:
        return nn.Sequential(*conv_relu(before, after, stride), *conv_relu(after, after))


def conv_norm(before: int, after: int, size: int, stride: int = 1) -> list[nn.Module]:
    """A convolution and batch norm; the bias of the latter serves both."""
    return [nn.Conv2d(before, after, size, stride, size // 2, bias=False), nn.BatchNorm2d(after)]


def conv_relu(before: int, after: int, stride: int = 1) -> list[nn.Module]:
    """A 3x3 convolution, then ReLU."""
    return [nn.Conv2d(before, after, 3, stride, 1), nn.ReLU()]
