"""Fader networks (Lample et al. 2017), on a variational autoencoder: edit what an image shows and keep the rest.

The encoder turns an image into a code z; the decoder draws it from z and the attributes c that are measured on it. To
edit an image, encode it and decode with other attributes. This works only if z says nothing about c, or the decoder
would go by z and take no notice of what is asked for. So a critic learns to tell the attributes from the code, and the
encoder learns to make that impossible:

    the critic minimises    sum over attributes of  E(critic(z), c)
    the autoencoder         reconstruction + beta * KL + secrecy * sum over attributes of  E(critic(z), knows nothing)

Of a class, E is the cross entropy, and knowing nothing is 1 / classes each; of a number, with mean 0 and variance 1, E
is the squared error, and knowing nothing is 0. (The paper has yes-or-no attributes, and asks for the wrong answer.) The
first two terms are those of models/vae.py, in nats per image.

Images are (N, 1, 28, 28) in 0..1.
"""

from __future__ import annotations

from typing import Any

import nnlite
from models.trainable import Trainable
from models.vae import SHAPE, dense
from nnlite import ShapeError, Tensor, nn, optim
from nnlite.nn import functional as F


class Fader(Trainable):
    """Encoder, decoder and critic; Adam(lr) for the first two, Adam(lr, betas 0.5 / 0.999) for the critic.

    classes   of the label, which is an attribute
    numbers   further attributes, each a number with mean 0 and variance 1 over the data
    latent    numbers in a code
    beta      weight of the KL term
    secrecy   weight of what the critic must not find out; 0 for none

    Raises ValueError for a negative weight, or fewer than 1 latent number or 2 classes.
    """

    def __init__(
        self,
        classes: int = 10,
        numbers: int = 2,
        latent: int = 16,
        beta: float = 1.0,
        secrecy: float = 30.0,
        lr: float = 1e-3,
    ):
        if latent < 1 or classes < 2:
            raise ValueError(f"Fader: expected latent of at least 1 and classes of at least 2, got {latent}, {classes}")
        if not (beta >= 0 and secrecy >= 0):
            raise ValueError(f"Fader: beta and secrecy must not be negative, got {beta} and {secrecy}")
        self.classes, self.beta, self.secrecy = classes, beta, secrecy
        self.encoder, _ = dense(latent)
        _, self.decoder = dense(latent + classes + numbers)
        self.critic = nn.Sequential(
            nn.Linear(latent, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, classes + numbers),
        )
        self.optimizer = optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], lr)
        self.critic_optimizer = optim.Adam(self.critic.parameters(), lr, betas=(0.5, 0.999))

    def train_step(self, images: Tensor, attributes: Tensor) -> dict[str, Tensor]:
        """One step of the critic, then one of the autoencoder; the losses as detached 0-d Tensors.

        attributes   (N, classes + numbers): 1 for the class and 0 for the others, then the numbers
        """
        mu, log_var = self.encode(images)
        z = F.rsample(mu, log_var)
        critic = self.mistakes(self.critic(z.detach()), attributes)
        self.critic_optimizer.zero_grad()
        critic.backward()
        self.critic_optimizer.step()

        logits = self.decoder(nnlite.cat([z, attributes], 1))
        reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)
        kl = F.gaussian_kl(mu, log_var, reduction="batchmean")
        self.critic.requires_grad_(False)  # the gradient passes through the critic; its own is not needed
        leak = self.mistakes(self.critic(z), self.nothing(attributes))
        self.optimizer.zero_grad()
        (reconstruction + self.beta * kl + self.secrecy * leak).backward()
        self.optimizer.step()
        self.critic.requires_grad_(True)
        losses = {"reconstruction": reconstruction, "kl": kl, "critic": critic, "leak": leak}
        return {name: value.detach() for name, value in losses.items()}

    def mistakes(self, guess: Tensor, attributes: Tensor) -> Tensor:
        """Cross entropy of the class plus squared errors of the numbers, mean over the batch."""
        of_class, numbers = guess[:, : self.classes], guess[:, self.classes :]
        cross_entropy = F.cross_entropy(of_class, attributes[:, : self.classes])
        return cross_entropy + ((numbers - attributes[:, self.classes :]) ** 2).sum(1).mean()

    def nothing(self, attributes: Tensor) -> Tensor:
        """What one who knows nothing says, in the shape of these attributes: all classes alike, and numbers of 0."""
        alike = nnlite.full_like(attributes[:, : self.classes], 1.0 / self.classes)
        return nnlite.cat([alike, nnlite.zeros_like(attributes[:, self.classes :])], 1)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_var of q(z|x), each (N, latent). Raises ShapeError unless images are (N, 1, 28, 28)."""
        if images.ndim != 4 or images.shape[1:] != SHAPE:
            raise ShapeError(f"Fader: expected images (N, 1, 28, 28), got {images.shape}; crop or resize them")
        mu, log_var = nnlite.chunk(self.encoder(images), 2, 1)
        return mu, log_var

    def decode(self, codes: Tensor, attributes: Tensor) -> Tensor:
        """The images, in 0..1, that these codes (N, latent) become with these attributes."""
        return nnlite.sigmoid(self.decoder(nnlite.cat([codes, attributes], 1)))

    @nnlite.no_grad()
    def edit(self, images: Tensor, attributes: Tensor) -> Tensor:
        """The images with these attributes in place of their own; with their own, reconstructions."""
        return self.decode(self.encode(images)[0], attributes)

    def components(self) -> dict[str, Any]:
        names = ("encoder", "decoder", "critic", "optimizer", "critic_optimizer")
        return {name: getattr(self, name) for name in names}
