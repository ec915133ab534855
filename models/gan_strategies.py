"""How to keep generator and discriminator in balance, and how to measure whether they are: for all GANs here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import nnlite
from nnlite import Tensor, nn
from nnlite.nn.utils.parametrizations import spectral_norm


@dataclass(frozen=True)
class Strategy:
    """How the two networks are trained. The defaults are the plain GAN.

    label_low, label_high  the discriminator's label for a real image is drawn between the two: a single value, such as
                           .9, is one-sided label smoothing (Salimans et al. 2016), .7 to 1 makes the labels noisy
    discriminator_steps    discriminator steps per training step, each on an equal share of the batch
    generator_steps        generator steps after these, each with new noise
    noise                  standard deviation of the noise added to all images that the discriminator sees (Sonderby et
                           al. 2017); a training loop lowers it by setting `GAN.noise`
    spectral_norm          normalise the discriminator's layers so that none stretches its input (Miyato et al. 2018)

    Raises ValueError for labels outside 0 < low <= high <= 1, fewer than one step, or a negative noise.
    """

    label_low: float = 1.0
    label_high: float = 1.0
    discriminator_steps: int = 1
    generator_steps: int = 1
    noise: float = 0.0
    spectral_norm: bool = False

    def __post_init__(self):
        if not 0.0 < self.label_low <= self.label_high <= 1.0:
            raise ValueError(
                f"Strategy: labels of real images must lie in 0 < low <= high <= 1, got {self.label_low} "
                f"to {self.label_high}; smoothing takes .7 to 1"
            )
        if min(self.discriminator_steps, self.generator_steps) < 1:
            raise ValueError(
                f"Strategy: each network takes at least one step, got discriminator_steps={self.discriminator_steps}, "
                f"generator_steps={self.generator_steps}"
            )
        if not self.noise >= 0.0:
            raise ValueError(f"Strategy: noise is a standard deviation, at least 0, got {self.noise}")

    def real_labels(self, logits: Tensor) -> Tensor:
        """The discriminator's labels for real images, one for each logit."""
        if self.label_low == self.label_high:
            return nnlite.full_like(logits, self.label_low)
        return self.label_low + (self.label_high - self.label_low) * nnlite.rand_like(logits)

    def split(self, *batch: Tensor) -> list[tuple[Tensor, ...]]:
        """Cut the batch into equal shares, one for each discriminator step. Raises ValueError if that is impossible."""
        n, steps = len(batch[0]), self.discriminator_steps
        if n % steps or n < 2 * steps:
            raise ValueError(
                f"train_step: a batch of {n} cannot be cut into {steps} equal shares of two images or more, one per "
                f"discriminator step; use a multiple of {steps}"
            )
        return list(zip(*(tensor.chunk(steps) for tensor in batch), strict=True))


def normalise_spectra(network: nn.Module) -> None:
    """Apply spectral normalisation to every linear and convolutional layer."""
    for layer in list(network.modules()):
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            spectral_norm(layer)


def gradient_norm(parameters: Iterable[nn.Parameter]) -> Tensor:
    """The Euclidean norm of all gradients taken as one vector, 0-d; it is 0 when nothing is learnt any more."""
    return nnlite.stack([p.grad.norm() for p in parameters if p.grad is not None]).norm()


def diversity(images: Tensor) -> Tensor:
    """Mean Euclidean distance between two images of a batch (N, ...), N >= 2, over all pairs; 0-d.

    |a - b|^2 = |a|^2 + |b|^2 - 2 ab, so one matrix product gives all pairs. For an image and itself only a rounding
    error is left, but its square root would not be small: these pairs are left out.
    """
    n, x = len(images), images.detach().flatten(1)
    lengths = (x * x).sum(1)
    squares = (lengths.unsqueeze(1) + lengths.unsqueeze(0) - 2.0 * (x @ x.transpose(0, 1))).clip(0.0)
    pairs = 1.0 - nnlite.eye(n, dtype=x.dtype, device=x.device)
    return (squares.sqrt() * pairs).sum() / (n * (n - 1))
