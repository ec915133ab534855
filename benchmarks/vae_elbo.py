"""The evidence lower bound that the convolutional VAE reaches here and in PyTorch, after equally many steps.

    python -m benchmarks.vae_elbo [--steps N] [--seed S]

Both start from the same weights and see the same batches; each draws its own noise. The defaults are those of
`python -m demos.vae`; the bound is that of the 2,000 held-out digits, in nats an image.
"""

from __future__ import annotations

import os

# PyTorch's idle threads spin and take the cores from everyone: this must be set before its first import.
os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")

from typing import Any

from tqdm import tqdm

import nnlite
from benchmarks.measure import library
from demos.shared.digits import load_digits
from demos.shared.program import run_program
from demos.vae import BATCH, STEPS
from models.vae import VAE
from stylize.console import Parser


def main() -> None:
    parser = Parser(prog="python -m benchmarks.vae_elbo", description="The VAE here and in PyTorch.")
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="fixes weights, batches and noise (%(default)s)")
    arguments = parser.parse_args()
    ours, theirs = compare(library("torch"), arguments.steps, arguments.seed)
    print(f"ELBO after {arguments.steps} steps, nats an image: nnlite {ours:.2f}, PyTorch {theirs:.2f}")
    print(f"nnlite is {100 * (ours - theirs) / abs(theirs):+.2f} % from PyTorch (above 0: nnlite is better)")


def compare(torch: Any, steps: int, seed: int = 0, latent: int = 16) -> tuple[float, float]:
    """The bounds in nnlite and in PyTorch after training both side by side."""
    nnlite.manual_seed(seed)
    torch.manual_seed(seed)
    train, test = load_digits()
    ours = VAE("conv", latent)
    theirs = TorchVAE(torch, latent)
    theirs.copy_weights(ours)
    loader = nnlite.DataLoader([(image,) for image in train.images], BATCH, shuffle=True, seed=seed)
    batches = loader.batches()
    for _ in tqdm(range(steps), desc="training both", unit="step", dynamic_ncols=True):
        (images,) = next(batches)
        ours.train_step(images)
        theirs.train_step(torch.from_numpy(images.numpy()))
    return float(ours.elbo(nnlite.tensor(test.images))), theirs.elbo(torch.from_numpy(test.images))


class TorchVAE:
    """models/vae.py, the convolutional kind with beta = 1, in PyTorch and with PyTorch's distributions."""

    def __init__(self, torch: Any, latent: int):
        nn, self.torch = torch.nn, torch
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(3136, 2 * latent),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(latent, 3136), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1),
        )  # fmt: skip
        self.adam = torch.optim.Adam([*self.encoder.parameters(), *self.decoder.parameters()], 1e-3)

    def copy_weights(self, model: VAE) -> None:
        """Take over the weights of the same network in nnlite."""
        for mine, other in ((self.encoder, model.encoder), (self.decoder, model.decoder)):
            mine.load_state_dict({k: self.torch.tensor(v.numpy()) for k, v in other.state_dict().items()})

    def loss(self, images: Any) -> Any:
        """-ELBO: minus the log-probability of the pixels, and the divergence from N(0, 1)."""
        distributions = self.torch.distributions
        mu, log_var = self.encoder(images).chunk(2, 1)
        posterior = distributions.Normal(mu, (log_var / 2).exp())
        pixels = distributions.Bernoulli(logits=self.decoder(posterior.rsample()), validate_args=False)  # they are grey
        kl = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0))
        return (kl.sum() - pixels.log_prob(images).sum()) / len(images)

    def train_step(self, images: Any) -> float:
        loss = self.loss(images)
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.detach().item()

    def elbo(self, images: Any) -> float:
        with self.torch.no_grad():
            return -self.loss(images).item()


if __name__ == "__main__":
    run_program("vae_elbo", main)
