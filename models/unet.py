"""Two U-Nets: networks whose output has the size of their input (Ronneberger, Fischer & Brox 2015).

On the way down, strided convolutions see more and more of the image at lower and lower resolution; on the way up, each
level also gets the maps that the way down had at that resolution (the skip connections).

Images are (N, 3, H, W) in [-1, 1]. For a size that cannot be halved often enough, the error names the nearest one.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import nnlite
from models.init import init_he, init_normal
from nnlite import Tensor, nn
from nnlite.errors import ShapeError
from nnlite.nn import functional as F

GAIN = 5.0  # factor of the local contrast, whose standard deviation is then .36 on the bundled photos; theirs is .49
SIGMA, RADIUS = 1.5, 3  # of its Gaussian window, pixels


class UNet(nn.Module):
    """The generator of Isola et al. 2017: strided convolutions down to a bottleneck, skips at every level.

    size      side of the training images, a power of two from 32 to 512; log2(size) levels bring it down to 1x1
    width     channels after the first convolution (64 in the paper); each level doubles them, up to 8 times
    decoder   "transposed" convolutions as in the paper, or "resize": repeat pixels, then convolve (Odena,
              Dumoulin & Olah 2016), which cannot leave a checkerboard

    Dropout in the innermost decoders, active in training, is the only source of randomness. The output is a tanh's.
    """

    def __init__(self, size: int = 256, width: int = 64, decoder: str = "transposed"):
        super().__init__()
        if size not in (32, 64, 128, 256, 512):
            nearest = min((32, 64, 128, 256, 512), key=lambda s: abs(s - size))
            raise ValueError(f"UNet: size must be 32, 64, 128, 256 or 512, got {size}; the nearest is {nearest}")
        if decoder not in ("transposed", "resize"):
            raise ValueError(f"UNet: decoder must be 'transposed' or 'resize', got {decoder!r}")
        self.multiple = size
        levels = size.bit_length() - 1
        channels = [width * min(2**i, 8) for i in range(levels)]
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for i, after in enumerate(channels):
            before = channels[i - 1] if i else 3
            inner, outer = i == levels - 1, i == 0
            self.down.append(_down_block(before, after, activate=not outer, normalise=not (inner or outer)))
        for i in reversed(range(levels)):
            before = channels[i] * (1 if i == levels - 1 else 2)
            after = channels[i - 1] if i else 3
            innermost = levels - 4 <= i < levels - 1  # three levels, just above the bottleneck
            self.up.append(_up_block(before, after, decoder, normalise=i > 0, dropout=innermost and i > 0))
        init_normal(self)

    def forward(self, x: Tensor) -> Tensor:
        check_size(type(self).__name__, x, self.multiple)
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for up in list(self.up)[1:]:
            x = up(nnlite.cat([x, skips.pop()], 1))
        return x.tanh()


class StrokeUNet(nn.Module):
    """A small U-Net that keeps full resolution at both ends and adds its output to the photograph.

    A cartoon's strokes are two or three pixels wide, too fine for a first convolution of stride 2. So this network
    starts and ends with 3x3 convolutions at full resolution; between them are `levels` levels of stride-2 convolutions.
    On the way up, pixels are repeated (no checkerboard; Odena, Dumoulin & Olah 2016) and merged with the skip by a 3x3
    convolution. The network learns the difference between photo and cartoon.

    Where a stroke goes depends on contrasts of a few per cent, which are lost in the brightness of the photo. So the
    network also gets the photo's local contrast, amplified (docs/cartoonize.md says what that gained).

    There is no batch norm: a colour must not depend on the rest of the batch or tile. Instead the initial weights keep
    the size of the activations (He et al. 2015).

    width     channels at full resolution; each level doubles them, up to 8 times
    """

    blur: Tensor
    last: nn.Sequential

    def __init__(self, width: int = 16, levels: int = 4):
        super().__init__()
        self.multiple = 2**levels
        channels = [width * min(2**i, 8) for i in range(levels + 1)]
        self.register_buffer("blur", gaussian_kernel())
        self.first = nn.Sequential(_conv3x3(6, width), _conv3x3(width, width))
        self.down, self.fuse = nn.ModuleList(), nn.ModuleList()
        for shallow, deep in pairwise(channels):
            self.down.append(nn.Sequential(nn.Conv2d(shallow, deep, 4, 2, 1), nn.LeakyReLU(0.2)))
        for shallow, deep in reversed(list(pairwise(channels))):
            self.fuse.append(_conv3x3(deep + shallow, shallow))
        self.last = nn.Sequential(_conv3x3(width, width), nn.Conv2d(width, 3, 3, 1, 1))
        init_he(self, slope=0.2)
        nn.init.normal_(self.last[1].weight, 0.0, 0.02)  # start near the photo itself

    def forward(self, photo: Tensor) -> Tensor:
        return photo + self.last(self.maps(photo))

    def maps(self, photo: Tensor) -> Tensor:
        """The way down and up, without the last two convolutions: (N, 3, H, W) -> (N, width, H, W)."""
        check_size(type(self).__name__, photo, self.multiple)
        skips = [self.first(nnlite.cat([photo, local_contrast(photo, self.blur)], 1))]
        for down in self.down:
            skips.append(down(skips[-1]))
        x = skips.pop()
        for fuse in self.fuse:
            x = fuse(nnlite.cat([F.interpolate(x, scale_factor=2), skips.pop()], 1))
        return x


def local_contrast(image: Tensor, blur: Tensor) -> Tensor:
    """GAIN (image - its mean in a Gaussian window), the mean of pixels inside the image; blur: `gaussian_kernel()`."""
    inside = F.conv2d(nnlite.full_like(image[:1], 1.0), blur, padding=RADIUS)
    return GAIN * (image - F.conv2d(image, blur, padding=RADIUS) / inside)


def gaussian_kernel() -> Tensor:
    """The weight (3, 3, k, k) of a convolution that blurs each colour separately, with a Gaussian of SIGMA pixels."""
    line = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * SIGMA**2))
    window = np.outer(line, line) / line.sum() ** 2
    weight = np.zeros((3, *window.shape, 3), np.float32)  # channels last, like all weights of convolutions
    for colour in range(3):
        weight[colour, :, :, colour] = window
    return nnlite.tensor(weight).permute(0, 3, 1, 2)


def check_size(name: str, x: Tensor, multiple: int) -> None:
    """Raise ShapeError, naming the nearest size, unless x is (N, 3, H, W) with H and W multiples of `multiple`."""
    if x.ndim != 4 or x.shape[1] != 3:
        raise ShapeError(f"{name}: expected images (N, 3, H, W), got shape {x.shape}")
    h, w = x.shape[2:]
    if h % multiple or w % multiple or not h * w:
        nearest = tuple(max(multiple, round(side / multiple) * multiple) for side in (h, w))
        raise ShapeError(
            f"{name}: height and width must be multiples of {multiple}, got {h}x{w}; "
            f"the nearest is {nearest[0]}x{nearest[1]}"
        )


def _down_block(before, after, activate, normalise):
    layers = [nn.LeakyReLU(0.2)] if activate else []
    layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=not normalise))
    return nn.Sequential(*layers, *([nn.BatchNorm2d(after)] if normalise else []))


def _up_block(before, after, decoder, normalise, dropout):
    if decoder == "transposed":
        grow = [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=not normalise)]
    else:
        grow = [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, 1, 1, bias=not normalise)]
    norm = [nn.BatchNorm2d(after)] if normalise else []
    return nn.Sequential(nn.ReLU(), *grow, *norm, *([nn.Dropout(0.5)] if dropout else []))


def _conv3x3(before, after):
    return nn.Sequential(nn.Conv2d(before, after, 3, 1, 1), nn.LeakyReLU(0.2))
