"""Wasserstein GAN (Arjovsky, Chintala & Bottou 2017).

A critic f replaces the discriminator. It gives images a score, which can be any number, and its Lipschitz constant is
bounded by clipping every weight to [-c, c] after each step. Then its largest mean difference

    W(real, generated) ~ max over f of   mean f(x) - mean f(G(z))

is, up to a factor, the earth mover's distance between the two distributions. It keeps falling where the loss of a GAN
stops, and its gradient does not vanish when the critic is good: so the critic takes several steps for each one of G.

    f minimises   mean f(G(z)) - mean f(x)
    G minimises   - mean f(G(z))

Momentum makes this training unstable, so the paper uses RMSprop instead of Adam.
"""

from __future__ import annotations

import nnlite
from models.gan import GAN, ImageGenerator
from models.gan_strategies import Strategy
from nnlite import Tensor, nn, optim


class Wasserstein(GAN):
    """The losses above, without a bound on the critic: WGAN clips, WGANGP (models/wgan_gp.py) has a penalty."""

    def discriminator_loss(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """mean f(G(z)) - mean f(x): the negative of the estimated distance."""
        return on_fake.mean() - on_real.mean()

    def generator_loss(self, on_fake: Tensor) -> Tensor:
        """- mean f(G(z))."""
        return -on_fake.mean()

    def mean_outputs(self, on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
        """The mean scores of real and of generated images; they are not probabilities."""
        return {"f_real": on_real.detach().mean(), "f_fake": on_fake.detach().mean()}


class WGAN(Wasserstein):
    """Generator, critic and their two optimisers, RMSprop(lr); clip is c.

    The defaults are the paper's: lr 5e-5, clip 0.01 and five steps of the critic, for which the batch is cut into five
    shares. These losses have no labels to smooth. Raises ValueError unless clip > 0.
    """

    def __init__(
        self,
        generator: ImageGenerator,
        discriminator: nn.Module,
        strategy: Strategy | None = None,
        lr: float = 5e-5,
        clip: float = 0.01,
    ):
        if not clip > 0.0:
            raise ValueError(f"WGAN: clip must be above 0, got {clip}")
        super().__init__(generator, discriminator, strategy or Strategy(discriminator_steps=5), lr)
        self.clip = clip
        self.generator_optimizer = optim.RMSprop(generator.parameters(), lr)
        self.discriminator_optimizer = optim.RMSprop(discriminator.parameters(), lr)

    def discriminator_step(self, images: Tensor, *labels: Tensor) -> dict[str, Tensor]:
        """One step of the critic; then every weight is clipped to [-clip, clip]."""
        figures = super().discriminator_step(images, *labels)
        with nnlite.no_grad():
            for p in self.discriminator.parameters():
                p.clamp_(-self.clip, self.clip)
        return figures
