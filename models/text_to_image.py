"""Pictures from captions (Reed et al. 2016): a GAN whose networks both read a caption.

A discriminator that sees real pictures with their captions and generated ones with theirs need only learn what pictures
look like; nothing makes it compare picture and caption. So it is also given right pictures with wrong captions, and has
to refuse them: it is matching-aware, and G deceives it only with a picture of what the caption says.

The paper takes one wrong caption for each picture. Here all other captions of the batch are wrong, and so are near
misses, which differ from a right one in a word or two, so that D has to attend to all words. With h D's features of a
picture and v its code of a caption, D learns which of all captions t' belongs to a picture, and what is real:

    match(x, t) = -h(x) v(t) + log of the sum over t' of exp(h(x) v(t'))
    s(x, t) = h(x) a + h(x) v(t)        a: the same for all captions

    D minimises   max(0, 1 - s(x, t)) + max(0, 1 + s(G(z, t), t)) + 2 match(x, t)
    G minimises   -s(G(z, t), t) + match(G(z, t), t) + c |G(z, t) - x| + 3 max(0, 1 - |G(z, t) - G(z', t)| / d)

With s(x, t) = h(x) a, D would never compare G's pictures with their captions, and G would find pictures that match in
D's eyes alone: grain. Against that, D sees all pictures under noise (Sonderby et al. 2017), and the third term of G,
that of Pix2Pix (Isola et al. 2017), keeps the paper clean. The last one (Mao et al. 2019 have a similar one) asks that
pictures of one caption differ as much as two real ones, d, or G would draw the same picture each time.

Newer than Reed et al. are also the inner product (Miyato & Koyama 2018), the softmax over the captions of a batch
(Zhang et al. 2021), the hinge (Lim & Ye 2017) and D's spectral norm (Miyato et al. 2018): with all of these, small
networks learn in minutes. The paper's encoder of captions was trained before; here each network has its own, which
learns with it.

Captions are (N, words) int64, 0 after their end. Images are (N, 3, 32, 32) in [-1, 1].
"""

from __future__ import annotations

import nnlite
from models.gan import GAN, ImageGenerator
from models.gan_strategies import Strategy, diversity, gradient_norm, normalise_spectra
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

CODE = 64  # numbers in the code of a caption


class TextEncoder(nn.Module):
    """Captions (N, length) of `words` different words -> codes (N, CODE).

    The mean over the words of (vector of the word) x (vector of its place), then a hidden layer. Without places "a red
    circle above a blue square" would be the same as "a blue circle above a red square".
    """

    def __init__(self, words: int, length: int):
        super().__init__()
        self.words = nn.Embedding(words, CODE)
        self.places = nn.Parameter(nnlite.randn(length, CODE))
        self.layers = nn.Sequential(
            nn.LayerNorm(CODE),
            nn.Linear(CODE, 2 * CODE),
            nn.LeakyReLU(0.2),
            nn.Linear(2 * CODE, CODE),
            nn.LayerNorm(CODE),
        )

    def forward(self, captions: Tensor) -> Tensor:
        return self.layers((self.words(captions) * self.places).mean(1))


class TextGenerator(ImageGenerator):
    """Noise (N, latent) and captions -> images; hidden layers of 4 `width` and 2 `width` channels.

    The last layer makes 48 channels on 8x8 places, which are the three colours of 4x4 pixels each.
    """

    def __init__(self, words: int, length: int, latent: int = 16, width: int = 32):
        super().__init__()
        self.latent = latent
        self.encoder = TextEncoder(words, length)
        self.layers = nn.Sequential(
            nn.Linear(latent + CODE, 4 * width * 16, bias=False),
            nn.Unflatten(1, (4 * width, 4, 4)),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.Conv2d(2 * width, 48, 3, 1, 1),
            nn.PixelShuffle(4),
            nn.Tanh(),
        )

    def forward(self, noise: Tensor, captions: Tensor) -> Tensor:
        return self.draw(noise, self.encoder(captions))

    def draw(self, noise: Tensor, codes: Tensor) -> Tensor:
        """The images for codes of captions, or for what lies between two codes."""
        return self.layers(nnlite.cat([noise, codes], 1))


