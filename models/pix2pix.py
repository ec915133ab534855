"""Pix2Pix: image-to-image translation with a conditional adversarial network (Isola, Zhu, Zhou & Efros 2017).

The generator G turns a photo x into an image; the discriminator D sees a photo together with an image and judges
each patch: does the image belong to the photo, as its partner y does, or was it generated?

    D minimises   1/2 [ BCE(D(x, y), 1) + BCE(D(x, G(x)), 0) ]
    G minimises   lambda_gan BCE(D(x, G(x)), 1) + lambda_l1 mean |y - G(x)| + lambda_gradient gradient(y - G(x))

The L1 term ties G(x) to the partner; the adversarial term forbids the blur that L1 alone settles for. The third term
compares differences of neighbouring pixels, so it asks for flat areas and sharp edges (Mathieu, Couprie & LeCun 2016).
`python -m demos.ablation` trains without one term or another.
Images are (N, 3, H, W) in [-1, 1].
"""

from __future__ import annotations

import copy
import math
from typing import Any

import nnlite
from models.init import init_normal
from models.painter import Painter
from models.trainable import Trainable
from models.unet import StrokeUNet, UNet
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

GENERATORS = {"painter": Painter, "stroke-unet": StrokeUNet, "unet": UNet}


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
    lambda_gan       weight of the adversarial term (1 in the paper; 0: the discriminator is not trained)
    lambda_gradient  weight of the gradient difference (0 in the paper)
    label_smoothing  s: the discriminator's target for true pairs is 1 - s (one-sided; Salimans et al. 2016)
    strided          of the discriminator: 3 for patches of 70x70, 2 for 34x34
    max_norm         limit to the norm of the generator's gradient (none in the paper)
    decay            share of its weights that the average keeps at each step; 0 is no average
    generator_betas  of its Adam. One gradient that is suddenly large moves a weight by up to
                     lr (1 - beta1) / sqrt(1 - beta2): 16 lr with the paper's, which few networks without norms survive

    `average` is a generator whose weights are an exponential moving average of the trained one's (Polyak & Juditsky
    1992): it draws better than any single step's.
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
        lambda_gradient: float = 0.0,
        strided: int = 3,
        max_norm: float = math.inf,
        decay: float = 0.0,
        generator_betas: tuple[float, float] = (0.5, 0.999),
    ):
        self.generator, self.average = generator, copy.deepcopy(generator)
        self.discriminator = PatchDiscriminator(discriminator_width, strided=strided)
        self.lambda_l1, self.lambda_gan, self.lambda_gradient = lambda_l1, lambda_gan, lambda_gradient
        self.label_smoothing, self.max_norm, self.decay = label_smoothing, max_norm, decay
        self.generator_optimizer = optim.Adam(self.generator.parameters(), generator_lr, betas=generator_betas)
        self.discriminator_optimizer = optim.Adam(self.discriminator.parameters(), discriminator_lr, betas=(0.5, 0.999))

    def train_step(self, photo: Tensor, cartoon: Tensor) -> dict[str, Tensor]:
        """One step of both networks on a batch; returns the losses as detached 0-d Tensors."""
        generated = self.generator(photo)
        losses, loss = {}, 0.0
        if self.lambda_gan:
            losses["discriminator"] = self.train_discriminator(photo, cartoon, generated.detach())
            self.discriminator.requires_grad_(False)  # G's gradient passes through D; D's own is not needed
            losses["adversarial"] = bce_with_label(self.discriminator(photo, generated), 1.0)
            loss = self.lambda_gan * losses["adversarial"]
        losses["l1"] = F.l1_loss(generated, cartoon)
        loss = loss + self.lambda_l1 * losses["l1"]
        if self.lambda_gradient:
            losses["gradient"] = gradient_difference(generated, cartoon)
            loss = loss + self.lambda_gradient * losses["gradient"]

        self.generator_optimizer.zero_grad()
        loss.backward()
        if self.max_norm < math.inf:
            nn.utils.clip_grad_norm_(self.generator.parameters(), self.max_norm)
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)
        self.update_average()
        return {name: loss.detach() for name, loss in losses.items()}

    def train_discriminator(self, photo: Tensor, cartoon: Tensor, generated: Tensor) -> Tensor:
        """A step of the discriminator; returns its loss."""
        self.discriminator_optimizer.zero_grad()
        true_loss = bce_with_label(self.discriminator(photo, cartoon), 1.0 - self.label_smoothing)
        false_loss = bce_with_label(self.discriminator(photo, generated), 0.0)
        loss = (true_loss + false_loss) * 0.5
        loss.backward()
        self.discriminator_optimizer.step()
        return loss

    def update_average(self) -> None:
        """average = decay average + (1 - decay) generator, weight by weight; buffers are copied."""
        with nnlite.no_grad():
            for mean, weight in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mean.mul_(self.decay).add_(weight, alpha=1.0 - self.decay)
            for kept, buffer in zip(self.average.buffers(), self.generator.buffers(), strict=True):
                kept.copy_(buffer)

    def components(self) -> dict[str, Any]:
        names = ("generator", "average", "discriminator", "generator_optimizer", "discriminator_optimizer")
        return {name: getattr(self, name) for name in names}


def bce_with_label(logits: Tensor, label: float) -> Tensor:
    """Binary cross entropy of all patches' logits with one label for all."""
    return F.binary_cross_entropy_with_logits(logits, nnlite.full_like(logits, label))


def gradient_difference(image: Tensor, target: Tensor) -> Tensor:
    """mean |d(x, y+1) - d(x, y)| + mean |d(x+1, y) - d(x, y)| for d = image - target (Mathieu, Couprie & LeCun 2016)

    0 for images that differ by one colour everywhere. (N, C, H, W) both. The paper compares the lengths of the steps;
    here their direction counts too.
    """
    d = image - target
    return (d[:, :, 1:] - d[:, :, :-1]).abs().mean() + (d[..., 1:] - d[..., :-1]).abs().mean()
