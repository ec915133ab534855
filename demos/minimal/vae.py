"""A variational autoencoder: any point of its plane of codes is a digit (Kingma & Welling 2014).

    python -m demos.minimal.vae

The encoder answers with a cloud N(mu, sigma^2) of codes instead of a single one, and the decoder must make the digit
from any code in the cloud. A second term of the loss, KL(N(mu, sigma^2) || N(0, 1)), keeps all clouds together around
0, so that a code drawn from N(0, 1) is one that the decoder knows.
"""

from pathlib import Path
from statistics import NormalDist

import numpy as np

import nnlite
from nnlite import nn, optim
from nnlite.nn import functional as F
from nnlite.plot import image_grid

DIGITS = Path(__file__).parents[1] / "assets" / "digits" / "mnist10k.npz"
PICTURE = Path("runs/minimal/vae.png")
STEPS, BATCH = 4000, 128


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 100), nn.ReLU(), nn.Linear(100, 4)
        )
        self.decoder = nn.Sequential(
            nn.Linear(2, 100),
            nn.ReLU(),
            nn.Linear(100, 400),
            nn.ReLU(),
            nn.Linear(400, 784),
            nn.Unflatten(1, (1, 28, 28)),
        )

    def loss(self, x):
        """Minus the evidence lower bound of log p(x): sums over pixels and codes, the mean over digits, in nats."""
        mu, log_var = self.encoder(x).chunk(2, 1)
        code = mu + (log_var / 2).exp() * nnlite.randn_like(mu)
        reconstruction = F.binary_cross_entropy_with_logits(self.decoder(code), x, reduction="sum") / len(x)
        kl = (mu**2 + log_var.exp() - log_var - 1).sum() / 2 / len(x)
        return reconstruction + kl


def main():
    nnlite.manual_seed(0)
    with np.load(DIGITS) as file:  # images (N, 1, 28, 28) between 0 (paper) and 1 (ink)
        images = nnlite.tensor(file["images"][:, None] / np.float32(255))
    train, test = images[:8000], images[8000:]
    model = VAE()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    for step in range(1, STEPS + 1):
        loss = model.loss(train[nnlite.randint(len(train), (BATCH,))])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step:4}   loss {loss.item():.1f}")

    with nnlite.no_grad():
        print(f"Held-out digits: {model.loss(test).item():.1f} nats each")

        # The plane of codes, cut into squares that N(0, 1) falls into equally often.
        ticks = [NormalDist().inv_cdf((i + 0.5) / 16) for i in range(16)]
        codes = nnlite.tensor([[x, -y] for y in ticks for x in ticks])
        plane = model.decoder(codes).sigmoid().expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    image_grid(plane.reshape(16, 16, 28, 28, 3), PICTURE)
    print(f"Look at {PICTURE}")


if __name__ == "__main__":
    main()
