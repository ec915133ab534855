"""CycleGAN: from one kind of image to another without pairs (Zhu, Park, Isola & Efros 2017).

There are photos x and cartoons y, but no cartoon shows any of the photos. A generator G turns photos into cartoons,
another one, F, turns cartoons into photos, and two discriminators tell generated images from real ones:

    D_Y minimises   1/2 mean [ (D_Y(y) - 1)^2 + D_Y(G(x))^2 ],          D_X the same with x and F(y)
    G, F minimise   mean (D_Y(G(x)) - 1)^2 + mean (D_X(F(y)) - 1)^2                       adversarial
                    + lambda_cycle    ( mean |F(G(x)) - x| + mean |G(F(y)) - y| )         cycle
                    + lambda_identity ( mean |G(y) - y| + mean |F(x) - x| )               identity

The squares are the loss of least-squares GANs (Mao et al. 2017), whose gradient does not vanish for images that D is
sure of. The adversarial term alone would accept any cartoon; the cycle term asks that the photo can be recovered from
it, so G has to keep what the photo shows. The identity term asks G to leave a cartoon as it is, which keeps it from
changing colours without need.
Images are (N, 3, H, W) in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import nnlite
from models.init import init_he
from models.pix2pix import PatchDiscriminator
from models.srgan import ResidualBlock
from models.trainable import Trainable
from models.unet import check_size, gaussian_kernel, local_contrast
from nnlite import CheckpointError, Tensor, nn, optim
from nnlite.nn import functional as F


class ResNetGenerator(nn.Module):
    """Convolutions of stride 2, residual blocks at the lowest resolution, and up again; adds the result to the image.

    width    channels at full resolution (64 in the paper); each level doubles them
    blocks   residual blocks (9 in the paper)
    levels   how often the resolution is halved (2 in the paper)

    The changes to the paper's network bring training down from days to minutes. It learns the difference to the image,
    which is 0 at the start, so there is no tanh at the end. On the way up, pixels are repeated and convolved, which
    leaves no checkerboard (Odena, Dumoulin & Olah 2016). As in StrokeUNet, the first layer also gets the local
    contrast. There is no instance norm, because it makes a colour depend on the rest of the picture; instead the
    initial weights keep the size of the activations (He et al. 2015), with residual branches at a tenth of that.
    Rectifiers are leaky, since some would die. Edges are not mirrored here: `demos/cartoonize/tiles.py` mirrors the
    whole image.
    """

    blur: Tensor

    def __init__(self, width: int = 64, blocks: int = 9, levels: int = 2):
        super().__init__()
        self.multiple = 2**levels
        self.register_buffer("blur", gaussian_kernel(), persistent=False)
        channels = [width * 2**level for level in range(levels + 1)]
        self.layers = nn.Sequential(*_conv_leaky_relu(6, width, 7))
        for shallow, deep in pairwise(channels):
            self.layers.extend(_conv_leaky_relu(shallow, deep, 3, stride=2))
        self.layers.extend(ResidualBlock(channels[-1]) for _ in range(blocks))
        for deep, shallow in pairwise(reversed(channels)):
            self.layers.extend([nn.Upsample(scale_factor=2), *_conv_leaky_relu(deep, shallow, 3)])
        self.last = nn.Conv2d(width, 3, 7, padding=3)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)  # begin with the image itself

    def forward(self, image: Tensor) -> Tensor:
        check_size(type(self).__name__, image, self.multiple)
        with_contrast = nnlite.cat([image, local_contrast(image, self.blur)], 1)
        return image + self.last(self.layers(with_contrast))


class ContrastDiscriminator(nn.Module):
    """Images -> an output for each 34x34 patch, (N, 1, h, w): Pix2Pix's discriminator, which sees local contrast only.

    When there are few photos, the two sides differ in their colours. A discriminator that sees colours notices that
    first, and G turns skies green to please it. In small patches of contrast, photos and drawings differ in style:
    faint texture or none, soft edges or lines. These are shapes, so batch norm may remove how strong the contrast is
    (SRGAN's discriminator needs to know that and has no batch norm).
    """

    blur: Tensor

    def __init__(self, width: int = 64):
        super().__init__()
        self.register_buffer("blur", gaussian_kernel(), persistent=False)
        self.patches = PatchDiscriminator(width, channels=3, strided=2)

    def forward(self, image: Tensor) -> Tensor:
        return self.patches(local_contrast(image, self.blur))


class ImagePool:
    """The last images that a generator made, so that D does not forget what it made before (Shrivastava et al. 2017).

    Until the pool holds `size` images, `query` returns what it is given. After that, half of the images it is given are
    exchanged for older ones, picked at random.
    """

    def __init__(self, size: int = 50):
        self.size, self.device = size, "cpu"
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """Images (N, ...), new ones or old."""
        return nnlite.stack([self._exchange(image) for image in images])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        place = int(nnlite.randint(0, 2 * self.size, (1,)))
        if place >= self.size:
            return image
        old, self.images[place] = self.images[place], image
        return old

    def to(self, device: str) -> ImagePool:
        self.device = device
        self.images = [image.to(device) for image in self.images]
        return self

    def state_dict(self) -> dict[str, Any]:
        return {"images": nnlite.stack(self.images)} if self.images else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if not isinstance(state, Mapping) or not isinstance(images := state.get("images", nnlite.zeros(0)), Tensor):
            raise CheckpointError(f"the state of an image pool must be a tensor of images, got {state!r:.50}")
        if len(images) > self.size or (len(images) and (images.ndim != 4 or images.shape[1] != 3)):
            raise CheckpointError(f"an image pool holds up to {self.size} images (3, H, W), got {images.shape}")
        self.images = [image.to(self.device) for image in images]


class CycleGAN(Trainable):
    """Two generators, two discriminators, and an Adam (betas 0.5 / 0.999) for each of the two kinds.

    drawer, photographer   networks from photo to cartoon and from cartoon to photo: G and F above
    discriminator_width    channels of D_Y and D_X after their first convolution
    lambda_cycle, lambda_identity   10 and 5 in the paper
    generator_lr, discriminator_lr  2e-4 in the paper
    judge                  makes a discriminator of that width
    """

    def __init__(
        self,
        drawer: nn.Module,
        photographer: nn.Module,
        discriminator_width: int = 64,
        lambda_cycle: float = 10.0,
        lambda_identity: float = 5.0,
        generator_lr: float = 2e-4,
        discriminator_lr: float = 2e-4,
        judge: Callable[[int], nn.Module] = ContrastDiscriminator,
    ):
        self.generators = nn.ModuleDict({"drawer": drawer, "photographer": photographer})
        self.discriminators = nn.ModuleDict({name: judge(discriminator_width) for name in ("cartoon", "photo")})
        self.pools = {name: ImagePool() for name in ("cartoon", "photo")}
        self.lambda_cycle, self.lambda_identity = lambda_cycle, lambda_identity
        self.generator_optimizer = optim.Adam(self.generators.parameters(), generator_lr, betas=(0.5, 0.999))
        self.discriminator_optimizer = optim.Adam(
            self.discriminators.parameters(), discriminator_lr, betas=(0.5, 0.999)
        )

    def train_step(self, photo: Tensor, cartoon: Tensor) -> dict[str, Tensor]:
        """One step of all four networks on photos and unrelated cartoons; the losses as detached 0-d Tensors."""
        real = {"cartoon": cartoon, "photo": photo}
        made, losses = self.generator_step(real)
        losses["discriminator"] = self.discriminator_step(real, made)
        return {name: loss.detach() for name, loss in losses.items()}

    def generator_step(self, real: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """One step of G and F; returns the images they made and the three terms of their loss."""
        draw, photograph = self.generators["drawer"], self.generators["photographer"]
        photo, cartoon = real["photo"], real["cartoon"]
        made = {"cartoon": draw(photo), "photo": photograph(cartoon)}
        self.discriminators.requires_grad_(False)  # the gradient passes through them; their own is not needed
        deceived = {kind: least_squares_loss(self.discriminators[kind](made[kind]), 1.0) for kind in made}
        adversarial = deceived["cartoon"] + deceived["photo"]
        cycle = F.l1_loss(photograph(made["cartoon"]), photo) + F.l1_loss(draw(made["photo"]), cartoon)
        identity = F.l1_loss(draw(cartoon), cartoon) + F.l1_loss(photograph(photo), photo)
        self.generator_optimizer.zero_grad()
        (adversarial + self.lambda_cycle * cycle + self.lambda_identity * identity).backward()
        self.generator_optimizer.step()
        self.discriminators.requires_grad_(True)
        return made, {"adversarial": adversarial, "cycle": cycle, "identity": identity}

    def discriminator_step(self, real: dict[str, Tensor], made: dict[str, Tensor]) -> Tensor:
        """One step of D_Y and D_X on real images and generated ones, new and older; returns the sum of their losses."""
        loss = self.discriminator_loss("cartoon", real, made) + self.discriminator_loss("photo", real, made)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        return loss

    def discriminator_loss(self, kind: str, real: dict[str, Tensor], made: dict[str, Tensor]) -> Tensor:
        """1/2 mean [ (D(real) - 1)^2 + D(made)^2 ], with images from the pool among those that were made."""
        judge, fake = self.discriminators[kind], self.pools[kind].query(made[kind].detach())
        return (least_squares_loss(judge(real[kind]), 1.0) + least_squares_loss(judge(fake), 0.0)) * 0.5

    def components(self) -> dict[str, Any]:
        names = ("generators", "discriminators", "generator_optimizer", "discriminator_optimizer")
        pools = {f"{kind}_pool": pool for kind, pool in self.pools.items()}
        return {name: getattr(self, name) for name in names} | pools


def least_squares_loss(output: Tensor, label: float) -> Tensor:
    """mean (output - label)^2 over all patches."""
    return F.mse_loss(output, nnlite.full_like(output, label))


def _conv_leaky_relu(before: int, after: int, size: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(before, after, size, stride, size // 2)
    init_he(conv)
    return [conv, nn.LeakyReLU(0.2)]
