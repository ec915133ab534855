"""DCGAN: a GAN of convolutions (Radford, Metz & Chintala 2016).

Its rules made convolutional GANs train: strided convolutions instead of pooling, batch norm in both networks except at
their ends, no hidden dense layers, ReLU in the generator and leaky ReLU in the discriminator. The losses are those
of models/gan.py.

Images are (N, C, size, size) in [-1, 1].
"""

from __future__ import annotations

from itertools import pairwise

import nnlite
from models.gan import GAN, ImageGenerator
from models.gan_strategies import Strategy
from models.init import init_normal
from nnlite import nn

STARTS = {28: 7, 32: 4, 64: 4}  # image side -> side of the smallest feature map, which is doubled from there


class Generator(ImageGenerator):
    """Noise (N, latent) -> images (N, channels, size, size): each layer doubles the side and halves the channels.

    width   channels of the last hidden layer (128 in the paper, for 64x64)
    """

    def __init__(self, size: int = 28, channels: int = 1, latent: int = 64, width: int = 32):
        super().__init__()
        if latent < 1:
            raise ValueError(f"DCGAN: the noise needs at least one number, got latent={latent}")
        self.latent = latent
        sides = feature_map_sides(size)
        hidden = [width * 2**i for i in reversed(range(len(sides) - 1))]
        self.layers = nn.Sequential(
            nn.Unflatten(1, (latent, 1, 1)),
            *_block(nn.ConvTranspose2d(latent, hidden[0], sides[0], 1, 0, bias=False), nn.ReLU()),
        )
        for before, after in pairwise(hidden):
            self.layers.extend(_block(nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.ReLU()))
        self.layers.extend([nn.ConvTranspose2d(hidden[-1], channels, 4, 2, 1), nn.Tanh()])
        init_normal(self)

    def forward(self, noise: nnlite.Tensor) -> nnlite.Tensor:
        return self.layers(noise)


class Discriminator(nn.Module):
    """Images (N, channels, size, size) -> logits (N, 1): each layer halves the side and doubles the channels.

    width        channels of the first layer
    batch_norm   False for use with spectral norm, which batch norm would undo
    """

    def __init__(self, size: int = 28, channels: int = 1, width: int = 32, batch_norm: bool = True):
        super().__init__()
        sides = feature_map_sides(size)
        hidden = [width * 2**i for i in range(len(sides) - 1)]
        self.layers = nn.Sequential(nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2))
        for before, after in pairwise(hidden):
            conv = nn.Conv2d(before, after, 4, 2, 1, bias=not batch_norm)
            self.layers.extend(_block(conv, nn.LeakyReLU(0.2), batch_norm))
        self.layers.extend([nn.Conv2d(hidden[-1], 1, sides[0], 1, 0), nn.Flatten()])
        init_normal(self)

    def forward(self, images: nnlite.Tensor) -> nnlite.Tensor:
        return self.layers(images)


class DCGAN(GAN):
    """The GAN of models/gan.py with these two networks.

    size       side of the images: 28, 32 or 64; raises ValueError for others
    channels   1 for grey, 3 for colour
    """

    def __init__(
        self,
        size: int = 28,
        channels: int = 1,
        latent: int = 64,
        width: int = 32,
        strategy: Strategy | None = None,
        lr: float = 2e-4,
    ):
        strategy = strategy or Strategy()
        generator = Generator(size, channels, latent, width)
        super().__init__(generator, Discriminator(size, channels, width, not strategy.spectral_norm), strategy, lr)


def feature_map_sides(size: int) -> list[int]:
    """The sides of the feature maps, from the smallest up to the image."""
    if size not in STARTS:
        raise ValueError(f"DCGAN: size must be 28, 32 or 64, got {size}")
    sides = [STARTS[size]]
    while sides[-1] < size:
        sides.append(2 * sides[-1])
    return sides


def _block(conv, activation, batch_norm=True):
    channels = conv.out_channels
    return [conv, *([nn.BatchNorm2d(channels)] if batch_norm else []), activation]
