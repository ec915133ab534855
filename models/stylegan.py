"""StyleGAN: a generator that is told at every scale what to draw (Karras, Laine & Aila 2019; Karras et al. 2020).

Other generators see the noise once, at their start. Here a network f maps it to a style w = f(z), and the image grows
from a learnt constant, 4x4, by convolutions that w steers: of maps of 4 pixels a side, then of 8, 16 and 32. So an
image can take the styles of its coarse maps from one w and those of its fine maps from another: style mixing. Training
mixes too, so that no layer relies on what another one was told. What is left to chance, such as where exactly an edge
runs, comes from noise that is added to all maps, by as much as each layer has learnt to want.

How w steers a convolution: the first paper normalises each map of each image (adaptive instance norm), then scales it
as the style says. That norm leaves marks: a layer learns to paint a blob that outweighs the rest of its map, and so
gets round it. Here, as in the second paper, the style scales the weights, and the weights are normalised instead
(`modulated_conv2d`). It is cheaper, too: it needs no statistics of any map.

The discriminator D is that of DCGAN, without batch norm; it also sees how much the images of a batch differ. As in the
papers, its slope at real images is kept small (the R1 penalty of Mescheder et al. 2018):

    R1 = gamma / 2 E |v|^2    v = grad_x D(x), x real

Without these two, all generated images kept one skeleton. The gradient of R1 is a derivative of a derivative, and
nnlite has first derivatives only; but along one direction a difference gives the second, as in models/wgan_gp.py. With
v held fixed,

    dR1/dtheta = gamma E v . dv/dtheta ~ gamma E d/dtheta (D(x + e v) - D(x - e v)) / 2e

For that D has to be smooth: SiLU, x sigmoid(x), takes the place of leaky ReLU, whose slope jumps.

Images are (N, C, size, size) in [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import nnlite
from models.dcgan import Discriminator, feature_map_sides
from models.gan import GAN, ImageGenerator
from models.gan_strategies import Strategy, gradient_norm
from models.init import init_he
from nnlite import Tensor, nn, optim
from nnlite.nn import functional as F

SLOPE = 0.2  # of the leaky rectifiers
GAIN = math.sqrt(2.0 / (1.0 + SLOPE**2))  # makes up for what a leaky rectifier takes
MAPPING_LR = 0.01  # the mapping network's learning rate, as a share of the others'
DISTANCE = 0.1  # mean length of e v; that of an image is about 30
MEMORY = 0.995  # share of the mean style that stays after a step

Styles = Sequence[Tensor]  # a w (N, latent) for each styled layer, from coarse to fine


def modulated_conv2d(input: Tensor, weight: Tensor, scales: Tensor, gain: float = 1.0) -> Tensor:
    """A convolution with weights of its own for each image: scaled by s for each input channel, then to length `gain`.

        w'[n, o, c, u, v] = s[n, c] weight[o, c, u, v]
        w''[n, o] = gain w'[n, o] / sqrt(sum of w'[n, o]^2 + 1e-8)        the demodulation

    From independent inputs with variance 1 come outputs with variance gain^2, whatever s is. Convolution is linear, so
    scaling its input by s and its output by gain / sqrt(...) does the same, with one weight for all images.

    input (N, C, H, W), weight (O, C, k, k) with odd k, scales (N, C) -> (N, O, H, W). Karras et al. 2020.
    """
    scales = scales.unsqueeze(-1).unsqueeze(-1)
    energy = F.conv2d(scales * scales, (weight * weight).sum((2, 3), keepdim=True))  # (N, O, 1, 1)
    return F.conv2d(input * scales, weight, padding=weight.shape[-1] // 2) * (gain * (energy + 1e-8).rsqrt())


class StyledLayer(nn.Module):
    """y = leaky(modulated convolution of x + strength * noise + bias); with `up`, x is first made twice as large.

    A linear layer makes the scales of a style w (N, latent); they start with this `mean` and deviation 1. The noise
    (N or 1, 1, H, W) is the same for all channels.
    """

    def __init__(self, before: int, after: int, latent: int, up: bool = False, mean: float = 1.0):
        super().__init__()
        self.up = up
        self.scales = scales_of(latent, before, mean)
        self.weight = nn.Parameter(nnlite.randn(after, before, 3, 3) / math.sqrt(9 * before))
        self.strength, self.bias = nn.Parameter(nnlite.zeros(1)), nn.Parameter(nnlite.zeros(1, after, 1, 1))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2) if self.up else x
        y = modulated_conv2d(x, self.weight, self.scales(w), GAIN)
        return F.leaky_relu(y + (self.strength * noise + self.bias), SLOPE)


class StyleGenerator(ImageGenerator):
    """Noise z (N, latent) -> images (N, channels, size, size).

    size     28, 32 or 64; raises ValueError for others
    latent   numbers in z, and in w
    width    channels of the largest and second largest maps; each smaller size has twice as many
    depth    layers of the mapping network (8 in the paper)
    mixing   while training, the share of images whose finer layers take their styles from a second w

    `sides` are those of the maps of its styled layers, from coarse to fine: one layer at the smallest side and two at
    each larger one, where the second at the largest makes the image. `mean_style` is the running mean of w.
    """

    mean_style: Tensor

    def __init__(
        self, size: int = 32, channels: int = 1, latent: int = 64, width: int = 16, depth: int = 3, mixing: float = 0.5
    ):
        super().__init__()
        sides = feature_map_sides(size)
        hidden = [width * 2**i for i in reversed(range(len(sides) - 1))]
        self.latent, self.mixing = latent, mixing
        self.sides = [sides[0], *(side for side in sides[1:] for _ in range(2))]
        mapping = [layer for _ in range(depth) for layer in (nn.Linear(latent, latent), nn.LeakyReLU(SLOPE))]
        self.mapping = nn.Sequential(*mapping)
        init_he(self.mapping, SLOPE)
        self.register_buffer("mean_style", nnlite.zeros(latent))
        self.constant = nn.Parameter(nnlite.randn(1, hidden[0], sides[0], sides[0]))
        # Scales around 0 make what is left of the constant differ from image to image right from the start.
        self.styled = nn.ModuleList([StyledLayer(hidden[0], hidden[0], latent, mean=0.0)])
        for before, after in pairwise(hidden):
            self.styled.extend([StyledLayer(before, after, latent, up=True), StyledLayer(after, after, latent)])
        self.styled.append(StyledLayer(width, width, latent, up=True))
        self.image_scales = scales_of(latent, width)
        self.to_image = nn.Conv2d(width, channels, 1)

    def forward(self, noise: Tensor) -> Tensor:
        w = self.style(noise)
        styles: Styles = [w] * len(self.sides)
        if self.training:
            with nnlite.no_grad():
                self.mean_style.lerp_(w.mean(0), 1.0 - MEMORY)
            styles = self.mix_at_random(styles)
        return self.synthesize(styles)

    def style(self, noise: Tensor) -> Tensor:
        """w = f(z), both (N, latent); z is first scaled to mean square 1."""
        return self.mapping(noise * ((noise * noise).mean(1, keepdim=True) + 1e-8).rsqrt())

    def synthesize(self, styles: Styles, noise: Sequence[Tensor] | None = None) -> Tensor:
        """The images (N, channels, size, size) with these styles.

        noise   the maps that are added, as `draw_maps` returns them; new ones by default
        """
        n = len(styles[0])
        x = self.constant.expand(n, -1, -1, -1)
        for layer, w, map in zip(self.styled, styles[:-1], noise or self.draw_maps(n), strict=True):
            x = layer(x, w, map)
        scales = self.image_scales(styles[-1]).unsqueeze(-1).unsqueeze(-1)  # without demodulation: contrast is a style
        return self.to_image(x * scales).tanh()

    def draw_maps(self, n: int = 1) -> list[Tensor]:
        """Noise (n, 1, side, side) from N(0, 1) for each convolution; with n = 1 all images get the same."""
        return [nnlite.randn(n, 1, side, side, device=self.constant.device) for side in self.sides[:-1]]

    def mix_at_random(self, styles: Styles) -> Styles:
        """Style mixing: a share `mixing` of the images takes its styles from a second w, from some layer on."""
        n, layers = len(styles[0]), len(styles)
        other = self.style(nnlite.randn_like(styles[0]))
        first = nnlite.randint(1, layers, (n, 1), device=other.device)  # the first layer that sees it
        first = nnlite.where(nnlite.rand(n, 1, device=other.device) < self.mixing, first, layers)
        return [nnlite.where(first <= i, other, w) for i, w in enumerate(styles)]

    def mix(self, coarse: Tensor, fine: Tensor, side: int) -> Styles:
        """Styles that are `coarse` for maps smaller than `side` and `fine` from there on; both are w (N, latent)."""
        return [coarse if mine < side else fine for mine in self.sides]

    def truncate(self, w: Tensor, psi: float) -> Tensor:
        """mean + psi (w - mean): psi below 1 gives up variety for typical images, and 0 the image of the mean style."""
        return self.mean_style + psi * (w - self.mean_style)


class BatchDeviation(nn.Module):
    """One more channel: how much the images of the batch differ, mean over all values of their deviation.

    Images of which all are alike give themselves away (Karras et al. 2018, after Salimans et al. 2016).
    """

    def forward(self, x: Tensor) -> Tensor:
        away = x - x.mean(0, keepdim=True)
        deviation = ((away * away).mean(0) + 1e-8).sqrt().mean()
        return nnlite.cat([x, deviation * nnlite.ones_like(x[:, :1])], 1)


class SmoothDiscriminator(Discriminator):
    """The discriminator of DCGAN with SiLU, and BatchDeviation before its last layer in place of batch norm."""

    def __init__(self, size: int = 32, channels: int = 1, width: int = 16):
        super().__init__(size, channels, width, batch_norm=False)
        *before, _, flatten = (nn.SiLU() if isinstance(layer, nn.LeakyReLU) else layer for layer in self.layers)
        sides = feature_map_sides(size)
        last = nn.Conv2d(width * 2 ** (len(sides) - 2) + 1, 1, sides[0])
        self.layers = nn.Sequential(*before, BatchDeviation(), last, flatten)
        init_he(self)


class StyleGAN(GAN):
    """The GAN of models/gan.py with the generator and the discriminator above, and the penalty R1.

    size, channels, latent, width   as StyleGenerator has them; the discriminator's first layer has `width` channels
    lr                              of the discriminator; the generator's is twice as much, to keep up with it
    gamma                           weight of the penalty
    """

    generator: StyleGenerator

    def __init__(
        self,
        size: int = 32,
        channels: int = 1,
        latent: int = 64,
        width: int = 16,
        strategy: Strategy | None = None,
        lr: float = 1e-3,
        gamma: float = 1.0,
    ):
        generator = StyleGenerator(size, channels, latent, width)
        super().__init__(generator, SmoothDiscriminator(size, channels, width), strategy, lr)
        self.gamma = gamma
        others = [p for name, p in generator.named_parameters() if not name.startswith("mapping.")]
        groups = [{"params": others}, {"params": generator.mapping.parameters(), "lr": 2.0 * MAPPING_LR * lr}]
        self.generator_optimizer = optim.Adam(groups, 2.0 * lr, betas=(0.5, 0.999))

    def discriminator_step(self, images: Tensor, *labels: Tensor) -> dict[str, Tensor]:
        """That of GAN, with the gradient of R1 added. One more figure: the mean slope |v|."""
        with nnlite.no_grad():
            generated = self.generator(self.draw_noise(len(images)))
        slope, change = slope_at(self.discriminator, images)
        on_real = self.discriminator(self.add_noise(images))
        on_fake = self.discriminator(self.add_noise(generated))
        loss = self.discriminator_loss(on_real, on_fake)
        self.discriminator_optimizer.zero_grad()
        (loss + self.gamma * change.mean()).backward()  # it has not the value of R1, but its gradient
        self.discriminator_optimizer.step()
        gradient = gradient_norm(self.discriminator.parameters())
        figures = {"discriminator": loss, "slope": slope.mean(), "discriminator_gradient": gradient}
        return figures | self.mean_outputs(on_real, on_fake)


def slope_at(discriminator: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """|v| at each image (N, 1), and v . grad D (N, 1) as a difference, whose gradient for the weights is recorded."""
    x = images.detach().requires_grad_(True)
    discriminator.requires_grad_(False)  # their gradients are not needed here
    discriminator(x).sum().backward()
    discriminator.requires_grad_(True)
    slope = (x.grad * x.grad).sum((1, 2, 3)).sqrt()
    e = DISTANCE / (slope.mean() + 1e-12)
    difference = discriminator(images + e * x.grad) - discriminator(images - e * x.grad)
    return slope.unsqueeze(1), difference / (2.0 * e)


def scales_of(latent: int, channels: int, mean: float = 1.0) -> nn.Linear:
    """The learnt map from a style (N, latent) to scales (N, channels), which start with this mean and deviation 1."""
    layer = nn.Linear(latent, channels)
    nn.init.normal_(layer.weight, 0.0, latent**-0.5)
    layer.bias = nn.Parameter(nnlite.full((channels,), mean))
    return layer
