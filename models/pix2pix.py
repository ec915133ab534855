"""Pix2Pix: image-to-image translation with a conditional adversarial network (Isola, Zhu, Zhou & Efros 2017).

The generator G turns a photo x into an image; the discriminator D sees a photo together with an image and judges
each patch: does the image belong to the photo, as its partner y does, or was it generated?

    D minimises   1/2 [ BCE(D(x, y), 1) + BCE(D(x, G(x)), 0) ]
    G minimises   lambda_gan BCE(D(x, G(x)), 1) + lambda_l1 mean |y - G(x)|

The L1 term ties G(x) to the partner; the adversarial term forbids the blur that L1 alone settles for.
`python -m demos.ablation` trains without one term or the other.
Images are (N, 3, H, W) in [-1, 1].
"""

from __future__ import annotations

from typing import Any

import nnlite
from models.init import init_normal
from models.trainable import Trainable
from models.unet import StrokeUNet, UNet
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

GENERATORS = {"stroke-unet": StrokeUNet, "unet": UNet}


class PatchDiscriminator(nn.Module):
    """Real or generated, patch by patch: images -> logits (N, 1, h, w), each about one 70x70 patch.

    Stride-2 convolutions, then two of stride 1, all of kernel 4.

    width      channels after the first (64 in the paper)
    channels   of all its inputs together: a photo and an image have 6
    strided    number of convolutions with stride 2: 3 in the paper; with 2, patches are 34x34
    """

    def __init__(self, width: int = 64, channels: int = 6, strided: int = 3):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2))
        for number in range(strided):
            after, stride = 2 * width, 2 if number < strided - 1 else 1
            conv = nn.Conv2d(width, after, 4, stride, 1, bias=False)
            self.layers.extend([conv, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)])
            width = after
        self.layers.append(nn.Conv2d(width, 1, 4, 1, 1))
        init_normal(self)

    def forward(self, *images: Tensor) -> Tensor:
        """The images are judged together: in Pix2Pix a photo and a cartoon, each (N, 3, H, W)."""
        return self.layers(nnlite.cat(images, 1))


class Pix2Pix(Trainable):
    """Generator, discriminator and their two optimisers, Adam(2e-4, betas 0.5 / 0.999) unless other rates are given.

    generator        a network from photo to image, from GENERATORS or your own
    lambda_l1        weight of the L1 term (100 in the paper; 0: adversarial term only)
    lambda_gan       weight of the adversarial term (1 in the paper; 0: L1 only)
    label_smoothing  s: the discriminator's target for true pairs is 1 - s (one-sided; Salimans et al. 2016)
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator_width: int = 64,
        lambda_l1: float = 100.0,
        label_smoothing: float = 0.0,
        generator_lr: float = 2e-4,
        discriminator_lr: float = 2e-4,
        lambda_gan: float = 1.0,
    ):
        self.generator = generator
        self.discriminator = PatchDiscriminator(discriminator_width)
        self.lambda_l1, self.lambda_gan, self.label_smoothing = lambda_l1, lambda_gan, label_smoothing
        self.generator_optimizer = optim.Adam(self.generator.parameters(), generator_lr, betas=(0.5, 0.999))
        self.discriminator_optimizer = optim.Adam(self.discriminator.parameters(), discriminator_lr, betas=(0.5, 0.999))

    def train_step(self, photo: Tensor, cartoon: Tensor) -> dict[str, Tensor]:
        """One step of both networks on a batch; returns the losses as detached 0-d Tensors."""
        generated = self.generator(photo)

        self.discriminator_optimizer.zero_grad()
        true_loss = bce_with_label(self.discriminator(photo, cartoon), 1.0 - self.label_smoothing)
        false_loss = bce_with_label(self.discriminator(photo, generated.detach()), 0.0)
        discriminator_loss = (true_loss + false_loss) * 0.5
        discriminator_loss.backward()
        self.discriminator_optimizer.step()

        self.generator_optimizer.zero_grad()
        self.discriminator.requires_grad_(False)  # G's gradient passes through D; D's own is not needed
        adversarial_loss = bce_with_label(self.discriminator(photo, generated), 1.0)
        l1_loss = F.l1_loss(generated, cartoon)
        (self.lambda_gan * adversarial_loss + self.lambda_l1 * l1_loss).backward()
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)

        losses = {"discriminator": discriminator_loss, "adversarial": adversarial_loss, "l1": l1_loss}
        return {name: loss.detach() for name, loss in losses.items()}

    def components(self) -> dict[str, Any]:
        names = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
        return {name: getattr(self, name) for name in names}


def bce_with_label(logits: Tensor, label: float) -> Tensor:
    """Binary cross entropy of all patches' logits with one label for all."""
    return F.binary_cross_entropy_with_logits(logits, nnlite.full_like(logits, label))
