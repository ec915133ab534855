"""GoogLeNet: several kernel sizes side by side, made cheap by 1x1 convolutions (Szegedy et al. 2015).

Which kernel size is best depends on the image, so an inception module has several and concatenates their maps. Before
the large kernels, a 1x1 convolution reduces the number of maps. The first module of the paper, 3a, turns 192 maps of
28x28 into 64 + 128 + 32 + 32. Multiplications for one pixel:

    branch      without reduction             with it
    1x1         192 · 64           =  12,288  192 · 64                 =  12,288
    3x3         192 · 128 · 9      = 221,184  192 · 96 + 96 · 128 · 9  = 129,024
    5x5         192 · 32 · 25      = 153,600  192 · 16 + 16 · 32 · 25  =  15,872
    pool, 1x1   192 · 32           =   6,144  192 · 32                 =   6,144
    all                              393,216                             163,328

times 784 pixels: 308 million become 128 million: 58 % are saved.
"""

from __future__ import annotations

import nnlite
from models.classifiers import ClassifierNetwork
from models.init import init_he
from nnlite import Tensor, nn


class Inception(nn.Module):
    """Maps (N, before, H, W) -> (N, one + three + five + pool, H, W): the outputs of four branches, concatenated.

    one                  1x1 convolution
    reduce_three, three  1x1, then 3x3
    reduce_five, five    1x1, then 5x5
    pool                 3x3 max pooling, then 1x1
    """

    def __init__(self, before: int, one: int, reduce_three: int, three: int, reduce_five: int, five: int, pool: int):
        super().__init__()
        self.one = conv_relu(before, one, 1)
        self.three = nn.Sequential(conv_relu(before, reduce_three, 1), conv_relu(reduce_three, three, 3))
        self.five = nn.Sequential(conv_relu(before, reduce_five, 1), conv_relu(reduce_five, five, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), conv_relu(before, pool, 1))
        self.channels = one + three + five + pool

    def forward(self, maps: Tensor) -> Tensor:
        return nnlite.cat([self.one(maps), self.three(maps), self.five(maps), self.pool(maps)], 1)


class GoogLeNet(ClassifierNetwork):
    """Images (N, channels, H, W) in 0..1, 4 pixels a side or more -> logits (N, classes).

    Four inception modules, where the paper has nine, with an eighth of its maps. After them come no dense layers, only
    the mean of each map: the features, (N, 112). Left out: the two extra outputs that brought the gradient to the first
    layers.
    """

    def __init__(self, channels: int = 1, classes: int = 10):
        super().__init__()
        self.layers = nn.Sequential(
            conv_relu(channels, 16, 3),
            nn.MaxPool2d(2),
            Inception(16, 8, 8, 16, 4, 8, 8),
            nn.MaxPool2d(2),
            Inception(40, 16, 12, 24, 4, 8, 8),
            Inception(56, 24, 16, 32, 4, 8, 16),
            Inception(80, 32, 16, 48, 8, 16, 16),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.4),
        )
        self.output = nn.Linear(112, classes)
        init_he(self)


def conv_relu(before: int, after: int, size: int) -> nn.Sequential:
    """A convolution that keeps the resolution, then ReLU."""
    return nn.Sequential(nn.Conv2d(before, after, size, padding=size // 2), nn.ReLU())
