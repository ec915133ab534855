"""An autoencoder squeezes digits into 32 numbers and puts them back together (Hinton & Salakhutdinov 2006).

    python -m demos.minimal.autoencoder

It needs no labels: the target is the input itself. What is learnt is the code in the middle.
"""

from pathlib import Path

import numpy as np

import nnlite
from nnlite import nn, optim
from nnlite.nn import functional as F
from nnlite.plot import image_grid

DIGITS = Path(__file__).parents[1] / "assets" / "digits" / "mnist10k.npz"
PICTURE = Path("runs/minimal/autoencoder.png")
STEPS, BATCH, CODE = 1500, 64, 32


def main():
    nnlite.manual_seed(0)
    with np.load(DIGITS) as file:  # images (N, 1, 28, 28) between 0 (paper) and 1 (ink)
        images = nnlite.tensor(file["images"][:, None] / np.float32(255))
    train, test = images[:8000], images[8000:]

    encoder = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=4, stride=2, padding=1),  # (N, 16, 14, 14)
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, kernel_size=4, stride=2, padding=1),  # (N, 32, 7, 7)
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, CODE),
    )
    decoder = nn.Sequential(  # the same way back
        nn.Linear(CODE, 32 * 7 * 7),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (32, 7, 7)),
        nn.ConvTranspose2d(32, 16, kernel_size=4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(16, 1, kernel_size=4, stride=2, padding=1),
        nn.Sigmoid(),
    )
    autoencoder = nn.Sequential(encoder, decoder)
    optimizer = optim.Adam(autoencoder.parameters(), lr=1e-3)

    for step in range(1, STEPS + 1):
        x = train[nnlite.randint(len(train), (BATCH,))]  # some digits, drawn at random
        loss = F.mse_loss(autoencoder(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step:4}   loss {loss.item():.4f}")

    with nnlite.no_grad():
        output = autoencoder(test)
        error, variance = F.mse_loss(output, test).item(), ((test - train.mean(0)) ** 2).mean().item()
    print(f"Held-out digits: error {error:.4f}; the mean of all digits would leave {variance:.4f}")

    # Each held-out digit, and below it what the decoder made of its 32 numbers.
    before, after = (x[:36].expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy() for x in (test, output))
    rows = [part[i : i + 12] for i in range(0, 36, 12) for part in (before, after)]
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    image_grid(rows, PICTURE)
    print(f"Look at {PICTURE}")


if __name__ == "__main__":
    main()
