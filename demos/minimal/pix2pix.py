"""Pix2Pix turns photos into cartoons, taught by pairs of both (Isola et al. 2017).

    python -m demos.minimal.pix2pix

The game of gan.py with a condition: the generator gets a photo, and the discriminator sees it next to the image that
it judges. A second term of the loss, L1, keeps the image near the true cartoon, which `stylize` draws.
"""

from pathlib import Path

import numpy as np

import nnlite
from nnlite import nn, optim
from nnlite.plot import image_grid
from stylize import find_images, read_image, resize_short_side, stylize

PHOTOS = Path(__file__).parents[1] / "assets" / "photos"
PICTURE = Path("runs/minimal/pix2pix.png")
STEPS, BATCH, SIDE, CROP = 600, 4, 192, 96


class Generator(nn.Module):
    """A U-Net (Ronneberger et al. 2015): down to a quarter of the size and up again, with a shortcut at each size."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.LeakyReLU(0.2))
        self.down = nn.Sequential(nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2))
        self.bottom = nn.Sequential(nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2))
        self.up = nn.Sequential(nn.Conv2d(64 + 32, 32, 3, 1, 1), nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2))
        self.last = nn.Sequential(nn.Conv2d(32 + 16, 16, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 3, 3, 1, 1))

    def forward(self, photo):
        full = self.first(photo)
        half = self.down(full)
        up = self.up(nnlite.cat([self.bottom(half), half], 1))
        return photo + self.last(nnlite.cat([up, full], 1))  # only the difference has to be learnt


def load_pairs():
    """Each photo stacked on its cartoon: (18, 6, SIDE, SIDE) between -1 and 1."""
    photos = [resize_short_side(read_image(path), SIDE)[:SIDE, :SIDE] for path in find_images([PHOTOS])]
    pairs = np.stack([np.concatenate([photo, stylize(photo, scale=0.75)], axis=2) for photo in photos])
    return nnlite.tensor(pairs.transpose(0, 3, 1, 2) / np.float32(127.5) - 1)


def main():
    nnlite.manual_seed(0)
    test, train = load_pairs().split([4, 14])
    generator = Generator()
    discriminator = nn.Sequential(  # photo and image (N, 6, 96, 96) -> 23x23 patches: above 0 means real
        nn.Sequential(nn.Conv2d(6, 32, 4, 2, 1), nn.LeakyReLU(0.2)),
        nn.Sequential(nn.Conv2d(32, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.LeakyReLU(0.2)),
        nn.Conv2d(64, 1, 4, 1, 1),
    )
    g_optimizer = optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
    d_optimizer = optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    ones, zeros = nnlite.ones(BATCH, 1, 23, 23), nnlite.zeros(BATCH, 1, 23, 23)
    bce, l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()

    for step in range(1, STEPS + 1):
        y, x = nnlite.randint(SIDE - CROP, (2,)).tolist()
        real = train[nnlite.randint(len(train), (BATCH,))][:, :, y : y + CROP, x : x + CROP]
        photo, cartoon = real.chunk(2, 1)
        generated = generator(photo)
        fake = nnlite.cat([photo, generated], 1)
        d_loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        g_loss = bce(discriminator(fake), ones) + 50 * l1(generated, cartoon)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        if step % 25 == 0:
            print(f"step {step:4}   discriminator {d_loss.item():.3f}   generator {g_loss.item():.3f}")

    photo, cartoon = test.chunk(2, 1)
    generated = generator(photo).detach()
    print(f"Held-out L1: photo {l1(photo, cartoon).item():.3f}, generated {l1(generated, cartoon).item():.3f}")
    columns = [(x / 2 + 0.5).permute(0, 2, 3, 1).numpy() for x in (photo, generated, cartoon)]
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    image_grid(list(zip(*columns, strict=True)), PICTURE, titles=("photo", "generated", "target"), scale=1)
    print(f"Look at {PICTURE}")


if __name__ == "__main__":
    main()
