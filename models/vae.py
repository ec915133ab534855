"""The variational autoencoder (Kingma & Welling 2014), with the weight beta of Higgins et al. 2017.

An autoencoder that can generate: its codes can be drawn at random. The decoder makes an image x from a code z, with
z ~ p(z) = N(0, 1); the encoder says which codes an image may have come from, q(z|x) = N(mu, e^log_var), standard
deviation e^(log_var / 2). Any q gives a lower bound of the probability of x; at beta = 1 the loss is minus this bound:

    log p(x) >= ELBO = E_q log p(x|z) - KL(q(z|x) || p(z))

    loss = reconstruction + beta * KL
    reconstruction = sum over pixels of BCE(decoder(z), x)                      z = mu + e^(log_var / 2) * eps
    KL             = sum over the code of (mu^2 + e^log_var - log_var - 1) / 2  eps ~ N(0, 1)

both averaged over the batch, in nats per image. The scale matters: it is a bound only if both pixels and code are
summed over. With the mean over the 784 pixels, KL would weigh 784 times as much, and the codes would carry no
information. On MNIST, reconstruction is about 80 and KL about 25; 46 of the 80 cannot be avoided, as pixels between
paper and ink always cost something. beta > 1 brings the codes closer to N(0, 1), with independent axes, at the price of
blurred images.
"""

from __future__ import annotations

from typing import Any

import nnlite
from models.trainable import Trainable
from nnlite import ShapeError, Tensor, nn, optim
from nnlite.nn import functional as F

SHAPE = (1, 28, 28)


def dense(latent: int) -> tuple[nn.Module, nn.Module]:
    """Encoder 784-512-128-(2 latent) and decoder latent-128-512-784: those of autoencoder.dense, with log_var added."""
    encoder = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Linear(512, 128),
        nn.ReLU(),
        nn.Linear(128, 2 * latent),
    )
    decoder = nn.Sequential(
        nn.Linear(latent, 128),
        nn.ReLU(),
        nn.Linear(128, 512),
        nn.ReLU(),
        nn.Linear(512, 784),
        nn.Unflatten(1, SHAPE),
    )
    return encoder, decoder


def conv(latent: int) -> tuple[nn.Module, nn.Module]:
    """Two convolutions of stride 2, 28 -> 14 -> 7 pixels and 32, 64 channels; the decoder is their mirror image."""
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 4, 2, 1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 4, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 2 * latent),
    )
    decoder = nn.Sequential(
        nn.Linear(latent, 64 * 7 * 7),
        nn.ReLU(),
        nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1),
    )
    return encoder, decoder


NETWORKS = {"dense": dense, "conv": conv}


class VAE(Trainable):
    """Encoder, decoder and their optimiser, Adam. Images are (N, 1, 28, 28) in 0..1, codes (N, latent).

    kind    a key of NETWORKS
    latent  numbers in a code
    beta    weight of the KL term (1 in the VAE paper)

    Raises ValueError for an unknown kind, a latent size below 1, or a negative beta.
    """

    def __init__(self, kind: str = "conv", latent: int = 16, beta: float = 1.0, lr: float = 1e-3):
        if kind not in NETWORKS:
            raise ValueError(f"VAE: there is no kind {kind!r}; expected {' or '.join(NETWORKS)}")
        if latent < 1:
            raise ValueError(f"VAE: a code needs at least 1 number, got latent {latent}")
        if not beta >= 0:
            raise ValueError(f"VAE: beta must not be negative, got {beta}")
        self.kind, self.latent, self.beta = kind, latent, beta
        self.encoder, self.decoder = NETWORKS[kind](latent)
        self.optimizer = optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], lr)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_var of q(z|x), each (N, latent). Raises ShapeError unless images are (N, 1, 28, 28)."""
        if images.ndim != 4 or images.shape[1:] != SHAPE or len(images) == 0:
            raise ShapeError(f"VAE: expected images (N, 1, 28, 28), got {images.shape}; crop or resize them")
        mu, log_var = nnlite.chunk(self.encoder(images), 2, 1)
        return mu, log_var

    def decode(self, codes: Tensor) -> Tensor:
        """Images in 0..1: the probability of ink at each pixel."""
        return nnlite.sigmoid(self.decoder(codes))

    def terms(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and KL as defined above, with one z for each image."""
        mu, log_var = self.encode(images)
        logits = self.decoder(F.rsample(mu, log_var))
        reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)
        return reconstruction, F.gaussian_kl(mu, log_var, reduction="batchmean")

    def train_step(self, images: Tensor) -> dict[str, Tensor]:
        """One step on a batch; returns the losses as detached 0-d Tensors."""
        reconstruction, kl = self.terms(images)
        loss = reconstruction + self.beta * kl
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        losses = {"loss": loss, "reconstruction": reconstruction, "kl": kl}
        return {name: value.detach() for name, value in losses.items()}

    @nnlite.no_grad()
    def elbo(self, images: Tensor) -> Tensor:
        """The evidence lower bound, in nats per image: higher is better, whatever beta it was trained with."""
        reconstruction, kl = self.terms(images)
        return -(reconstruction + kl)

    @nnlite.no_grad()
    def reconstruct(self, images: Tensor) -> Tensor:
        """Decode each image from its mu, the most likely code."""
        return self.decode(self.encode(images)[0])

    @nnlite.no_grad()
    def sample(self, n: int) -> Tensor:
        """n new images, from codes drawn from N(0, 1)."""
        device = next(self.decoder.parameters()).device
        return self.decode(nnlite.randn(n, self.latent, device=device))

    def components(self) -> dict[str, Any]:
        return {"encoder": self.encoder, "decoder": self.decoder, "optimizer": self.optimizer}

    @property
    def name(self) -> str:
        return f"{self.kind} VAE"
