"""AlexNet: the network that brought deep learning to photographs (Krizhevsky, Sutskever & Hinton 2012).

New were rectifiers, which do not saturate as LeNet's tanh does; pooling windows that overlap; and dropout, so that no
unit can rely on a single other one. This version has a twelfth of the paper's channels and takes small images.

    layer   here            paper              size here
    conv1    8, 5x5         96, 11x11, /4      28x28
    pool     3x3, /2        3x3, /2            13x13
    conv2   24, 5x5        256, 5x5            13x13
    pool     3x3, /2        3x3, /2             6x6
    conv3   32, 3x3        384, 3x3             6x6
    conv4   32, 3x3        384, 3x3             6x6
    conv5   24, 3x3        256, 3x3             6x6
    pool     3x3, /2        3x3, /2             2x2
    fc6    128            4096
    fc7    128            4096
    fc8     10            1000

Left out: the normalisation across neighbouring channels, which later networks did not need (Simonyan & Zisserman 2015),
and the split into two halves, one for each GPU.
"""

from __future__ import annotations

from models.classifiers import ClassifierNetwork
from models.init import init_he
from nnlite import nn


class AlexNet(ClassifierNetwork):
    """Images (N, channels, H, W) in 0..1, 15 pixels a side or more -> logits (N, classes).

    The maps of larger images are averaged down to the 2x2 places that the linear layers expect. The
    features are the output of fc7, (N, 128).
    """

    def __init__(self, channels: int = 1, classes: int = 10):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 8, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 24, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(24, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 24, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(24 * 2 * 2, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 128),
            nn.ReLU(),
        )
        self.output = nn.Linear(128, classes)
        init_he(self)
