"""What is measured: training steps and inference, written once as PyTorch code and run with either library.

`WORKS[name].make(torch, batch, dropout, device)` with `nnlite` or `torch` itself for the argument `torch` returns the
networks by name and a function that does one step and returns its loss. Weights, data and noise are drawn by NumPy from
one seed, so both libraries compute the same as long as there is no dropout.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.painter import painter as painter_network


class Work(NamedTuple):
    """make(torch, batch, dropout, device) -> ({name: network}, step), and the batch sizes measured on either device."""

    title: str
    make: Callable[..., tuple[dict[str, Any], Callable[[], Any]]]
    batches: tuple[int, ...]
    gpu_batches: tuple[int, ...]


def unet(torch: Any, width: int = 64, size: int = 256, dropout: bool = True) -> Any:
    """The generator of Isola et al. 2017: convolutions of stride 2 down to one pixel, and up again with skips."""
    nn = torch.nn

    class Level(nn.Module):
        """One step down, everything deeper, one step up; joined with what came in."""

        def __init__(self, before, channels, deeper, drop):
            super().__init__()
            down = [nn.LeakyReLU(0.2), nn.Conv2d(before, channels, 4, 2, 1, bias=False)]
            up = [nn.ReLU(), nn.ConvTranspose2d(channels * (2 if deeper else 1), before, 4, 2, 1, bias=False)]
            middle = [nn.BatchNorm2d(channels), deeper] if deeper else []
            end = [nn.BatchNorm2d(before)] + ([nn.Dropout(0.5)] if drop else [])
            self.layers = nn.Sequential(*down, *middle, *up, *end)

        def forward(self, x):
            return torch.cat([x, self.layers(x)], 1)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            levels = size.bit_length() - 1
            channels = [width * min(2**i, 8) for i in range(levels)]
            level = None
            for i in reversed(range(1, levels)):
                level = Level(channels[i - 1], channels[i], level, dropout and levels - 4 <= i < levels - 1)
            self.first, self.inner = nn.Conv2d(3, width, 4, 2, 1), level
            self.last = nn.ConvTranspose2d(2 * width, 3, 4, 2, 1)

        def forward(self, x):
            return torch.tanh(self.last(torch.relu(self.inner(self.first(x)))))

    return UNet()


def patch_gan(torch: Any, width: int = 64, strided: int = 3) -> Any:
    """The discriminator of Isola et al. 2017: of 70x70 patches, or with two convolutions of stride 2 of 34x34."""
    nn = torch.nn
    layers = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for number in range(1, strided + 1):
        stride = 2 if number < strided else 1
        layers += [nn.Conv2d(width, 2 * width, 4, stride, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)]
        width *= 2
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 1))


def pix2pix(torch, batch, dropout=True, device="cpu", size=256, width=64):
    """A step of both networks, the L1 term with weight 100, Adam(2e-4, 0.5)."""
    F = torch.nn.functional
    g, d = (_start(torch, net, device) for net in (unet(torch, width, size, dropout), patch_gan(torch, width)))
    photo, cartoon = (_images(torch, seed, (batch, 3, size, size), device) for seed in (1, 2))
    g_adam, d_adam = (torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (g, d))
    bce = F.binary_cross_entropy_with_logits

    def step():
        fake = g(photo)
        d_adam.zero_grad()
        real_logits = d(torch.cat([photo, cartoon], 1))
        fake_logits = d(torch.cat([photo, fake.detach()], 1))
        loss = bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))
        (0.5 * loss).backward()
        d_adam.step()
        g_adam.zero_grad()
        d.requires_grad_(False)
        logits = d(torch.cat([photo, fake], 1))
        loss = bce(logits, torch.ones_like(logits)) + 100.0 * F.l1_loss(fake, cartoon)
        loss.backward()
        g_adam.step()
        d.requires_grad_(True)
        return loss.detach()

    return {"generator": g, "discriminator": d}, step


def painter(torch, batch, dropout=True, device="cpu", size=128, width=32):
    """The step of models.pix2pix.Pix2Pix that teaches the painter, with the weights of demos.cartoonize."""
    F = torch.nn.functional
    g = _start(torch, painter_network(torch, width), device)
    d = _start(torch, patch_gan(torch, 32, strided=2), device)
    average = copy.deepcopy(g)
    photo, cartoon = (_images(torch, seed, (batch, 3, size, size), device) for seed in (1, 2))
    g_adam = torch.optim.Adam(g.parameters(), 1e-3, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(d.parameters(), 2e-4, betas=(0.5, 0.999))

    def bce(logits, label):
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

    def step():
        fake = g(photo)
        d_adam.zero_grad()
        true, false = (d(torch.cat([photo, image], 1)) for image in (cartoon, fake.detach()))
        ((bce(true, 1.0) + bce(false, 0.0)) * 0.5).backward()
        d_adam.step()
        g_adam.zero_grad()
        d.requires_grad_(False)
        difference = fake - cartoon
        down, right = difference[:, :, 1:] - difference[:, :, :-1], difference[..., 1:] - difference[..., :-1]
        loss = bce(d(torch.cat([photo, fake], 1)), 1.0)
        loss = loss + 100.0 * difference.abs().mean() + 400.0 * (down.abs().mean() + right.abs().mean())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(g.parameters(), 100.0)
        g_adam.step()
        d.requires_grad_(True)
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), g.parameters(), strict=True):
                mean.mul_(0.99).add_(weight, alpha=0.01)
        return loss.detach()

    return {"generator": g, "discriminator": d}, step


def inference(torch, batch, dropout=True, device="cpu", size=256, width=64):
    """The U-Net generator in eval mode."""
    g = _start(torch, unet(torch, width, size), device).eval()
    photo = _images(torch, 1, (batch, 3, size, size), device)

    def step():
        with torch.no_grad():
            return g(photo).mean()

    return {"generator": g}, step


def dcgan(torch, batch, dropout=True, device="cpu", size=64, width=64):
    """Radford et al. 2016 at 64x64, as in PyTorch's tutorial: both networks once, real and fake batches apart."""
    nn, F = torch.nn, torch.nn.functional

    def up(a, b):
        return [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]

    def down(a, b):
        return [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]

    w = width
    start = [nn.ConvTranspose2d(100, 8 * w, 4, bias=False), nn.BatchNorm2d(8 * w), nn.ReLU()]
    g = nn.Sequential(
        *start, *up(8 * w, 4 * w), *up(4 * w, 2 * w), *up(2 * w, w), nn.ConvTranspose2d(w, 3, 4, 2, 1), nn.Tanh()
    )
    first = [nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2)]
    d = nn.Sequential(*first, *down(w, 2 * w), *down(2 * w, 4 * w), *down(4 * w, 8 * w), nn.Conv2d(8 * w, 1, 4))
    g, d = (_start(torch, net, device) for net in (g, d))
    real, noise = _images(torch, 1, (batch, 3, size, size), device), _images(torch, 2, (batch, 100, 1, 1), device)
    g_adam, d_adam = (torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (g, d))
    bce = F.binary_cross_entropy_with_logits

    def step():
        fake = g(noise)
        d_adam.zero_grad()
        for images, label in ((real, 1.0), (fake.detach(), 0.0)):
            logits = d(images)
            bce(logits, torch.full_like(logits, label)).backward()
        d_adam.step()
        g_adam.zero_grad()
        logits = d(fake)
        loss = bce(logits, torch.ones_like(logits))
        loss.backward()
        g_adam.step()
        return loss.detach()

    return {"generator": g, "discriminator": d}, step