class TextDiscriminator(nn.Module):
    """Images and captions -> scores (N,); hidden layers of 2 `width` and 4 `width` channels."""

    def __init__(self, words: int, length: int, width: int = 32):
        super().__init__()
        features = 4 * width * 16
        self.layers = nn.Sequential(
            nn.Conv2d(3, 2 * width, 6, 4, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        normalise_spectra(self.layers)
        self.taste = nn.Linear(features, 1)  # a
        self.codes = nn.Sequential(TextEncoder(words, length), nn.Linear(CODE, features))  # v

    def forward(self, images: Tensor, captions: Tensor) -> Tensor:
        return self.score(self.layers(images), self.codes(captions))

    def score(self, features: Tensor, codes: Tensor) -> Tensor:
        """s of each image and the caption of the same row, (N,), from h and v."""
        return self.taste(features).squeeze(1) + (features * codes).sum(1)


class TextToImage(GAN):
    """Generator, discriminator, and Adam(lr, betas .5 / .99) for each.

    A batch is (images, captions, near misses, ...): any number of wrong captions for each image.

    words      how many different words there are, with the 0 after the end
    length     of a caption in words
    noise      standard deviation of the noise on all that D sees
    l1_weight  c
    apart      d: mean absolute difference of two real images of one caption
    """

    discriminator: TextDiscriminator
    MATCH_WEIGHT, APART_WEIGHT = 2.0, 3.0  # of D's matching, and of the difference of two of G's images

    def __init__(
        self,
        words: int,
        length: int,
        latent: int = 16,
        width: int = 32,
        lr: float = 2e-3,
        noise: float = 0.2,
        l1_weight: float = 20.0,
        apart: float = 0.09,
    ):
        generator = TextGenerator(words, length, latent, width)
        super().__init__(generator, TextDiscriminator(words, length, width), Strategy(noise=noise))
        self.generator_optimizer = optim.Adam(self.generator.parameters(), lr, betas=(0.5, 0.99))
        self.discriminator_optimizer = optim.Adam(self.discriminator.parameters(), lr, betas=(0.5, 0.99))
        self.l1_weight, self.apart = l1_weight, apart

    def discriminator_step(self, images: Tensor, *captions: Tensor) -> dict[str, Tensor]:
        """D learns to tell these images from generated ones, and which caption belongs to which."""
        D, n = self.discriminator, len(images)
        with nnlite.no_grad():  # G does not learn from this
            generated = self.generator(self.draw_noise(n), captions[0])
        real, fake = D.layers(self.add_noise(nnlite.cat([images, generated]))).chunk(2)
        codes = D.codes(nnlite.cat(captions))
        on_real, on_fake = (D.score(features, codes[:n]) for features in (real, fake))
        match = mismatch(real, codes)
        loss = F.relu(1.0 - on_real).mean() + F.relu(1.0 + on_fake).mean() + self.MATCH_WEIGHT * match
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        gradient = gradient_norm(D.parameters())
        scores = {"s_real": on_real.mean(), "s_fake": on_fake.mean()}
        return {"discriminator": loss, "match": match, **scores, "discriminator_gradient": gradient}

    def generator_step(self, images: Tensor, *captions: Tensor) -> dict[str, Tensor]:
        """G learns to deceive D by pictures in which D recognises what was asked, two for each of half the captions."""
        D, half = self.discriminator, len(images) // 2
        D.requires_grad_(False)  # G's gradient passes through D; D's own is not needed
        images, asked = (nnlite.cat([each[:half], each[:half]]) for each in (images, captions[0]))  # two of each
        generated = self.generator(self.draw_noise(2 * half), asked)
        features, codes = D.layers(self.add_noise(generated)), D.codes(nnlite.cat(captions))
        match = (mismatch(features[:half], codes) + mismatch(features[half:], codes)) / 2.0
        on_fake = D.score(features, nnlite.cat([codes[:half], codes[:half]]))
        l1, apart = F.l1_loss(generated, images), F.l1_loss(generated[:half], generated[half:])
        alike = F.relu(1.0 - apart / self.apart)
        loss = match - on_fake.mean() + self.l1_weight * l1 + self.APART_WEIGHT * alike
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.generator_optimizer.step()
        D.requires_grad_(True)
        return {
            "generator": loss,
            "match_generated": match,
            "l1": l1,
            "apart": apart,
            "generator_gradient": gradient_norm(self.generator.parameters()),
            "diversity": diversity(generated) / diversity(images).clip(1e-6),
        }


def mismatch(features: Tensor, codes: Tensor) -> Tensor:
    """The mean over images i of -log softmax_j(features_i . codes_j) at j = i: (N, F) and (M, F), M >= N -> 0-d."""
    return F.cross_entropy(features @ codes.transpose(0, 1), nnlite.arange(len(features), device=features.device))
