"""Generative adversarial networks (Goodfellow et al. 2014), plain and conditional (Mirza & Osindero 2014).

The generator G turns noise z into an image; the discriminator D returns a logit, high for images it takes to be real:

    D minimises   BCE(D(x), 1) + BCE(D(G(z)), 0)
    G minimises   BCE(D(G(z)), 1)

The second line is the paper's non-saturating loss: it asks for -log D(G(z)) instead of log(1 - D(G(z))), whose
gradient vanishes just when D is sure of itself and G has most to learn. In a conditional GAN both networks also see a
label, so that G can be asked for a class.

Images are (N, C, H, W) in [-1, 1].
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import nnlite
from models.gan_strategies import Strategy, diversity, gradient_norm, normalise_spectra
from models.trainable import Trainable
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F


class ImageGenerator(nn.Module):
    """What a generator has to be: a network from noise (N, latent) to images."""

    latent: int


class DenseGenerator(ImageGenerator):
    """Noise (N, latent) -> images (N, *shape), through hidden layers of `width` and 2 `width` units.

    classes   if not 0, it also takes labels (N,), and learns a code for each class, which is appended to the noise
    """

    def __init__(self, latent: int = 64, width: int = 256, shape: tuple[int, int, int] = (1, 28, 28), classes: int = 0):
        super().__init__()
        if latent < 1:
            raise ValueError(f"DenseGenerator: the noise needs at least one number, got latent={latent}")
        self.latent, self.shape = latent, shape
        self.codes = nn.Embedding(classes, latent // 4 + 1) if classes else None
        self.layers = nn.Sequential(
            nn.Linear(latent + (latent // 4 + 1 if classes else 0), width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, 2 * width),
            nn.BatchNorm1d(2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, math.prod(shape)),
            nn.Tanh(),
        )

    def forward(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.codes:
            noise = nnlite.cat([noise, self.codes(labels)], 1)
        return self.layers(noise).reshape(len(noise), *self.shape)


class DenseDiscriminator(nn.Module):
    """Images (N, *shape) -> logits (N, 1), through hidden layers of 2 `width` and `width` units.

    classes   if not 0, it also takes labels (N,), and learns a code for each class, which is appended to the first
              hidden layer; among the many pixels it would hardly be noticed
    """

    def __init__(
        self, width: int = 256, shape: tuple[int, int, int] = (1, 28, 28), classes: int = 0, dropout: float = 0.1
    ):
        super().__init__()
        self.codes = nn.Embedding(classes, width // 4) if classes else None
        self.first = nn.Sequential(
            nn.Flatten(), nn.Linear(math.prod(shape), 2 * width), nn.LeakyReLU(0.2), nn.Dropout(dropout)
        )
        self.layers = nn.Sequential(
            nn.Linear(2 * width + (width // 4 if classes else 0), width),
            nn.LeakyReLU(0.2),
            nn.Dropout(dropout),
            nn.Linear(width, 1),
        )

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        hidden = self.first(images)
        if self.codes:
            hidden = nnlite.cat([hidden, self.codes(labels)], 1)
        return self.layers(hidden)


class GAN(Trainable):
    """Generator, discriminator and their two optimisers, Adam(lr, betas 0.5 / 0.999).

    generator      a network from noise (N, generator.latent) to images
    discriminator  a network from images to one logit each
    strategy       how they are trained (models/gan_strategies.py)

    Other kinds of GAN change its networks (ConditionalGAN, DCGAN) or its losses (WGAN).
    """

    generator_optimizer: optim.Optimizer
    discriminator_optimizer: optim.Optimizer

    def __init__(
        self, generator: ImageGenerator, discriminator: nn.Module, strategy: Strategy | None = None, lr: float = 2e-4
    ):
        self.generator, self.discriminator = generator, discriminator
        self.strategy = strategy or Strategy()
        self.noise = self.strategy.noise  # at the start; a training loop may let it fall
        if self.strategy.spectral_norm:
            normalise_spectra(discriminator)
        self.generator_optimizer = optim.Adam(generator.parameters(), lr, betas=(0.5, 0.999))
        self.discriminator_optimizer = optim.Adam(discriminator.parameters(), lr, betas=(0.5, 0.999))

    def train_step(self, images: Tensor, *labels: Tensor) -> dict[str, Tensor]:
        """Train both networks on a batch; returns losses and signs of health as detached 0-d Tensors.

        d_real, d_fake    mean D(x) and D(G(z)) as probabilities: both are .5 if D can only guess
        ..._gradient      norm of the gradient of a network's last step
        diversity         mean distance between generated images, divided by that between real ones
        """
        for share in self.strategy.split(images, *labels):
            figures = self.discriminator_step(*share)
        for _ in range(self.strategy.generator_steps):
            figures |= self.generator_step(*share)
        return {name: figure.detach() for name, figure in figures.items()}

    def discriminator_step(self, images: Tensor, *labels: Tensor) -> dict[str, Tensor]:
        """D learns to tell these images from the same number of generated ones."""
        with nnlite.no_grad():  # G does not learn from this
            generated = self.generator(self.draw_noise(len(images)), *labels)
        on_real = self.discriminator(self.add_noise(images), *labels)
        on_fake = self.discriminator(self.add_noise(generated), *labels)
        loss = self.discriminator_loss(on_real, on_fake)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        gradient = gradient_norm(self.discriminator.parameters())
        return {"discriminator": loss, **self.mean_outputs(on_real, on_fake), "discriminator_gradient": gradient}

    def generator_step(self, images: Tensor, *labels: Tensor) -> dict[str, Tensor]:
        """G learns to deceive D, with the same number of images."""
        generated = self.generator(self.draw_noise(len(images)), *labels)
        self.discriminator.requires_grad_(False)  # G's gradient passes through D; D's own is not needed
        loss = self.generator_loss(self.discriminator(self.add_noise(generated), *labels))
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.generator_optimizer.step()
        self.discriminator.requires_grad_(True)
        gradient = gradient_norm(self.generator.parameters())
        return {
            "generator": loss,
            "generator_gradient": gradient,
            "diversity": diversity(generated) / diversity(images).clip(1e-6),
        }

    def discriminator_loss(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """BCE(D(x), label) + BCE(D(G(z)), 0) of logits."""
        bce = F.binary_cross_entropy_with_logits
        return bce(on_real, self.strategy.real_labels(on_real)) + bce(on_fake, nnlite.zeros_like(on_fake))

    def generator_loss(self, on_fake: Tensor) -> Tensor:
        """BCE(D(G(z)), 1) of logits."""
        return F.binary_cross_entropy_with_logits(on_fake, nnlite.ones_like(on_fake))

    def mean_outputs(self, on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
        """D's mean probability of being real, for real and for generated images."""
        return {"d_real": on_real.detach().sigmoid().mean(), "d_fake": on_fake.detach().sigmoid().mean()}

    def add_noise(self, images: Tensor) -> Tensor:
        """Images plus noise of standard deviation self.noise, for the discriminator."""
        return images + self.noise * nnlite.randn_like(images) if self.noise else images

    def draw_noise(self, n: int) -> Tensor:
        """z (n, latent) from N(0, 1), on the generator's device."""
        device = next(iter(self.generator.parameters())).device
        return nnlite.randn(n, self.generator.latent, device=device)

    def sample(self, n: int) -> Tensor:
        """n images from new noise."""
        return self.generate(self.draw_noise(n))

    def generate(self, noise: Tensor, *labels: Tensor) -> Tensor:
        """The images for this noise, each independent of the others: batch norm uses its running statistics."""
        with nnlite.no_grad():
            images = self.generator.eval()(noise, *labels)
        self.generator.train()
        return images

    def components(self) -> dict[str, Any]:
        names = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
        return {name: getattr(self, name) for name in names}