def vae(torch, batch, dropout=True, device="cpu"):
    """A convolutional VAE for 28x28 (Kingma & Welling 2014), latent size 16."""
    nn, F = torch.nn, torch.nn.functional
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(3136, 32)
    )
    decoder = nn.Sequential(
        nn.Linear(16, 3136), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)), nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1),
    )  # fmt: skip
    encoder, decoder = (_start(torch, net, device) for net in (encoder, decoder))
    digits = _images(torch, 1, (batch, 1, 28, 28), device).sigmoid()
    noise = _images(torch, 2, (batch, 16), device)
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)

    def step():
        code = encoder(digits)
        mu, log_var = code[:, :16], code[:, 16:]
        logits = decoder(mu + (0.5 * log_var).exp() * noise)
        divergence = 0.5 * (mu * mu + log_var.exp() - log_var - 1.0).sum()
        loss = (F.binary_cross_entropy_with_logits(logits, digits, reduction="sum") + divergence) / batch
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.detach()

    return {"encoder": encoder, "decoder": decoder}, step


def lenet(torch, batch, dropout=True, device="cpu"):
    """LeNet-5 (LeCun et al. 1998) with tanh and average pooling, 32x32."""
    nn, F = torch.nn, torch.nn.functional
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
    net = _start(torch, net, device)
    digits = _images(torch, 1, (batch, 1, 32, 32), device)
    classes = torch.tensor(np.random.default_rng(2).integers(0, 10, batch)).to(device)
    adam = torch.optim.Adam(net.parameters(), 1e-3)

    def step():
        loss = F.cross_entropy(net(digits), classes)
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.detach()

    return {"net": net}, step


WORKS = {
    "pix2pix": Work("Pix2Pix 256", pix2pix, (1, 4), (1, 16)),
    "painter": Work("Painter 128", painter, (4,), (4,)),
    "dcgan": Work("DCGAN 64", dcgan, (64,), (128,)),
    "vae": Work("conv VAE 28", vae, (128,), (128,)),
    "lenet": Work("LeNet-5", lenet, (128,), (128,)),
    "inference": Work("U-Net inference 256", inference, (1,), (1,)),
}


def _start(torch, network, device):
    """The network on the device, with weights of the usual size that are the same in either library."""
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for name, p in network.named_parameters():
            if p.ndim > 1 or name.endswith("bias"):  # the other vectors are batch norm's scales, which stay at one
                bound = 0.1 if p.ndim == 1 else math.prod(p.shape[1:]) ** -0.5
                p.copy_(torch.tensor(bound * (2.0 * rng.random(tuple(p.shape), np.float32) - 1.0)))
    return network.to(device)


def _images(torch, seed, shape, device):
    return torch.tensor(np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)).to(device)
