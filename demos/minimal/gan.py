"""A generative adversarial network makes up digits (Goodfellow et al. 2014).

    python -m demos.minimal.gan

Two networks play against each other. The generator makes images out of noise; the discriminator says whether an image
is real. Each learns from the other's success.
"""

from pathlib import Path

import numpy as np

import nnlite
from nnlite import nn, optim
from nnlite.plot import image_grid

DIGITS = Path(__file__).parents[1] / "assets" / "digits" / "mnist10k.npz"
PICTURE = Path("runs/minimal/gan.png")
STEPS, BATCH, NOISE = 4000, 64, 32


def main():
    nnlite.manual_seed(0)
    with np.load(DIGITS) as file:  # images (N, 1, 28, 28) between -1 (paper) and 1 (ink)
        images = nnlite.tensor(file["images"][:, None] / np.float32(127.5) - 1)
    train, test = images[:8000], images[8000:]

    generator = nn.Sequential(  # noise (N, 32) -> images
        nn.Linear(NOISE, 256),
        nn.BatchNorm1d(256),
        nn.ReLU(),
        nn.Linear(256, 512),
        nn.BatchNorm1d(512),
        nn.ReLU(),
        nn.Linear(512, 28 * 28),
        nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )
    discriminator = nn.Sequential(  # images -> one number each (N, 1): above 0 means real
        nn.Flatten(),
        nn.Linear(28 * 28, 512),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.1),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.1),
        nn.Linear(256, 1),
    )
    g_optimizer = optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.999))
    d_optimizer = optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
    ones, zeros = nnlite.ones(BATCH, 1), nnlite.zeros(BATCH, 1)
    bce = nn.BCEWithLogitsLoss()

    for step in range(1, STEPS + 1):
        real = train[nnlite.randint(len(train), (BATCH,))]
        fake = generator(nnlite.randn(BATCH, NOISE))

        # The discriminator learns to tell the two apart; detach() leaves the generator out of this. A target of 0.9 for
        # what is real keeps it from becoming too sure of itself (Salimans et al. 2016).
        d_loss = bce(discriminator(real), 0.9 * ones) + bce(discriminator(fake.detach()), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        # The generator learns to make images that the discriminator takes for real.
        g_loss = bce(discriminator(fake), ones)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        if step % 200 == 0:
            print(f"step {step:4}   discriminator {d_loss.item():.3f}   generator {g_loss.item():.3f}")

    generator.eval()
    discriminator.eval()
    with nnlite.no_grad():
        fake = generator(nnlite.randn(2000, NOISE))
        taken = [(discriminator(x) > 0).float().mean().item() for x in (test, fake)]
    print(f"The discriminator takes {taken[0]:.0%} of held-out digits for real, and {taken[1]:.0%} of the fakes")

    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    pictures = (fake[:96] / 2 + 0.5).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    image_grid(pictures.reshape(8, 12, 28, 28, 3), PICTURE)
    print(f"Look at {PICTURE}")


if __name__ == "__main__":
    main()