class ConditionalGAN(GAN):
    """A GAN whose two networks also see a label, 0 to classes - 1; a batch is (images, labels)."""

    def __init__(
        self,
        classes: int = 10,
        latent: int = 64,
        width: int = 256,
        shape: tuple[int, int, int] = (1, 28, 28),
        strategy: Strategy | None = None,
        lr: float = 2e-4,
    ):
        self.classes = classes
        generator = DenseGenerator(latent, width, shape, classes)
        super().__init__(generator, DenseDiscriminator(width, shape, classes), strategy, lr)

    def sample(self, n: int, labels: Tensor | None = None) -> Tensor:
        """n images from new noise, of these classes (n,) or of all in turn. Raises ValueError for invalid labels."""
        noise = self.draw_noise(n)
        if labels is None:
            labels = nnlite.tensor(np.arange(n) % self.classes, device=noise.device)
        if labels.shape != (n,) or labels.dtype.kind not in "iu":
            raise ValueError(f"sample: expected {n} labels, whole numbers, got {labels.dtype} of shape {labels.shape}")
        if n and not 0 <= int(labels.min()) <= int(labels.max()) < self.classes:
            raise ValueError(
                f"sample: labels must lie in 0..{self.classes - 1}, got {int(labels.min())} to {int(labels.max())}"
            )
        return self.generate(noise, labels)
