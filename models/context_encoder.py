"""Context encoder: what is missing from an image is painted in by what surrounds it (Pathak et al. 2016).

An encoder reduces an image with a hole to a code, a decoder makes the whole image of it, F(x). With M = 1 in the hole,
the completed image keeps what was there:

    y = (1 - M) x + M F((1 - M) x + M / 2)
    F minimises   mean over the hole of (x - y)^2  +  adversarial_weight BCE(D(y, M), 1)
    D minimises   BCE(D(x, M), 1) + BCE(D(y, M), 0)

Where several continuations are possible, the squared error is least for their mean, which is blurred. The discriminator
D has never seen a blurred digit: it asks for one of them. The paper shows D only the square; here it also sees what is
around, and the mask, because the hole's edge must fit in.

Images are (N, 1, 28, 28) in 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nnlite
from models.trainable import Trainable
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F


class ContextEncoder(Trainable):
    """Encoder, decoder, discriminator and the optimisers, Adam(lr) and Adam(discriminator_lr, betas .5 / .999).

    cut             maps images to images with a hole of grey .5, such as models.autoencoder.masked_square
    discriminator   maps (N, 2, 28, 28), image and mask, to logits (N, 1)
    adversarial_weight   as above
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        cut: Callable[[Tensor], Tensor],
        adversarial_weight: float = 0.02,
        lr: float = 2e-3,
        discriminator_lr: float = 1e-3,
    ):
        self.generator = nn.Sequential(encoder, decoder)
        self.discriminator, self.cut = discriminator, cut
        self.adversarial_weight = adversarial_weight
        self.generator_optimizer = optim.Adam(self.generator.parameters(), lr)
        self.discriminator_optimizer = optim.Adam(discriminator.parameters(), discriminator_lr, betas=(0.5, 0.999))

    def train_step(self, images: Tensor) -> dict[str, Tensor]:
        """One step of the discriminator and one of the generator; their losses as detached 0-d Tensors."""
        with_hole = self.cut(images)
        mask = hole(with_hole)
        completed = self.complete(with_hole)
        bce = F.binary_cross_entropy_with_logits

        on_real = self.judge(images, mask)
        on_fake = self.judge(completed.detach(), mask)
        of_discriminator = bce(on_real, nnlite.ones_like(on_real)) + bce(on_fake, nnlite.zeros_like(on_fake))
        self.discriminator_optimizer.zero_grad()
        of_discriminator.backward()
        self.discriminator_optimizer.step()

        self.discriminator.requires_grad_(False)  # the gradient passes through it; its own is not needed
        on_fake = self.judge(completed, mask)
        adversarial = bce(on_fake, nnlite.ones_like(on_fake))
        reconstruction = ((images - completed) ** 2).sum() / mask.sum()
        self.generator_optimizer.zero_grad()
        (reconstruction + self.adversarial_weight * adversarial).backward()
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)
        losses = {"reconstruction": reconstruction, "adversarial": adversarial, "discriminator": of_discriminator}
        return {name: loss.detach() for name, loss in losses.items()}

    def complete(self, with_hole: Tensor) -> Tensor:
        """Images (N, 1, 28, 28) with holes of grey .5 -> the same with the holes painted in."""
        return nnlite.where(nnlite.eq(with_hole, 0.5), self.generator(with_hole), with_hole)

    def judge(self, images: Tensor, mask: Tensor) -> Tensor:
        """The discriminator's logits (N, 1): is this hole part of a real image?"""
        return self.discriminator(nnlite.cat([2.0 * images - 1.0, mask], 1))

    def components(self) -> dict[str, Any]:
        names = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
        return {name: getattr(self, name) for name in names}


def hole(with_hole: Tensor) -> Tensor:
    """1 where an image has the grey .5 of a hole, else 0. No pixel of 8 bits has it: 127.5 is not a whole number."""
    return nnlite.where(nnlite.eq(with_hole, 0.5), 1.0, 0.0)
