"""Super-resolution: an image with four times the pixels along each side (SRResNet and SRGAN, Ledig et al. 2017).

A photo y is shrunk to x, and a generator G has to restore it. Many photos shrink to the same x. If G is asked for the
smallest error in pixels, it answers with their mean, which is right on average and blurred. If it must also deceive a
discriminator D, which tells photos from generated images, it has to choose one of them, as sharp as photos are:

    SRResNet minimises   mean |y - G(x)|
    SRGAN:
        D minimises      1/2 [ BCE(D(y), 1) + BCE(D(G(x)), 0) ]
        G minimises      mean |y - G(x)| + lambda BCE(D(G(x)), 1) + grid,     starting from the weights of SRResNet

The differences from the paper, so that a CPU can train it:

    here                                            Ledig et al.
    adds to the bicubic enlargement of x            generates the whole image
    3x3 convolutions, the last one gives the        9x9 at both ends; the last one, at full size,
    colours of 2x2 pixels each                      costs more than all the others
    few blocks, leaky ReLU; no batch norm, which    16 blocks, PReLU, batch norm
    costs decibels (Lim et al. 2017)
    content loss L1 in pixels (Lim et al. 2017)     MSE in pixels; for SRGAN, in features of VGG-19, whose
                                                    published weights do not come with this project
    D sees what was added to the enlargement, in    D sees the image; eight convolutions with batch
    patches; four strided convolutions              norm and two dense layers

G turns each pixel into 4x4, and the detail that is easiest to add is the same 4x4 everywhere: a grid. So there is a
third term, which is 0 if none of the 4x4 positions is too bright or too dark on average:

    grid = mean over the 4x4 positions, and colours, of |mean of G(x) - y at that position|

What first gives generated images away is their faint contrast. D gets photos and generated images in separate batches,
and batch norm would give both the same contrast: so D has none.

Images are (N, 3, H, W) in [-1, 1].
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from models.init import init_he
from models.pix2pix import bce_with_label
from models.trainable import Trainable
from nnlite import Tensor, nn, optim
from nnlite.errors import ShapeError
from nnlite.nn import functional as F

SCALE = 4
GAIN = 10.0  # factor of the detail that the discriminator sees, whose standard deviation is then about 1/2


class ResidualBlock(nn.Module):
    """Maps (N, width, H, W) -> maps + conv(leaky relu(conv(maps)))."""

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(conv3x3(width, width), nn.LeakyReLU(0.2), conv3x3(width, width))
        self.body[2].weight.data *= 0.1  # a block starts near the identity, however many there are

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.body(maps)


class SRResNet(nn.Module):
    """Images (N, 3, H, W) -> (N, 3, 4 H, 4 W): the bicubic enlargement plus the detail that it lacks.

    Residual blocks work on the small image, where a convolution costs a sixteenth. Then, twice, a convolution computes
    the channels of 2x2 pixels for each pixel, and `pixel_shuffle` rearranges them (Shi et al. 2016).

    width    channels of the residual blocks; half as many at double size
    blocks   number of residual blocks

    A pixel of the result depends on those of the input at most `reach` away. Raises ShapeError for other images.
    """

    def __init__(self, width: int = 64, blocks: int = 6):
        super().__init__()
        self.first = conv3x3(3, width)
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)), conv3x3(width, width))
        self.up = nn.Sequential(
            conv3x3(width, 4 * (width // 2)),
            nn.PixelShuffle(2),
            nn.LeakyReLU(0.2),
            conv3x3(width // 2, 4 * 3),
            nn.PixelShuffle(2),
        )
        # Start with the bicubic enlargement and with small maps: the detail to be added is small too, about .05 on
        # average, and the first steps of Adam, as large as any, would otherwise overshoot it by far.
        self.first.weight.data *= 0.1
        nn.init.zeros_(self.up[3].weight)
        self.reach = 2 * blocks + 4  # one pixel per convolution

    def forward(self, images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1] != 3:
            raise ShapeError(f"SRResNet: expected images (N, 3, H, W), got {images.shape}")
        maps = self.first(images)
        return enlarge_bicubic(images) + self.up(maps + self.body(maps))


class Discriminator(nn.Module):
    """Photo or generated, patch by patch: (N, 3, H, W) -> logits (N, 1, H // 16, W // 16), H and W at least 16.

    Its input is GAIN times the difference between an image and the bicubic enlargement. Each of four convolutions
    halves the side; there are `width` channels after the first, then twice as many each time.
    """

    def __init__(self, width: int = 32):
        super().__init__()
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        self.layers = nn.Sequential()
        for before, after in pairwise(channels):
            self.layers.extend([nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)])
        self.layers.append(nn.Conv2d(channels[-1], 1, 1))
        init_he(self)

    def forward(self, detail: Tensor) -> Tensor:
        return self.layers(detail)


class ContentModel(Trainable):
    """A generator, trained with Adam on the content loss only."""

    def __init__(self, generator: nn.Module, lr: float = 1e-3):
        self.generator = generator
        self.optimizer = optim.Adam(generator.parameters(), lr)

    def train_step(self, small: Tensor, large: Tensor) -> dict[str, Tensor]:
        """One step on small images and the originals; the loss as a detached 0-d Tensor."""
        self.optimizer.zero_grad()
        loss = F.l1_loss(self.generator(small), large)
        loss.backward()
        self.optimizer.step()
        return {"content": loss.detach()}

    def components(self) -> dict[str, Any]:
        return {"generator": self.generator, "optimizer": self.optimizer}


class SRGAN(Trainable):
    """Generator, discriminator and their optimisers, Adam; `start_from` takes the weights of a trained SRResNet.

    adversarial_weight   lambda; 1e-3 in the paper, which has a different content loss
    """

    def __init__(
        self,
        generator: nn.Module,
        adversarial_weight: float = 1e-3,
        generator_lr: float = 1e-4,
        discriminator_lr: float = 1e-4,
        discriminator_width: int = 32,
    ):
        self.generator = generator
        self.discriminator = Discriminator(discriminator_width)
        self.adversarial_weight = adversarial_weight
        self.generator_optimizer = optim.Adam(generator.parameters(), generator_lr)
        self.discriminator_optimizer = optim.Adam(self.discriminator.parameters(), discriminator_lr)

    def start_from(self, generator: nn.Module) -> None:
        """Copy the weights of a generator that was trained on the content loss only."""
        self.generator.load_state_dict(generator.state_dict())

    def train_step(self, small: Tensor, large: Tensor) -> dict[str, Tensor]:
        """One step of both networks on small images and the originals; the losses as detached 0-d Tensors."""
        made, bicubic = self.generator(small), enlarge_bicubic(small)

        def judged(images: Tensor) -> Tensor:
            return self.discriminator(GAIN * (images - bicubic))

        self.discriminator_optimizer.zero_grad()
        real_loss, made_loss = bce_with_label(judged(large), 1.0), bce_with_label(judged(made.detach()), 0.0)
        discriminator_loss = (real_loss + made_loss) * 0.5
        discriminator_loss.backward()
        self.discriminator_optimizer.step()

        self.generator_optimizer.zero_grad()
        self.discriminator.requires_grad_(False)  # G's gradient passes through D; D's own is not needed
        content_loss, adversarial_loss = F.l1_loss(made, large), bce_with_label(judged(made), 1.0)
        (content_loss + self.adversarial_weight * adversarial_loss + grid_loss(made - large)).backward()
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)

        losses = {"content": content_loss, "adversarial": adversarial_loss, "discriminator": discriminator_loss}
        return {name: loss.detach() for name, loss in losses.items()}

    def components(self) -> dict[str, Any]:
        names = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
        return {name: getattr(self, name) for name in names}


def grid_loss(error: Tensor) -> Tensor:
    """Errors (N, C, H, W), H and W multiples of 4 -> mean absolute value of their means at the 4x4 positions."""
    n, c, h, w = error.shape
    places = error.reshape(n, c, h // SCALE, SCALE, w // SCALE, SCALE)
    return places.mean(dim=(0, 2, 4)).abs().mean()


def enlarge_bicubic(images: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 3, 4 H, 4 W) by the bicubic kernel with a = -1/2: what a network has to beat."""
    return F.interpolate(images, scale_factor=SCALE, mode="bicubic", antialias=True)


def shrink_bicubic(images: Tensor) -> Tensor:
    """(N, 3, 4 H, 4 W) -> (N, 3, H, W), by the same kernel, four times as wide."""
    return F.interpolate(images, scale_factor=1 / SCALE, mode="bicubic", antialias=True)


def conv3x3(before: int, after: int) -> nn.Conv2d:
    """A convolution that keeps the size, with He's initial weights."""
    conv = nn.Conv2d(before, after, 3, 1, 1)
    init_he(conv)
    return conv
