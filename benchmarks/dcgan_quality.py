"""The Frechet distance that the DCGAN reaches here and in PyTorch, after equally many steps.

    python -m benchmarks.dcgan_quality [--steps N] [--seeds N]

For each seed both start from the same weights and see the same batches; each draws its own noise. The defaults are
those of `python -m demos.dcgan`; distances are those of its figures: 2,000 samples against 2,000 held-out digits.
"""

from __future__ import annotations

import os

# PyTorch's idle threads spin and take the cores from everyone: this must be set before its first import.
os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")

from typing import Any

import numpy as np
from tqdm import tqdm

import nnlite
from benchmarks.measure import library
from demos.dcgan import BATCH, LATENT, LR, STEPS, WIDTH
from demos.shared.digits import load_digits
from demos.shared.gans import digit_images, judge_digits
from demos.shared.program import run_program
from demos.shared.run import hold_then_fall
from models.dcgan import DCGAN
from stylize.console import Parser


def main() -> None:
    parser = Parser(prog="python -m benchmarks.dcgan_quality", description="The DCGAN here and in PyTorch.")
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0 to N - 1 (%(default)s)")
    arguments = parser.parse_args()
    torch = library("torch")
    distances = []
    for seed in range(arguments.seeds):
        ours, theirs = compare(torch, arguments.steps, seed)
        distances.append((ours["frechet_distance"], theirs["frechet_distance"]))
        for name, figures in (("nnlite", ours), ("PyTorch", theirs)):
            print(
                f"seed {seed}  {name:8}  Frechet distance {figures['frechet_distance']:.3f}  inception score "
                f"{figures['inception_score']:.2f}  digits present {figures['digits_present']}",
                flush=True,
            )
    ours, theirs = np.mean(distances, axis=0)
    print(f"mean Frechet distance after {arguments.steps} steps: nnlite {ours:.3f}, PyTorch {theirs:.3f}")
    print(f"ratio {ours / theirs:.3f} (below 1: nnlite is better)")


def compare(torch: Any, steps: int, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of both after training them side by side."""
    nnlite.manual_seed(seed)
    torch.manual_seed(seed)
    ours = DCGAN(28, 1, LATENT, WIDTH, lr=LR)
    theirs = TorchDCGAN(torch, LATENT, WIDTH)
    theirs.copy_weights(ours)
    images = digit_images(load_digits()[0])
    loader = nnlite.DataLoader(list(zip(images, strict=True)), BATCH, shuffle=True, drop_last=True, seed=seed)
    batches, rates = loader.batches(), hold_then_fall(ours, steps)
    for _ in tqdm(range(steps), desc=f"training both, seed {seed}", unit="step", dynamic_ncols=True):
        (batch,) = next(batches)
        ours.train_step(batch)
        theirs.train_step(torch.from_numpy(batch.numpy()), rates[0].get_last_lr()[0])
        for rate in rates:
            rate.step()
    return judge_digits(ours.sample, "cpu"), judge_digits(theirs.sample, "cpu")


class TorchDCGAN:
    """models/dcgan.py at 28x28 in PyTorch, with the names of its state_dict and the plain strategy."""

    def __init__(self, torch: Any, latent: int, width: int):
        nn, self.torch, self.latent = torch.nn, torch, latent

        class Layers(nn.Module):
            def __init__(self, *layers):
                super().__init__()
                self.layers = nn.Sequential(*layers)

            def forward(self, x):
                return self.layers(x)

        self.generator = Layers(
            nn.Unflatten(1, (latent, 1, 1)),
            nn.ConvTranspose2d(latent, 2 * width, 7, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1),
            nn.Tanh(),
        )
        self.discriminator = Layers(
            nn.Conv2d(1, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 7),
            nn.Flatten(),
        )
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), betas=(0.5, 0.999))
        self.discriminator_adam = torch.optim.Adam(self.discriminator.parameters(), betas=(0.5, 0.999))

    def copy_weights(self, ours: DCGAN) -> None:
        """Start from the weights of the other."""
        for name in ("generator", "discriminator"):
            state = {key: self.torch.tensor(value.numpy()) for key, value in getattr(ours, name).state_dict().items()}
            getattr(self, name).load_state_dict(state)

    def train_step(self, images: Any, lr: float) -> None:
        """One step of both networks, as in models/gan.py, with this learning rate."""
        self.generator_adam.param_groups[0]["lr"] = self.discriminator_adam.param_groups[0]["lr"] = lr
        torch, bce = self.torch, self.torch.nn.functional.binary_cross_entropy_with_logits
        with torch.no_grad():
            generated = self.generator(torch.randn(len(images), self.latent))
        on_real, on_fake = self.discriminator(images), self.discriminator(generated)
        self.discriminator_adam.zero_grad()
        (bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake))).backward()
        self.discriminator_adam.step()
        self.discriminator.requires_grad_(False)
        on_fake = self.discriminator(self.generator(torch.randn(len(images), self.latent)))
        self.generator_adam.zero_grad()
        bce(on_fake, torch.ones_like(on_fake)).backward()
        self.generator_adam.step()
        self.discriminator.requires_grad_(True)

    def sample(self, n: int) -> nnlite.Tensor:
        """n images, as Tensors of nnlite for its judge."""
        with self.torch.no_grad():
            images = self.generator.eval()(self.torch.randn(n, self.latent))
        self.generator.train()
        return nnlite.tensor(images.numpy())


if __name__ == "__main__":
    run_program("dcgan_quality", main)
