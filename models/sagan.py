"""Self-attention GAN (Zhang, Goodfellow, Metaxas & Odena 2019), small.

A convolution sees a few pixels around each place, so that distant parts of an image only meet after many layers.
Self-attention looks at all places at once: each place asks (f), every place answers with a key (g), and where question
and key agree, the place's content (h) is fetched:

    b_ij = softmax over j of   f(x_i) . g(x_j)         how much place i looks at place j; the sum over j is 1
    o_i  = v(sum over j of b_ij h(x_j))
    y_i  = x_i + gamma o_i                             gamma starts at 0: first learn from what is near

f, g, h and v are 1x1 convolutions. (The paper names the two in its softmax the other way round.) With it come:

    hinge loss     D minimises   mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z)))
                   G minimises   - mean D(G(z))
    spectral norm  in both networks: no layer stretches its input (Miyato et al. 2018)
    two rates      D learns faster than G, instead of taking more steps (TTUR, Heusel et al. 2017)

Images are (N, C, size, size) in [-1, 1].
"""

from __future__ import annotations

import nnlite
from models import dcgan
from models.gan import GAN
from models.gan_strategies import Strategy, normalise_spectra
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F


class SelfAttention(nn.Module):
    """(N, C, H, W) -> (N, C, H, W): every place looks at all others, as above.

    inner   channels of questions, keys and contents, C / 8 in the paper
    """

    def __init__(self, channels: int, inner: int | None = None):
        super().__init__()
        inner = inner or max(1, channels // 8)
        self.f, self.g, self.h = (nn.Conv2d(channels, inner, 1) for _ in range(3))
        self.v = nn.Conv2d(inner, channels, 1)
        self.gamma = nn.Parameter(nnlite.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        fetched = self.h(x).flatten(2) @ self.attention(x).transpose(1, 2)  # (N, inner, H W)
        return x + self.gamma * self.v(fetched.reshape(len(x), -1, *x.shape[2:]))

    def attention(self, x: Tensor) -> Tensor:
        """b (N, H W, H W): each row is where that place looks, and adds up to 1."""
        return F.softmax(self.f(x).flatten(2).transpose(1, 2) @ self.g(x).flatten(2), -1)


class Generator(dcgan.Generator):
    """The generator of DCGAN with spectral norm, and attention before the last layer, at half the side of the image."""

    def __init__(self, size: int = 28, channels: int = 1, latent: int = 64, width: int = 32, attention: bool = True):
        super().__init__(size, channels, latent, width)
        if attention:
            self.layers.insert(len(self.layers) - 2, SelfAttention(width))
        normalise_spectra(self)

    def look(self, noise: Tensor) -> Tensor:
        """Where the places look while these images are made: (N, H W, H W), H = W = size / 2."""
        x = noise
        for layer in self.layers:
            if isinstance(layer, SelfAttention):
                return layer.attention(x)
            x = layer(x)
        raise ValueError("look: this generator has no attention")


class Discriminator(dcgan.Discriminator):
    """The discriminator of DCGAN with spectral norm in place of batch norm, and attention after its first layer."""

    def __init__(self, size: int = 28, channels: int = 1, width: int = 32, attention: bool = True):
        super().__init__(size, channels, width, batch_norm=False)
        if attention:
            self.layers.insert(2, SelfAttention(width))
        normalise_spectra(self)


class SAGAN(GAN):
    """Generator, discriminator and their optimisers, Adam(betas 0 / 0.9) with a rate each.

    lr         of the generator and of the discriminator; the defaults are the paper's
    attention  False for the same networks without it, to compare

    Raises ValueError for sizes other than 28, 32 and 64.
    """

    generator: Generator

    def __init__(
        self,
        size: int = 28,
        channels: int = 1,
        latent: int = 64,
        width: int = 32,
        lr: tuple[float, float] = (1e-4, 4e-4),
        attention: bool = True,
        strategy: Strategy | None = None,
    ):
        generator = Generator(size, channels, latent, width, attention)
        super().__init__(generator, Discriminator(size, channels, width, attention), strategy)
        self.generator_optimizer = optim.Adam(self.generator.parameters(), lr[0], betas=(0.0, 0.9))
        self.discriminator_optimizer = optim.Adam(self.discriminator.parameters(), lr[1], betas=(0.0, 0.9))

    def discriminator_loss(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z)))."""
        return F.relu(1.0 - on_real).mean() + F.relu(1.0 + on_fake).mean()

    def generator_loss(self, on_fake: Tensor) -> Tensor:
        """- mean D(G(z))."""
        return -on_fake.mean()

    def mean_outputs(self, on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
        """The mean scores of real and of generated images; they are not probabilities."""
        return {"f_real": on_real.detach().mean(), "f_fake": on_fake.detach().mean()}

    def attention_maps(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The images for this noise, and where the generator looks while it makes them: (N, H W, H W)."""
        with nnlite.no_grad():
            maps = self.generator.eval().look(noise)
        return self.generate(noise), maps
