"""Wasserstein GAN with a gradient penalty (Gulrajani et al. 2017).

Clipped weights bound the slope of the critic f, but leave it little to say: most weights end at -c or c. The best
critic has a gradient of length 1 almost everywhere between real and generated images: this is asked for directly.

    P = lambda (|g| - 1)^2      g = grad_x f(x)      x = t real + (1 - t) generated, t uniform in [0, 1]
    f minimises   mean f(G(z)) - mean f(x) + mean P

The step needs dP/dtheta, the derivative of a derivative, and nnlite has first derivatives only. But by the chain rule
a derivative along one single direction is enough. With u = g / |g|, held fixed,

    dP/dtheta = v . dg/dtheta             v = dP/dg = 2 lambda (|g| - 1) u
              = 2 lambda (|g| - 1)  d/dtheta (u . grad_x f(x))
              ~ 2 lambda (|g| - 1)  d/dtheta (f(x + e u) - f(x - e u)) / 2e

u . grad_x f is the slope of f along u, and a slope is measured with two points. So two ordinary forward passes and a
backward pass give the gradient of the penalty. v itself could be the direction, with a step of e / |v|; that is the
same formula.

The distance e: too large a step bends with f (the error grows as e^2), too small a one drowns in rounding (as 1 / e).
Here it is the length of the step in all pixels together, of images in [-1, 1] whose length is around 20. Errors of the
whole gradient, relative, for SmoothCritic on noisy digits; the truth is PyTorch's double backward in float64:

    e           10       1        .1       .01      .001     PyTorch's double backward in float32
    float32     2e-2     2e-4     1e-5     9e-5     9e-4     7e-7
    float64     2e-2     2e-4     2e-6     2e-8     2e-10

So e = .1. With a critic of leaky ReLUs the same error is 1.3 to 16, in float64 too, and no e helps: its gradient g
jumps at the kinks, double backward does not see these jumps, and a difference sees each one that lies on its way,
divided by 2e. So SmoothCritic has SiLU, x sigmoid(x), in their place.

Why no closed form: for a critic of leaky ReLUs g is a product of weights and masks, and its derivative could be written
by hand, but only for that one critic; a layer norm or a tanh more, and it is another page. A general one is what the
backward passes of all operations would have to be recorded for.

The penalty is a matter of one image, so the critic must not use batch norm, which makes f(x) depend on the other
images. It can have none, as here, or a layer norm (nn.GroupNorm(1, channels)) or an instance norm.
"""

from __future__ import annotations

import nnlite
from models.dcgan import Discriminator
from models.gan import ImageGenerator
from models.gan_strategies import Strategy, gradient_norm
from models.wgan import Wasserstein
from nnlite import Tensor, nn, optim

DISTANCE = 0.1  # e


class SmoothCritic(Discriminator):
    """The discriminator of models/dcgan.py without batch norm, and with SiLU, whose derivative has no jumps."""

    def __init__(self, size: int = 28, channels: int = 1, width: int = 32):
        super().__init__(size, channels, width, batch_norm=False)
        for i, layer in enumerate(self.layers):
            if isinstance(layer, nn.LeakyReLU):
                self.layers[i] = nn.SiLU()


class WGANGP(Wasserstein):
    """Generator, critic and their two optimisers, Adam(lr, betas 0 / 0.9).

    weight   lambda; the defaults are the paper's: lr 1e-4, weight 10, five steps of the critic

    Raises ValueError unless weight > 0, and for a critic with batch norm.
    """

    def __init__(
        self,
        generator: ImageGenerator,
        discriminator: nn.Module,
        strategy: Strategy | None = None,
        lr: float = 1e-4,
        weight: float = 10.0,
    ):
        if not weight > 0.0:
            raise ValueError(f"WGANGP: weight must be above 0, got {weight}")
        if any(isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)) for layer in discriminator.modules()):
            raise ValueError(
                "WGANGP: the critic has batch norm, which ties the images of a batch together, and the penalty is on "
                "the slope at each one; use no norm, nn.GroupNorm(1, channels) or nn.InstanceNorm2d"
            )
        super().__init__(generator, discriminator, strategy or Strategy(discriminator_steps=5), lr)
        self.weight = weight
        self.generator_optimizer = optim.Adam(generator.parameters(), lr, betas=(0.0, 0.9))
        self.discriminator_optimizer = optim.Adam(discriminator.parameters(), lr, betas=(0.0, 0.9))

    def discriminator_step(self, images: Tensor, *labels: Tensor) -> dict[str, Tensor]:
        """One step of the critic with the penalty. Two more figures: the penalty, and the mean slope |g|."""
        with nnlite.no_grad():
            generated = self.generator(self.draw_noise(len(images)), *labels)
        images, generated = self.add_noise(images), self.add_noise(generated)
        t = nnlite.rand(len(images), 1, 1, 1, dtype=images.dtype, device=images.device)
        between = generated + t * (images - generated)
        slope, direction = steepest(self.discriminator, between)
        error = slope - 1.0
        on_real, on_fake = self.discriminator(images), self.discriminator(generated)
        loss = self.discriminator_loss(on_real, on_fake)
        stand_in = (2.0 * self.weight * error * slope_along(self.discriminator, between, direction)).mean()
        self.discriminator_optimizer.zero_grad()
        (loss + stand_in).backward()  # the value of stand_in is not the penalty's, its gradient is
        self.discriminator_optimizer.step()
        gradient = gradient_norm(self.discriminator.parameters())
        penalty = self.weight * (error * error).mean()
        figures = {"discriminator": loss, "penalty": penalty, "slope": slope.mean(), "discriminator_gradient": gradient}
        return figures | self.mean_outputs(on_real, on_fake)


def steepest(critic: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """How steep the critic is at each image, |g| (N, 1), and in which direction, u = g / |g| (N, C, H, W)."""
    x = images.detach().requires_grad_(True)
    critic.requires_grad_(False)  # the gradient that its parameters have now is kept
    critic(x).sum().backward()
    critic.requires_grad_(True)
    slope = (x.grad * x.grad).sum((1, 2, 3), keepdim=True).sqrt()
    return slope.flatten(1), x.grad / slope.clip(1e-12)


def slope_along(critic: nn.Module, images: Tensor, direction: Tensor, distance: float = DISTANCE) -> Tensor:
    """(f(x + e u) - f(x - e u)) / 2e for each image, (N, 1); its gradient with respect to the weights is recorded."""
    step = distance * direction
    ahead, behind = critic(nnlite.cat([images + step, images - step])).chunk(2)
    return (ahead - behind) / (2.0 * distance)
