"""DCGAN: the two networks of a GAN become convolutional (Radford, Metz & Chintala 2016).

    python -m demos.minimal.dcgan

The training is that of gan.py. But the generator now grows an image from 7x7 to 28x28, neighbouring pixels together,
which leaves no specks; the discriminator shrinks it in the same way. Batch norm keeps both in balance.
"""

from pathlib import Path

import numpy as np

import nnlite
from nnlite import nn, optim
from nnlite.plot import image_grid

DIGITS = Path(__file__).parents[1] / "assets" / "digits" / "mnist10k.npz"
PICTURE = Path("runs/minimal/dcgan.png")
STEPS, BATCH, NOISE = 2000, 32, 32


def main():
    nnlite.manual_seed(0)
    with np.load(DIGITS) as file:  # images (N, 1, 28, 28) between -1 (paper) and 1 (ink)
        images = nnlite.tensor(file["images"][:, None] / np.float32(127.5) - 1)

    generator = nn.Sequential(  # noise (N, 32, 1, 1) -> images
        nn.ConvTranspose2d(NOISE, 64, kernel_size=7, bias=False),  # (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1, bias=False),  # (N, 32, 14, 14)
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(  # images -> one number each (N, 1): above 0 means real
        nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1),  # (N, 32, 14, 14)
        nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1, bias=False),  # (N, 64, 7, 7)
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, kernel_size=7),
        nn.Flatten(),
    )
    g_optimizer = optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    d_optimizer = optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    ones, zeros = nnlite.ones(BATCH, 1), nnlite.zeros(BATCH, 1)
    bce = nn.BCEWithLogitsLoss()

    for step in range(1, STEPS + 1):
        real = images[nnlite.randint(len(images), (BATCH,))]
        fake = generator(nnlite.randn(BATCH, NOISE, 1, 1))

        d_loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        g_loss = bce(discriminator(fake), ones)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        if step % 100 == 0:
            print(f"step {step:4}   discriminator {d_loss.item():.3f}   generator {g_loss.item():.3f}")

    generator.eval()
    with nnlite.no_grad():
        fake = generator(nnlite.randn(96, NOISE, 1, 1))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    pictures = (fake / 2 + 0.5).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    image_grid(pictures.reshape(8, 12, 28, 28, 3), PICTURE)
    print(f"Look at {PICTURE}")


if __name__ == "__main__":
    main()
